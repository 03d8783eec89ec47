// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * How long tasks that could run waited for a CPU: from becoming runnable (woken up, or preempted) until switched to.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#define SLOTS 65536   /* a power of two */
#define BUCKET_MAX 26 /* 2^26 us: 67 s */
#define NS_PER_US 1000

/*
 * One slot for each thread id, modulo SLOTS: an array costs a tenth of a hash, for which an entry has to be made and
 * freed at every wait. When two that share a slot wait at once, the first one is not measured, and counted as such.
 */
struct slot {
	u32 tid;
	u32 pad;
	u64 since; /* waiting from then on, ns; 0: not waiting */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, u32);
	__type(value, struct slot);
} waiting SEC(".maps");

/* Buckets 0 to BUCKET_MAX, then the sum. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BUCKET_MAX + 2);
	__type(key, u32);
	__type(value, u64);
} run_queue_latency_seconds SEC(".maps");

/* Waits that were not measured because another task with the same slot began to wait. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} run_queue_unmeasured_total SEC(".maps");

struct bucket_key {
	u32 bucket;
};

static __always_inline struct slot *slot_of(u32 tid)
{
	u32 index = tid % SLOTS;

	return bpf_map_lookup_elem(&waiting, &index);
}

/* The idle task, which is every CPU's thread 0, waits for nothing. */
static __always_inline int begin_wait(u32 tid, u64 now)
{
	struct slot *slot = slot_of(tid);
	u32 zero = 0;

	if (tid == 0 || !slot)
		return 0;
	if (slot->since && slot->tid != tid)
		increment_map(&run_queue_unmeasured_total, &zero, 1);
	slot->tid = tid;
	slot->since = now;
	return 0;
}

/* Woken up while it was still running, and asleep now: that was no wait. */
static __always_inline int forget_wait(u32 tid)
{
	struct slot *slot = slot_of(tid);

	if (slot && slot->tid == tid)
		slot->since = 0;
	return 0;
}

static __always_inline int end_wait(u32 tid, u64 now)
{
	struct slot *slot = slot_of(tid);
	struct bucket_key key;
	u64 waited_us;

	if (!slot || slot->tid != tid || !slot->since)
		return 0;
	/* Rounded, not cut: the sum of many short waits stays right. */
	waited_us = now > slot->since ? (now - slot->since + NS_PER_US / 2) / NS_PER_US : 0;
	slot->since = 0;
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
	else
		forget_wait(previous->pid);
	return end_wait(next->pid, now);
}

char LICENSE[] SEC("license") = "GPL";
