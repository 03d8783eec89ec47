// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Timers of the kernel that expire: how late they fired, and how long their handlers took.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "histogram.bpf.h"

#define BUCKET_MAX 22      /* 2^22 us: 4 s */
#define TICK_BUCKET_MAX 13 /* 2^12 ticks: 4 to 41 s, as ticks are 1 to 10 ms long */

enum timer_kind {
	TIMER_KIND_WHEEL,
	TIMER_KIND_HRTIMER,
	TIMER_KIND_HRTIMER_SOFT,
	TIMER_KIND_COUNT,
};

struct timer_row {
	u64 slots[SLOT_COUNT(BUCKET_MAX)];
};

struct tick_row {
	u64 slots[SLOT_COUNT(TICK_BUCKET_MAX)];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TIMER_KIND_COUNT);
	__type(key, u32);
	__type(value, struct timer_row);
} timer_run_seconds SEC(".maps");

/* Of hrtimers; the row of the wheel stays empty. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TIMER_KIND_COUNT);
	__type(key, u32);
	__type(value, struct timer_row);
} hrtimer_late_seconds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct tick_row);
} timer_late_ticks SEC(".maps");

/*
 * The timer of each kind whose handler this CPU is in. A kind does not interrupt itself; that of hrtimers, which run in
 * hard interrupts, interrupts both others.
 */
struct running {
	u64 timer; /* 0: none */
	u64 since; /* ns */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TIMER_KIND_COUNT);
	__type(key, u32);
	__type(value, struct running);
} running SEC(".maps");

static __always_inline void begin_run(u32 kind, u64 timer)
{
	struct running *run = bpf_map_lookup_elem(&running, &kind);

	if (!run)
		return;
	run->timer = timer;
	run->since = bpf_ktime_get_ns();
}

/* False when it is not this timer whose handler runs. */
static __always_inline bool end_run(u32 kind, u64 timer)
{
	struct running *run = bpf_map_lookup_elem(&running, &kind);
	struct timer_row *row = bpf_map_lookup_elem(&timer_run_seconds, &kind);

	if (!run || !row || run->timer != timer)
		return false;
	observe_exp2_nosync(row->slots, BUCKET_MAX, microseconds(run->since, bpf_ktime_get_ns()));
	run->timer = 0;
	return true;
}

/*
 * Timers of the wheel expire when the wheel's clock, which counts ticks, comes by them. Long ones are put off by up to an
 * eighth when they are started, so that few places do for all; the tick by which it was their turn has that in it.
 */
SEC("raw_tp/timer_expire_entry")
int timer_expire_entry(struct bpf_raw_tracepoint_args *ctx)
{
	u64 now = bpf_jiffies64(), due = ctx->args[1];
	u64 late = now > due ? now - due : 0;
	struct tick_row *row;
	u32 zero = 0;

	row = bpf_map_lookup_elem(&timer_late_ticks, &zero);
	if (row)
		observe_slot_nosync(row->slots, exp2zero_bucket(late, TICK_BUCKET_MAX),
				    TICK_BUCKET_MAX, late);
	begin_run(TIMER_KIND_WHEEL, ctx->args[0]);
	return 0;
}

SEC("raw_tp/timer_expire_exit")
int timer_expire_exit(struct bpf_raw_tracepoint_args *ctx)
{
	end_run(TIMER_KIND_WHEEL, ctx->args[0]);
	return 0;
}

/* The clock of the timer, when its interrupt began; newer kernels pass the time itself. */
static __always_inline s64 time_of_interrupt(u64 argument)
{
	s64 now = 0;

	if (bpf_core_type_exists(btf_trace_hrtimer_expire_entry___by_value))
		return argument;
	bpf_probe_read_kernel(&now, sizeof(now), (void *)argument);
	return now;
}

/* Late is later than the slack allows that the timer was started with. */
SEC("raw_tp/hrtimer_expire_entry")
int hrtimer_expire_entry(struct bpf_raw_tracepoint_args *ctx)
{
	struct hrtimer *timer = (void *)ctx->args[0];
	s64 due = BPF_CORE_READ(timer, node.expires), now = time_of_interrupt(ctx->args[1]);
	u32 kind = BPF_CORE_READ(timer, is_soft) ? TIMER_KIND_HRTIMER_SOFT : TIMER_KIND_HRTIMER;
	struct timer_row *row = bpf_map_lookup_elem(&hrtimer_late_seconds, &kind);

	if (row)
		observe_exp2_nosync(row->slots, BUCKET_MAX, now > due ? microseconds(due, now) : 0);
	begin_run(kind, (u64)timer);
	return 0;
}

/* The handler may have freed the timer: it is compared, not read. */
SEC("raw_tp/hrtimer_expire_exit")
int hrtimer_expire_exit(struct bpf_raw_tracepoint_args *ctx)
{
	if (!end_run(TIMER_KIND_HRTIMER, ctx->args[0]))
		end_run(TIMER_KIND_HRTIMER_SOFT, ctx->args[0]);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
