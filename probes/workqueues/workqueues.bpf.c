// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Work that the kernel puts off into workqueues: how long it was held back by its queue's limit, how long it waited for a
 * worker, and how long it ran; by the pool of workers.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "histogram.bpf.h"
#include "times.bpf.h"

#define BUCKET_MAX 26 /* 2^26 us: 67 s */
#define TIME_SETS 4096

enum work_pool {
	WORK_POOL_CPU,
	WORK_POOL_CPU_HIGHPRI,
	WORK_POOL_UNBOUND,
	WORK_POOL_UNBOUND_HIGHPRI,
	WORK_POOL_SOFTIRQ,
	WORK_POOL_COUNT,
};

struct work_row {
	u64 slots[SLOT_COUNT(BUCKET_MAX)];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WORK_POOL_COUNT);
	__type(key, u32);
	__type(value, struct work_row);
} workqueue_held_seconds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WORK_POOL_COUNT);
	__type(key, u32);
	__type(value, struct work_row);
} workqueue_wait_seconds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WORK_POOL_COUNT);
	__type(key, u32);
	__type(value, struct work_row);
} workqueue_run_seconds SEC(".maps");

/* Waits that were not measured because much work waited at once. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} workqueue_unmeasured_total SEC(".maps");

/* By address of the work, with the pool as a note. What runs may be queued again, hence two of them. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TIME_SETS);
	__type(key, u32);
	__type(value, struct time_set);
} waiting SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TIME_SETS);
	__type(key, u32);
	__type(value, struct time_set);
} running SEC(".maps");

static __always_inline u16 pool_of(u32 flags)
{
	if (flags & WQ_BH)
		return WORK_POOL_SOFTIRQ;
	if (flags & WQ_UNBOUND)
		return flags & WQ_HIGHPRI ? WORK_POOL_UNBOUND_HIGHPRI : WORK_POOL_UNBOUND;
	return flags & WQ_HIGHPRI ? WORK_POOL_CPU_HIGHPRI : WORK_POOL_CPU;
}

/* Interrupts are off where work is queued, activated and begun, but not where it ends. */
static __always_inline void observe(void *map, u32 pool, u64 begin, u64 end)
{
	struct work_row *row = bpf_map_lookup_elem(map, &pool);

	if (row)
		observe_exp2(row->slots, BUCKET_MAX, microseconds(begin, end));
}

static __always_inline void begin(void *map, u64 work, u64 now, u16 pool)
{
	u32 zero = 0;

	if (!begin_time(map, TIME_SETS, work, now, pool))
		increment_map(&workqueue_unmeasured_total, &zero, 1);
}

/*
 * raw_tp and not tp_btf: there the work is a number, with which the verifier lets one count.
 */
SEC("raw_tp/workqueue_queue_work")
int workqueue_queue_work(struct bpf_raw_tracepoint_args *ctx)
{
	struct pool_workqueue *queue = (void *)ctx->args[1];

	begin(&waiting, ctx->args[2], bpf_ktime_get_ns(), pool_of(BPF_CORE_READ(queue, wq, flags)));
	return 0;
}

/* At once, unless as much of its queue runs already as may run at once. */
SEC("raw_tp/workqueue_activate_work")
int workqueue_activate_work(struct bpf_raw_tracepoint_args *ctx)
{
	u64 work = ctx->args[0], now = bpf_ktime_get_ns();
	struct time_since queued;

	if (!end_time(&waiting, TIME_SETS, work, &queued))
		return 0;
	observe(&workqueue_held_seconds, queued.note, queued.since, now);
	begin(&waiting, work, now, queued.note);
	return 0;
}

SEC("raw_tp/workqueue_execute_start")
int workqueue_execute_start(struct bpf_raw_tracepoint_args *ctx)
{
	u64 work = ctx->args[0], now = bpf_ktime_get_ns();
	struct time_since activated;

	if (!end_time(&waiting, TIME_SETS, work, &activated))
		return 0;
	observe(&workqueue_wait_seconds, activated.note, activated.since, now);
	begin(&running, work, now, activated.note);
	return 0;
}

/* The work may have freed itself: its address is a name, nothing is read there. */
SEC("raw_tp/workqueue_execute_end")
int workqueue_execute_end(struct bpf_raw_tracepoint_args *ctx)
{
	struct time_since started;

	if (end_time(&running, TIME_SETS, ctx->args[0], &started))
		observe(&workqueue_run_seconds, started.note, started.since, bpf_ktime_get_ns());
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
