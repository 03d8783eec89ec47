// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Why tasks left their CPU, and how long they were away: from being switched away from until switched to again.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "by_cgroup.bpf.h"
#include "histogram.bpf.h"
#include "times.bpf.h"
#include "wanted_cgroups.bpf.h"

#define BUCKET_MAX 26 /* 2^26 us: 67 s */

enum away_state {
	AWAY_STATE_SLEEP,
	AWAY_STATE_DISK_SLEEP,
	AWAY_STATE_IDLE,
	AWAY_STATE_STOPPED,
	AWAY_STATE_PREEMPTED,
	AWAY_STATE_OTHER,
	AWAY_STATE_COUNT,
};

enum switch_kind {
	SWITCH_KIND_VOLUNTARY,
	SWITCH_KIND_INVOLUNTARY,
	SWITCH_KIND_FROM_IDLE,
	SWITCH_KIND_COUNT,
};

struct away_row {
	u64 slots[SLOT_COUNT(BUCKET_MAX)];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, AWAY_STATE_COUNT);
	__type(key, u32);
	__type(value, struct away_row);
} off_cpu_seconds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SWITCH_KIND_COUNT);
	__type(key, u32);
	__type(value, u64);
} context_switches_total SEC(".maps");

static const struct away_row no_absences;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CGROUP_ROWS_MAX);
	__type(key, struct cgroup_key);
	__type(value, struct away_row);
} cgroup_off_cpu_seconds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct away_row);
} cgroup_off_cpu_overflow SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CGROUP_ROWS_MAX);
	__type(key, struct cgroup_key);
	__type(value, u64);
} cgroup_context_switches_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} cgroup_context_switches_overflow SEC(".maps");

/* Absences that were not measured because too many threads with like ids were away. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} off_cpu_unmeasured_total SEC(".maps");

/* Threads that are away; the note is the state. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, THREAD_TIME_SETS);
	__type(key, u32);
	__type(value, struct time_set);
} away SEC(".maps");

/* One that could go on is preempted even when it was about to sleep: it stays in the run queue. */
static __always_inline u32 away_state_of(bool preempt, u32 state)
{
	if (preempt || state == TASK_RUNNING)
		return AWAY_STATE_PREEMPTED;
	if (state & TASK_INTERRUPTIBLE)
		return AWAY_STATE_SLEEP;
	if (state & TASK_UNINTERRUPTIBLE)
		return state & TASK_NOLOAD ? AWAY_STATE_IDLE : AWAY_STATE_DISK_SLEEP;
	if (state & (TASK_STOPPED | TASK_TRACED))
		return AWAY_STATE_STOPPED;
	return AWAY_STATE_OTHER;
}

/*
 * Before 5.18 the tracepoint does not tell what state the task leaves in, and what stands in the task may be of a moment
 * later: one that is just being woken up again by another CPU counts as preempted or other.
 */
static __always_inline u32 state_of(u64 *ctx, struct task_struct *task)
{
	struct task_struct___before_5_14 *old = (void *)task;

	if (bpf_core_type_exists(btf_trace_sched_switch))
		return ctx[3];
	if (bpf_core_field_exists(task->__state))
		return task->__state;
	return BPF_CORE_READ(old, state);
}

static __always_inline bool is_wanted(struct task_struct *task)
{
	return !wanted_cgroup_bits || is_wanted_cgroup(cgroup_of_task(task));
}

/* Nobody else adds on this CPU meanwhile: the run queue's lock is held and interrupts are off. */
static __always_inline int count_switch(struct task_struct *task, u32 kind)
{
	struct cgroup_key key = { .label = kind };

	if (!is_wanted(task))
		return 0;
	if (!by_cgroup)
		return increment_map_nosync(&context_switches_total, &kind, 1);
	key.cgroup = cgroup_of_task(task);
	add_or_overflow(&cgroup_context_switches_total, &key, 1, &cgroup_context_switches_overflow,
			0);
	return 0;
}

static __always_inline void leave(struct task_struct *task, u32 state, u64 now)
{
	u32 zero = 0;

	count_switch(task, state == AWAY_STATE_PREEMPTED ? SWITCH_KIND_INVOLUNTARY
							 : SWITCH_KIND_VOLUNTARY);
	if (is_wanted(task) && !begin_time(&away, THREAD_TIME_SETS, task->pid, now, state))
		increment_map_nosync(&off_cpu_unmeasured_total, &zero, 1);
}

static __always_inline void observe_by_cgroup(struct task_struct *task, u32 state, u64 away_us)
{
	const struct cgroup_key key = { .cgroup = cgroup_of_task(task), .label = state };
	struct away_row *row = lookup_or_overflow(&cgroup_off_cpu_seconds, &key, &no_absences,
						  &cgroup_off_cpu_overflow);

	if (row)
		observe_exp2(row->slots, BUCKET_MAX, away_us);
}

static __always_inline void come_back(struct task_struct *task, u64 now)
{
	struct time_since left;
	struct away_row *row;
	u64 away_us;

	if (!end_time(&away, THREAD_TIME_SETS, task->pid, &left))
		return;
	away_us = microseconds(left.since, now);
	if (by_cgroup) {
		observe_by_cgroup(task, left.note, away_us);
		return;
	}
	row = bpf_map_lookup_elem(&off_cpu_seconds, &left.note);
	if (row)
		observe_exp2_nosync(row->slots, BUCKET_MAX, away_us);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct *previous, struct task_struct *next)
{
	u32 state = state_of(ctx, previous);
	u64 now = bpf_ktime_get_ns();

	/* The idle task is every CPU's thread 0. One that ends does not come back. */
	if (previous->pid == 0)
		count_switch(previous, SWITCH_KIND_FROM_IDLE);
	else if (state & TASK_DEAD)
		count_switch(previous, SWITCH_KIND_VOLUNTARY);
	else
		leave(previous, away_state_of(preempt, state), now);
	if (next->pid != 0)
		come_back(next, now);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
