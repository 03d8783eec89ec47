// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * How long tasks that could run waited for a CPU: from becoming runnable (woken up, or preempted) until switched to.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "by_cgroup.bpf.h"
#include "histogram.bpf.h"
#include "wanted_cgroups.bpf.h"

#define SLOTS 65536   /* a power of two */
#define BUCKET_MAX 26 /* 2^26 us: 67 s */

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

struct wait_row {
	u64 slots[SLOT_COUNT(BUCKET_MAX)];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct wait_row);
} run_queue_latency_seconds SEC(".maps");

static const struct wait_row no_waits;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CGROUP_ROWS_MAX);
	__type(key, u64);
	__type(value, struct wait_row);
} cgroup_run_queue_latency_seconds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct wait_row);
} cgroup_run_queue_latency_overflow SEC(".maps");

/* Waits that were not measured because another task with the same slot began to wait. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} run_queue_unmeasured_total SEC(".maps");

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

static __always_inline int observe_by_cgroup(struct task_struct *task, u64 waited_us)
{
	u64 cgroup = cgroup_of_task(task);
	struct wait_row *row = lookup_or_overflow(&cgroup_run_queue_latency_seconds, &cgroup,
						  &no_waits, &cgroup_run_queue_latency_overflow);

	if (row)
		observe_exp2(row->slots, BUCKET_MAX, waited_us);
	return 0;
}

static __always_inline int end_wait(struct task_struct *task, u64 now)
{
	struct slot *slot = slot_of(task->pid);
	struct wait_row *row;
	u64 waited_us;
	u32 zero = 0;

	if (!slot || slot->tid != (u32)task->pid || !slot->since)
		return 0;
	waited_us = microseconds(slot->since, now);
	slot->since = 0;
	if (wanted_cgroup_bits && !is_wanted_cgroup(cgroup_of_task(task)))
		return 0;
	if (by_cgroup)
		return observe_by_cgroup(task, waited_us);
	row = bpf_map_lookup_elem(&run_queue_latency_seconds, &zero);
	/* The run queue's lock is held and interrupts are off: nobody adds on this CPU meanwhile. */
	if (row)
		observe_exp2_nosync(row->slots, BUCKET_MAX, waited_us);
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
	return end_wait(next, now);
}

char LICENSE[] SEC("license") = "GPL";
