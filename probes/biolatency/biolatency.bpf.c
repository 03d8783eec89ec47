// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Block I/O by device and operation: how long requests took from being made until completed, and how large they were.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#define LATENCY_BUCKET_MAX 26 /* 2^26 us: 67 s */
#define SIZE_BUCKET_MIN 9     /* a sector */
#define SIZE_BUCKET_MAX 24    /* 16 MiB */
#define KEY_MAX 4096          /* devices * operations * buckets */
#define NS_PER_US 1000

struct request_key {
	u32 device; /* as the kernel encodes major and minor */
	u8 operation;
	u8 pad;
	u16 bucket;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, KEY_MAX);
	__type(key, struct request_key);
	__type(value, u64);
} block_io_latency_seconds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, KEY_MAX);
	__type(key, struct request_key);
	__type(value, u64);
} block_io_size_bytes SEC(".maps");

/* Completed while their queue kept no times (/sys/block/X/queue/iostats is 0). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} block_io_untimed_total SEC(".maps");

/* Observations for which the maps above had no room. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} block_io_uncounted_total SEC(".maps");

/* One observation: its bucket, and the sum behind the last. */
static __always_inline void observe(void *map, struct request_key *key, u16 bucket, u16 last,
				    u64 value)
{
	u32 zero = 0;

	key->bucket = bucket > last ? last : bucket;
	if (!add_to_map(map, key, 1)) {
		increment_map(&block_io_uncounted_total, &zero, 1);
		return;
	}
	key->bucket = last + 1;
	add_to_map(map, key, value);
}

static __always_inline void observe_latency(struct request *request, struct request_key *key)
{
	u64 begin = BPF_CORE_READ(request, start_time_ns);
	u64 now = bpf_ktime_get_ns();
	u32 zero = 0;
	u64 took_us;

	if (!begin) {
		increment_map(&block_io_untimed_total, &zero, 1);
		return;
	}
	/* Rounded, not cut: the sum of many short requests stays right. */
	took_us = now > begin ? (now - begin + NS_PER_US / 2) / NS_PER_US : 0;
	observe(&block_io_latency_seconds, key, log2l_histogram(took_us), LATENCY_BUCKET_MAX,
		took_us);
}

/* A flush carries nothing; the smallest bucket counts it too. */
static __always_inline void observe_size(u64 bytes, struct request_key *key)
{
	u16 bucket = log2l_histogram(bytes);

	observe(&block_io_size_bytes, key, bucket < SIZE_BUCKET_MIN ? SIZE_BUCKET_MIN : bucket,
		SIZE_BUCKET_MAX, bytes);
}

/*
 * A completion may come in parts; the last one completes what is left. Interrupts complete requests, so the counters
 * are added to atomically even though every CPU has its own.
 */
SEC("raw_tp/block_rq_complete")
int block_rq_complete(struct bpf_raw_tracepoint_args *ctx)
{
	struct request *request = (void *)ctx->args[0];
	u32 bytes = ctx->args[2];
	struct request_key key = {};

	if (bytes < BPF_CORE_READ(request, __data_len))
		return 0;
	key.device = device_of(request);
	key.operation = BPF_CORE_READ(request, cmd_flags) & REQUEST_OPERATION;
	observe_size(bytes, &key);
	observe_latency(request, &key);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
