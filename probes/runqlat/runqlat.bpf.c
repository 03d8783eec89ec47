// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * How long tasks that could run waited for a CPU: from becoming runnable (woken up, or preempted) until switched to.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

/* A task has an entry only while it waits: this many may wait at once. */
#define WAITING_MAX 16384
#define BUCKET_MAX 26 /* 2^26 us: 67 s */
#define NS_PER_US 1000

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WAITING_MAX);
	__type(key, u32);   /* thread id */
	__type(value, u64); /* since when it waits, ns */
} waiting SEC(".maps");

/* Buckets 0 to BUCKET_MAX, then the sum. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BUCKET_MAX + 2);
	__type(key, u32);
	__type(value, u64);
} run_queue_latency_seconds SEC(".maps");

/* Waits that were not measured because too many waited at once. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} run_queue_unmeasured_total SEC(".maps");

struct bucket_key {
	u32 bucket;
};

static __always_inline int begin_wait(u32 tid, u64 now)
{
	u32 zero = 0;

	if (tid != 0 && bpf_map_update_elem(&waiting, &tid, &now, BPF_ANY) < 0)
		increment_map_nosync(&run_queue_unmeasured_total, &zero, 1);
	return 0;
}

static __always_inline int end_wait(u32 tid, u64 now)
{
	u64 *since = bpf_map_lookup_elem(&waiting, &tid);
	struct bucket_key key;
	u64 waited_us;

	if (!since)
		return 0;
	/* Rounded, not cut: the sum of many short waits stays right. */
	waited_us = now > *since ? (now - *since + NS_PER_US / 2) / NS_PER_US : 0;
	bpf_map_delete_elem(&waiting, &tid);
	/* The run queue's lock is held and interrupts are off: nobody adds on this CPU meanwhile. */
	increment_exp2_histogram_nosync(&run_queue_latency_seconds, key, waited_us, BUCKET_MAX);
	return 0;
}

static __always_inline bool is_runnable(struct task_struct *task)
{
	struct task_struct___before_5_14 *old = (void *)task;

	if (bpf_core_field_exists(task->__state))
		return task->__state == TASK_RUNNING;
	return BPF_CORE_READ(old, state) == TASK_RUNNING;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(sched_wakeup, struct task_struct *task)
{
	return begin_wait(task->pid, bpf_ktime_get_ns());
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(sched_wakeup_new, struct task_struct *task)
{
	return begin_wait(task->pid, bpf_ktime_get_ns());
}

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct *previous, struct task_struct *next)
{
	u64 now = bpf_ktime_get_ns();

	/* A preempted task stays in the queue even when it was about to sleep. */
	if (preempt || is_runnable(previous))
		begin_wait(previous->pid, now);
	return end_wait(next->pid, now);
}

char LICENSE[] SEC("license") = "GPL";
