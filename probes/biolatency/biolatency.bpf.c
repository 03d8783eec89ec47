// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Block I/O by device and operation: how long requests took from being made until completed, and how large they were.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "histogram.bpf.h"

#define LATENCY_BUCKET_MAX 26 /* 2^26 us: 67 s */
#define SIZE_BUCKET_MIN 9     /* a sector */
#define SIZE_BUCKET_MAX 24    /* 16 MiB */
#define KEY_MAX 512           /* devices * operations */

struct request_key {
	u32 device; /* as the kernel encodes major and minor */
	u8 operation;
	u8 pad[3];
};

struct latency_row {
	u64 slots[SLOT_COUNT(LATENCY_BUCKET_MAX)];
};

struct size_row {
	u64 slots[SLOT_COUNT(SIZE_BUCKET_MAX - SIZE_BUCKET_MIN)];
};

static const struct latency_row no_latency;
static const struct size_row no_size;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, KEY_MAX);
	__type(key, struct request_key);
	__type(value, struct latency_row);
} block_io_latency_seconds SEC(".maps");

/* Requests that the map above has no room for. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct latency_row);
} block_io_latency_overflow SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, KEY_MAX);
	__type(key, struct request_key);
	__type(value, struct size_row);
} block_io_size_bytes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct size_row);
} block_io_size_overflow SEC(".maps");

/* Completed while their queue kept no times (/sys/block/X/queue/iostats is 0). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} block_io_untimed_total SEC(".maps");

static __always_inline void observe_latency(struct request *request, const struct request_key *key)
{
	u64 begin = BPF_CORE_READ(request, start_time_ns);
	struct latency_row *row;
	u32 zero = 0;

	if (!begin) {
		increment_map(&block_io_untimed_total, &zero, 1);
		return;
	}
	row = lookup_or_overflow(&block_io_latency_seconds, key, &no_latency,
				 &block_io_latency_overflow);
	if (row)
		observe_exp2(row->slots, LATENCY_BUCKET_MAX,
			     microseconds(begin, bpf_ktime_get_ns()));
}

/* A flush carries nothing; the smallest bucket counts it too. */
static __always_inline void observe_size(u64 bytes, const struct request_key *key)
{
	struct size_row *row = lookup_or_overflow(&block_io_size_bytes, key, &no_size,
						  &block_io_size_overflow);

	if (row)
		observe_exp2_from(row->slots, SIZE_BUCKET_MIN, SIZE_BUCKET_MAX, bytes);
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
