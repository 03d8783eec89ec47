// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Where memory makes tasks wait: page faults, reclaim that tasks have to do themselves, and processes killed for want
 * of memory.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "by_cgroup.bpf.h"
#include "wanted_cgroups.bpf.h"

#define BUCKET_MAX 26 /* 2^26 us: 67 s */
#define NS_PER_US 1000
#define RECLAIMING_MAX 4096

enum fault_mode {
	FAULT_MODE_USER,
	FAULT_MODE_KERNEL,
	FAULT_MODE_COUNT,
};

enum reclaim_reason {
	RECLAIM_REASON_MACHINE,
	RECLAIM_REASON_CGROUP,
	RECLAIM_REASON_COUNT,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FAULT_MODE_COUNT);
	__type(key, u32);
	__type(value, u64);
} page_faults_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CGROUP_ROWS_MAX);
	__type(key, struct cgroup_key);
	__type(value, u64);
} cgroup_page_faults_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} cgroup_page_faults_overflow SEC(".maps");

struct reclaim_key {
	u16 reason;
	u16 bucket;
};

/* The buckets and the sum of both reasons: the map cannot be full. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, RECLAIM_REASON_COUNT *(BUCKET_MAX + 2));
	__type(key, struct reclaim_key);
	__type(value, u64);
} reclaim_latency_seconds SEC(".maps");

/* Reclaims by more tasks at once than there was room for. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} reclaim_uncounted_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} oom_kills_total SEC(".maps");

/* Tasks that reclaim, by thread id, and since when (ns). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RECLAIMING_MAX);
	__type(key, u32);
	__type(value, u64);
} reclaiming SEC(".maps");

static __always_inline int count_fault(u32 mode)
{
	struct cgroup_key key = { .label = mode };

	if (!is_current_wanted())
		return 0;
	if (!by_cgroup)
		return increment_map(&page_faults_total, &mode, 1);
	key.cgroup = bpf_get_current_cgroup_id();
	add_or_overflow(&cgroup_page_faults_total, &key, 1, &cgroup_page_faults_overflow, 0);
	return 0;
}

static __always_inline int begin_reclaim(void)
{
	u32 tid = bpf_get_current_pid_tgid(), zero = 0;
	u64 now = bpf_ktime_get_ns();

	if (!is_current_wanted())
		return 0;
	if (bpf_map_update_elem(&reclaiming, &tid, &now, BPF_ANY) != 0)
		increment_map(&reclaim_uncounted_total, &zero, 1);
	return 0;
}

static __always_inline int end_reclaim(u16 reason)
{
	struct reclaim_key key = { .reason = reason };
	u32 tid = bpf_get_current_pid_tgid();
	u64 *since = bpf_map_lookup_elem(&reclaiming, &tid);
	u64 took_us;

	if (!since)
		return 0;
	/* Rounded, not cut: the sum of many short ones stays right. */
	took_us = (bpf_ktime_get_ns() - *since + NS_PER_US / 2) / NS_PER_US;
	bpf_map_delete_elem(&reclaiming, &tid);
	increment_exp2_histogram(&reclaim_latency_seconds, key, took_us, BUCKET_MAX);
	return 0;
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(page_fault_user)
{
	count_fault(FAULT_MODE_USER);
	return 0;
}

SEC("tp_btf/page_fault_kernel")
int BPF_PROG(page_fault_kernel)
{
	count_fault(FAULT_MODE_KERNEL);
	return 0;
}

SEC("tp_btf/mm_vmscan_direct_reclaim_begin")
int BPF_PROG(direct_begin)
{
	return begin_reclaim();
}

SEC("tp_btf/mm_vmscan_direct_reclaim_end")
int BPF_PROG(direct_end)
{
	return end_reclaim(RECLAIM_REASON_MACHINE);
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_begin")
int BPF_PROG(cgroup_begin)
{
	return begin_reclaim();
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_end")
int BPF_PROG(cgroup_end)
{
	return end_reclaim(RECLAIM_REASON_CGROUP);
}

SEC("tp_btf/mark_victim")
int BPF_PROG(mark_victim)
{
	u32 zero = 0;

	increment_map(&oom_kills_total, &zero, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
