// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Soft interrupts by vector: how long they waited from being raised until served, and how long serving took.
 * Hard interrupts by the name of the handler: how long handling took.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "histogram.bpf.h"

#define VECTORS 10
#define BUCKET_MAX 22 /* 2^22 us: 4 s */
#define NAME_SIZE 16
#define HANDLER_MAX 256

struct time_row {
	u64 slots[SLOT_COUNT(BUCKET_MAX)];
};

static const struct time_row no_time;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VECTORS);
	__type(key, u32);
	__type(value, struct time_row);
} softirq_wait_seconds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VECTORS);
	__type(key, u32);
	__type(value, struct time_row);
} softirq_run_seconds SEC(".maps");

struct handler_key {
	char name[NAME_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, HANDLER_MAX);
	__type(key, struct handler_key);
	__type(value, struct time_row);
} hardirq_run_seconds SEC(".maps");

/* Handlers that the map above has no room for. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct time_row);
} hardirq_run_overflow SEC(".maps");

/* When a soft interrupt was first raised since it was last served, which is on the CPU that raised it. ns; 0: it was not. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VECTORS);
	__type(key, u32);
	__type(value, u64);
} raised SEC(".maps");

enum interrupt_kind {
	INTERRUPT_KIND_SOFT,
	INTERRUPT_KIND_HARD,
	INTERRUPT_KIND_COUNT,
};

/* When the one that this CPU is at began; neither kind interrupts itself. ns; 0: none. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, INTERRUPT_KIND_COUNT);
	__type(key, u32);
	__type(value, u64);
} began SEC(".maps");

/* Nobody else adds on this CPU meanwhile. */
static __always_inline void observe(void *map, u32 vector, u64 took_us)
{
	struct time_row *row = bpf_map_lookup_elem(map, &vector);

	if (row)
		observe_exp2_nosync(row->slots, BUCKET_MAX, took_us);
}

static __always_inline void begin(u32 kind, u64 now)
{
	u64 *since = bpf_map_lookup_elem(&began, &kind);

	if (since)
		*since = now;
}

/* False when its begin was not seen. */
static __always_inline bool end(u32 kind, u64 *ret_took_us)
{
	u64 *since = bpf_map_lookup_elem(&began, &kind);

	if (!since || !*since)
		return false;
	*ret_took_us = microseconds(*since, bpf_ktime_get_ns());
	*since = 0;
	return true;
}

SEC("tp_btf/softirq_raise")
int BPF_PROG(softirq_raise, u32 vector)
{
	u64 *since = bpf_map_lookup_elem(&raised, &vector);

	if (since && !*since)
		*since = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/softirq_entry")
int BPF_PROG(softirq_entry, u32 vector)
{
	u64 *since = bpf_map_lookup_elem(&raised, &vector);
	u64 now = bpf_ktime_get_ns();

	begin(INTERRUPT_KIND_SOFT, now);
	if (!since || !*since)
		return 0;
	observe(&softirq_wait_seconds, vector, microseconds(*since, now));
	*since = 0;
	return 0;
}

SEC("tp_btf/softirq_exit")
int BPF_PROG(softirq_exit, u32 vector)
{
	u64 took_us;

	if (end(INTERRUPT_KIND_SOFT, &took_us))
		observe(&softirq_run_seconds, vector, took_us);
	return 0;
}

SEC("tp_btf/irq_handler_entry")
int BPF_PROG(irq_handler_entry)
{
	begin(INTERRUPT_KIND_HARD, bpf_ktime_get_ns());
	return 0;
}

SEC("tp_btf/irq_handler_exit")
int BPF_PROG(irq_handler_exit, int number, struct irqaction *action)
{
	struct handler_key key = {};
	struct time_row *row;
	u64 took_us;

	if (!end(INTERRUPT_KIND_HARD, &took_us))
		return 0;
	bpf_probe_read_kernel_str(key.name, sizeof(key.name), action->name);
	row = lookup_or_overflow(&hardirq_run_seconds, &key, &no_time, &hardirq_run_overflow);
	if (row)
		observe_exp2_nosync(row->slots, BUCKET_MAX, took_us);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
