// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Want of memory by cgroup: how long its tasks had to free memory before they got some, how much they freed, and which
 * processes of it the kernel killed.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "histogram.bpf.h"
#include "times.bpf.h"

#define CGROUP_MAX 2048
#define DECADES 8 /* up to 10 us, 100 us, … 100 s */
#define SIGKILL 9
#define SENT_BY_KERNEL 1 /* SEND_SIG_PRIV, in the place of the signal's details */

/* As in the YAML. */
enum reclaim_reason {
	RECLAIM_REASON_LIMIT,
	RECLAIM_REASON_MACHINE,
	RECLAIM_REASON_COUNT,
};

struct reclaim_key {
	u64 cgroup;
	u64 reason;
};

struct reclaim_row {
	u64 slots[DECADES + 1]; /* the sum is the last */
};

static const struct reclaim_row no_reclaims;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, CGROUP_MAX);
	__type(key, struct reclaim_key);
	__type(value, struct reclaim_row);
} cgroup_reclaim_latency_seconds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct reclaim_row);
} cgroup_reclaim_latency_overflow SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, CGROUP_MAX);
	__type(key, struct reclaim_key);
	__type(value, u64);
} cgroup_reclaimed_pages_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} cgroup_reclaimed_pages_overflow SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, CGROUP_MAX);
	__type(key, u64);
	__type(value, u64);
} cgroup_oom_kills_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} cgroup_oom_kills_overflow SEC(".maps");

/* Reclaims that were not measured because too many threads with like ids were at it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} cgroup_reclaim_unmeasured_total SEC(".maps");

/* Threads that reclaim. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, THREAD_TIME_SETS);
	__type(key, u32);
	__type(value, struct time_set);
} reclaiming SEC(".maps");

/* Whom the kernel sent a SIGKILL last. */
struct victim {
	u64 cgroup;
	u32 pid;
	u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct victim);
} last_victim SEC(".maps");

static __always_inline int begin_reclaim(void)
{
	u32 zero = 0;

	if (!begin_time(&reclaiming, THREAD_TIME_SETS, (u32)bpf_get_current_pid_tgid(),
			bpf_ktime_get_ns(), 0))
		increment_map(&cgroup_reclaim_unmeasured_total, &zero, 1);
	return 0;
}

static __always_inline u32 decade_of(u64 took_us)
{
	u64 bound = 10;
	u32 decade = 0;

#pragma unroll
	for (u32 i = 0; i < DECADES - 1; i++) {
		decade += took_us > bound;
		bound *= 10;
	}
	return decade;
}

static __always_inline int end_reclaim(u64 reason, u64 pages)
{
	struct reclaim_key key = { .cgroup = bpf_get_current_cgroup_id(), .reason = reason };
	struct reclaim_row *row;
	struct time_since began;
	u64 took_us;
	u32 decade;

	if (!end_time(&reclaiming, THREAD_TIME_SETS, (u32)bpf_get_current_pid_tgid(), &began))
		return 0;
	took_us = microseconds(began.since, bpf_ktime_get_ns());
	add_or_overflow(&cgroup_reclaimed_pages_total, &key, pages,
			&cgroup_reclaimed_pages_overflow, 0);
	row = lookup_or_overflow(&cgroup_reclaim_latency_seconds, &key, &no_reclaims,
				 &cgroup_reclaim_latency_overflow);
	if (!row)
		return 0;
	decade = decade_of(took_us);
	if (decade < DECADES)
		__sync_fetch_and_add(&row->slots[decade], 1);
	__sync_fetch_and_add(&row->slots[DECADES], took_us);
	return 0;
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_begin")
int BPF_PROG(limit_begin)
{
	return begin_reclaim();
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_end")
int BPF_PROG(limit_end, u64 pages)
{
	return end_reclaim(RECLAIM_REASON_LIMIT, pages);
}

SEC("tp_btf/mm_vmscan_direct_reclaim_begin")
int BPF_PROG(machine_begin)
{
	return begin_reclaim();
}

SEC("tp_btf/mm_vmscan_direct_reclaim_end")
int BPF_PROG(machine_end, u64 pages)
{
	return end_reclaim(RECLAIM_REASON_MACHINE, pages);
}

/*
 * The kernel kills for want of memory by a SIGKILL, and in the same breath, with the victim's lock held, passes
 * mark_victim. Until 6.8 that has the victim's number only, so whose it is is noted here. A mark without a SIGKILL is of
 * a process that was dying already: nobody was killed.
 */
SEC("tp_btf/signal_generate")
int BPF_PROG(signal_generate, int number, u64 details, struct task_struct *task)
{
	struct victim *victim;
	u32 zero = 0;

	if (number != SIGKILL || details != SENT_BY_KERNEL)
		return 0;
	victim = bpf_map_lookup_elem(&last_victim, &zero);
	if (!victim)
		return 0;
	victim->pid = task->pid;
	victim->cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	return 0;
}

SEC("tp_btf/mark_victim")
int mark_victim(u64 *ctx)
{
	struct victim *victim;
	u32 pid = ctx[0], zero = 0;

	if (bpf_core_type_exists(btf_trace_mark_victim))
		pid = BPF_CORE_READ((struct task_struct *)ctx[0], pid);
	victim = bpf_map_lookup_elem(&last_victim, &zero);
	if (!victim || victim->pid != pid)
		return 0;
	victim->pid = 0;
	add_or_overflow(&cgroup_oom_kills_total, &victim->cgroup, 1, &cgroup_oom_kills_overflow, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
