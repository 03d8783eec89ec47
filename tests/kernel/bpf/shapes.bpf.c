// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Maps of every shape, written by the test through fire(what, value): row by row, exactly what it says.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define MAP(map_name, map_type, key_type, entries)                                                 \
	struct {                                                                                   \
		__uint(type, map_type);                                                            \
		__uint(max_entries, entries);                                                      \
		__type(key, key_type);                                                             \
		__type(value, __u64);                                                              \
	} map_name SEC(".maps")

struct fruit_key {
	__u32 number;
	char fruit[32];
};

struct bytes_key {
	__u8 bytes[8];
};

struct lpm_key {
	__u32 prefix;
	__u8 address[4];
};

MAP(plain_total, BPF_MAP_TYPE_ARRAY, __u32, 1);
MAP(percpu_plain_total, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, 1);
MAP(percpu_vec_total, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, 12);
MAP(fruit_total, BPF_MAP_TYPE_HASH, struct fruit_key, 64);
MAP(lru_total, BPF_MAP_TYPE_LRU_HASH, __u64, 64);
MAP(percpu_hash_total, BPF_MAP_TYPE_PERCPU_HASH, __u64, 64);
MAP(bytes_total, BPF_MAP_TYPE_HASH, struct bytes_key, 64);
MAP(latency_seconds, BPF_MAP_TYPE_HASH, __u64, 64);
MAP(array_latency_seconds, BPF_MAP_TYPE_ARRAY, __u32, 8);

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct lpm_key);
	__type(value, __u64);
} lpm_total SEC(".maps");

/* Buckets 0 to 3, then the sum. */
struct slots {
	__u64 slots[5];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct slots);
} slot_latency_seconds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct slots);
} plain_slot_latency_seconds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events_total SEC(".maps");

/* What fire()'s first argument means. */
enum {
	PLAIN,
	PERCPU,
	FRUIT,
	FRUIT_PLUM,
	LRU,
	PERCPU_HASH,
	BYTES,
	LATENCY,
	ARRAY_LATENCY,
	LPM,
	EVENT,
	SHORT_EVENT,
	SLOTS,
	PLAIN_SLOTS
};

static __always_inline void write_row(void *map, const void *key, __u64 value)
{
	bpf_map_update_elem(map, key, &value, BPF_ANY);
}

static __always_inline void write_fruit(__u64 value, char first)
{
	struct fruit_key key = { .number = (__u32)value, .fruit = "?lum" };

	key.fruit[0] = first;
	write_row(&fruit_total, &key, value);
}

static __always_inline void send_event(struct pt_regs *ctx, __u64 value, __u32 size)
{
	__u64 sample = value;

	bpf_perf_event_output(ctx, &events_total, BPF_F_CURRENT_CPU, &sample, size);
}

/* Adds the high half of the value to the slot that its lowest byte says, in the row of the byte above. */
static __always_inline void add_slot(void *map, __u64 value)
{
	__u32 row = (value >> 8) & 0xff, slot = value & 0xff;
	struct slots *slots = bpf_map_lookup_elem(map, &row);

	if (slots && slot < 5)
		slots->slots[slot] += value >> 32;
}

SEC("uprobe/./trigger:fire")
int BPF_KPROBE(on_fire, __u64 what, __u64 value)
{
	struct bytes_key bytes = {};
	struct lpm_key lpm = { .prefix = 32 };
	__u32 index = 0;

	switch (what) {
	case PLAIN:
		write_row(&plain_total, &index, value);
		break;
	case PERCPU:
		write_row(&percpu_plain_total, &index, value);
		index = value % 12;
		write_row(&percpu_vec_total, &index, value);
		break;
	case FRUIT:
		write_fruit(value, 'g');
		break;
	case FRUIT_PLUM:
		write_fruit(value, 'p');
		break;
	case LRU:
		write_row(&lru_total, &value, value);
		break;
	case PERCPU_HASH:
		write_row(&percpu_hash_total, &value, value);
		break;
	case BYTES:
		__builtin_memcpy(bytes.bytes, &value, sizeof(bytes.bytes));
		write_row(&bytes_total, &bytes, 1);
		break;
	case LATENCY:
		/* the low half is the bucket, the high half its count */
		index = value >> 32;
		value &= 0xffffffff;
		write_row(&latency_seconds, &value, index);
		break;
	case ARRAY_LATENCY:
		index = value & 7;
		write_row(&array_latency_seconds, &index, value >> 32);
		break;
	case LPM:
		__builtin_memcpy(lpm.address, &value, sizeof(lpm.address));
		write_row(&lpm_total, &lpm, 1);
		break;
	case EVENT:
		send_event(ctx, value, 8);
		break;
	case SHORT_EVENT:
		/* the kernel pads samples to 8 bytes less 4: shorter than two u64 all the same */
		send_event(ctx, value, 1);
		break;
	case SLOTS:
		add_slot(&slot_latency_seconds, value);
		break;
	case PLAIN_SLOTS:
		add_slot(&plain_slot_latency_seconds, value);
		break;
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
