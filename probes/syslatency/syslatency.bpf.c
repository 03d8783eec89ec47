// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * How long system calls took, by name: from being entered until left.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "by_cgroup.bpf.h"
#include "histogram.bpf.h"
#include "times.bpf.h"
#include "wanted_cgroups.bpf.h"

#define SYSCALL_MAX 512 /* tables have fewer; numbers that a program makes up are not measured */
#define BUCKET_MAX 13   /* 4^13 us: 67 s */

struct latency_row {
	u64 slots[SLOT_COUNT(BUCKET_MAX)];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SYSCALL_MAX);
	__type(key, u32);
	__type(value, struct latency_row);
} syscall_latency_seconds SEC(".maps");

static const struct latency_row no_calls;

/* Instead: of all calls of a cgroup. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CGROUP_ROWS_MAX);
	__type(key, u64);
	__type(value, struct latency_row);
} cgroup_syscall_latency_seconds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct latency_row);
} cgroup_syscall_latency_overflow SEC(".maps");

/* Calls that were not measured because too many threads with like ids were in one. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} syscall_latency_unmeasured_total SEC(".maps");

/* Threads that are in a call; the note is its number. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, THREAD_TIME_SETS);
	__type(key, u32);
	__type(value, struct time_set);
} calling SEC(".maps");

SEC("raw_tp/sys_enter")
int sys_enter(struct bpf_raw_tracepoint_args *ctx)
{
	u64 number = ctx->args[1];
	u32 zero = 0;

	if (number >= SYSCALL_MAX || !is_current_wanted())
		return 0;
	if (!begin_time(&calling, THREAD_TIME_SETS, (u32)bpf_get_current_pid_tgid(),
			bpf_ktime_get_ns(), number))
		increment_map(&syscall_latency_unmeasured_total, &zero, 1);
	return 0;
}

static __always_inline void observe_by_cgroup(u64 took_us)
{
	u64 cgroup = bpf_get_current_cgroup_id();
	struct latency_row *row = lookup_or_overflow(&cgroup_syscall_latency_seconds, &cgroup,
						     &no_calls, &cgroup_syscall_latency_overflow);

	if (row)
		observe_exp4(row->slots, BUCKET_MAX, took_us);
}

/* A new task leaves the call that made it and has entered none. */
SEC("raw_tp/sys_exit")
int sys_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct time_since call;
	struct latency_row *row;
	u64 took_us;

	if (!end_time(&calling, THREAD_TIME_SETS, (u32)bpf_get_current_pid_tgid(), &call))
		return 0;
	took_us = microseconds(call.since, bpf_ktime_get_ns());
	if (by_cgroup) {
		observe_by_cgroup(took_us);
		return 0;
	}
	row = bpf_map_lookup_elem(&syscall_latency_seconds, &call.note);
	if (row)
		observe_exp4(row->slots, BUCKET_MAX, took_us);
	return 0;
}

/*
 * Calls that end the thread never return: its place is for others. One in which a thread is killed is left first: that
 * is when the signal is looked at.
 */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct *task)
{
	struct time_since call;

	end_time(&calling, THREAD_TIME_SETS, task->pid, &call);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
