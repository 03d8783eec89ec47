// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Soft interrupts by vector: how long they waited from being raised until served, and how long serving took.
 * Hard interrupts by the name of the handler: how long handling took.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#define VECTORS 10
#define BUCKET_MAX 22 /* 2^22 us: 4 s */
#define NS_PER_US 1000
#define NAME_SIZE 16
#define HARDIRQ_MAX 4096 /* names * buckets */

/* The buckets and the sum of every vector: the maps cannot be full. */
#define SOFTIRQ_MAX (VECTORS * (BUCKET_MAX + 2))

struct softirq_key {
	u16 vector;
	u16 bucket;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, SOFTIRQ_MAX);
	__type(key, struct softirq_key);
	__type(value, u64);
} softirq_wait_seconds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, SOFTIRQ_MAX);
	__type(key, struct softirq_key);
	__type(value, u64);
} softirq_run_seconds SEC(".maps");

struct hardirq_key {
	char name[NAME_SIZE];
	u32 bucket;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, HARDIRQ_MAX);
	__type(key, struct hardirq_key);
	__type(value, u64);
} hardirq_run_seconds SEC(".maps");

/* Handled, but there was no room in the map. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} hardirq_uncounted_total SEC(".maps");

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

/* Rounded, not cut: the sum of many short times stays right. */
static __always_inline u64 microseconds(u64 begin, u64 end)
{
	return end > begin ? (end - begin + NS_PER_US / 2) / NS_PER_US : 0;
}

/* One observation: its bucket, and the sum behind the last. Nobody else adds on this CPU meanwhile. */
static __always_inline int observe(void *map, u32 vector, u64 took_us)
{
	struct softirq_key key = { .vector = vector };

	increment_exp2_histogram_nosync(map, key, took_us, BUCKET_MAX);
	return 0;
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

	if (vector < VECTORS && end(INTERRUPT_KIND_SOFT, &took_us))
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
	struct hardirq_key key = {};
	u64 bucket, took_us;
	u32 zero = 0;

	if (!end(INTERRUPT_KIND_HARD, &took_us))
		return 0;
	bpf_probe_read_kernel_str(key.name, sizeof(key.name), action->name);
	bucket = log2l_histogram(took_us);
	key.bucket = bucket > BUCKET_MAX ? BUCKET_MAX : bucket;
	if (!add_to_map(&hardirq_run_seconds, &key, 1)) {
		increment_map(&hardirq_uncounted_total, &zero, 1);
		return 0;
	}
	key.bucket = BUCKET_MAX + 1;
	add_to_map(&hardirq_run_seconds, &key, took_us);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
