// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Maps that are too small for what the test counts in them, in the ways that programs for ebpf_exporter count; and one
 * that holds times instead of counts. fire(key, value) adds to each of the first, the last has its own map for what
 * does not fit. Written out here, not taken from include/: foreign objects bring their own.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define LAST_BUCKET 5

struct bucket_key {
	__u64 what;
	__u32 bucket;
	__u32 pad;
};

#define SMALL_MAP(name_, type_, key_, entries)                                                     \
	struct {                                                                                   \
		__uint(type, type_);                                                               \
		__uint(max_entries, entries);                                                      \
		__type(key, key_);                                                                 \
		__type(value, __u64);                                                              \
	} name_ SEC(".maps")

SMALL_MAP(shared_total, BPF_MAP_TYPE_HASH, __u64, 8);
SMALL_MAP(per_cpu_total, BPF_MAP_TYPE_PERCPU_HASH, __u64, 8);
SMALL_MAP(recent_total, BPF_MAP_TYPE_LRU_HASH, __u64, 8);
SMALL_MAP(linear_steps, BPF_MAP_TYPE_HASH, struct bucket_key, 8);
SMALL_MAP(fixed_steps, BPF_MAP_TYPE_HASH, struct bucket_key, 8);
SMALL_MAP(start, BPF_MAP_TYPE_HASH, __u64, 4096);
SMALL_MAP(own_total, BPF_MAP_TYPE_HASH, __u64, 8);
SMALL_MAP(own_overflow, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, 1);

static __always_inline __u64 *counter_of(void *map, const void *key)
{
	__u64 zero = 0;
	__u64 *counter = bpf_map_lookup_elem(map, key);

	if (counter)
		return counter;
	bpf_map_update_elem(map, key, &zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(map, key);
}

static __always_inline void add(void *map, const void *key, __u64 value)
{
	__u64 *counter = counter_of(map, key);

	if (counter)
		__sync_fetch_and_add(counter, value);
}

static __always_inline void add_to_own_cpu(void *map, const void *key, __u64 value)
{
	__u64 *counter = counter_of(map, key);

	if (counter)
		*counter += value;
}

static __always_inline void observe(void *map, __u64 what, __u32 bucket, __u32 sum_bucket,
				    __u64 value)
{
	struct bucket_key key = { .what = what, .bucket = bucket };

	add(map, &key, 1);
	key.bucket = sum_bucket;
	add(map, &key, value);
}

static __always_inline __u32 fixed_bucket(__u64 value)
{
	return value <= 1 ? 1 : value <= 4 ? 4 : 16;
}

/* A map of times: what is put in is the value, and a full map loses a time, not a count. */
static __always_inline void note_time(__u64 key)
{
	__u64 now = bpf_ktime_get_ns();

	bpf_map_update_elem(&start, &key, &now, BPF_ANY);
}

static __always_inline void add_or_overflow(__u64 key, __u64 value)
{
	__u64 *counter = counter_of(&own_total, &key);
	__u32 index = 0;

	if (!counter)
		counter = bpf_map_lookup_elem(&own_overflow, &index);
	if (counter)
		__sync_fetch_and_add(counter, value);
}

SEC("uprobe/./trigger:fire")
int count_call(struct pt_regs *ctx)
{
	__u64 key = PT_REGS_PARM1(ctx), value = PT_REGS_PARM2(ctx);

	note_time(key);
	add(&shared_total, &key, 1);
	add_to_own_cpu(&per_cpu_total, &key, value);
	add(&recent_total, &key, 1);
	observe(&linear_steps, key, value < LAST_BUCKET ? value : LAST_BUCKET, LAST_BUCKET + 1,
		value);
	observe(&fixed_steps, key, fixed_bucket(value), 17, value);
	add_or_overflow(key, value);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
