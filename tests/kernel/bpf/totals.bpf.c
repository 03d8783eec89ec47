// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Counts the test's calls of fire(what, value) by `value`, in maps of several kinds; or takes a key out of them; or
 * sends the value as an event.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define KEYS_MAX 1024
#define BUCKETS 4 /* 0 to 3, then the sum */

struct bucket_key {
	__u64 number;
	__u64 bucket;
};

#define MAP(map_name, map_type, key_type)                                                          \
	struct {                                                                                   \
		__uint(type, map_type);                                                            \
		__uint(max_entries, KEYS_MAX);                                                     \
		__type(key, key_type);                                                             \
		__type(value, __u64);                                                              \
	} map_name SEC(".maps")

MAP(hash_total, BPF_MAP_TYPE_HASH, __u64);
MAP(percpu_total, BPF_MAP_TYPE_PERCPU_HASH, __u64);
MAP(sizes, BPF_MAP_TYPE_HASH, struct bucket_key);

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events_total SEC(".maps");

/* What fire()'s first argument means. */
enum { COUNT, DELETE, EVENT };

static void add(void *map, const void *key, __u64 more)
{
	__u64 zero = 0;
	__u64 *value = bpf_map_lookup_elem(map, key);

	if (!value) {
		bpf_map_update_elem(map, key, &zero, BPF_NOEXIST);
		value = bpf_map_lookup_elem(map, key);
	}
	if (value)
		__sync_fetch_and_add(value, more);
}

static void count(__u64 number)
{
	struct bucket_key key = { number, number % BUCKETS };

	add(&hash_total, &number, 1);
	add(&percpu_total, &number, 1);
	add(&sizes, &key, 1);
	key.bucket = BUCKETS;
	add(&sizes, &key, number);
}

SEC("uprobe/./trigger:fire")
int BPF_KPROBE(count_call, __u64 what, __u64 value)
{
	switch (what) {
	case COUNT:
		count(value);
		break;
	case DELETE:
		bpf_map_delete_elem(&hash_total, &value);
		bpf_map_delete_elem(&percpu_total, &value);
		break;
	case EVENT:
		bpf_perf_event_output(ctx, &events_total, BPF_F_CURRENT_CPU, &value, sizeof(value));
		break;
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
