// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * What block I/O waits for: how long requests stood in the queue before the device got them, how long the device had
 * them, and how many it has at a time.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "histogram.bpf.h"

#define TIME_BUCKET_MAX 26  /* 2^26 us: 67 s */
#define DEPTH_BUCKET_MAX 12 /* 4096 requests */
#define DEVICE_MAX 256
#define KEY_MAX 512 /* devices * operations */
#define ISSUED_MAX 8192

struct time_key {
	u32 device; /* as the kernel encodes major and minor */
	u8 operation;
	u8 pad[3];
};

struct time_row {
	u64 slots[SLOT_COUNT(TIME_BUCKET_MAX)];
};

struct depth_row {
	u64 slots[SLOT_COUNT(DEPTH_BUCKET_MAX)];
};

static const struct time_row no_time;
static const struct depth_row no_depth;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, KEY_MAX);
	__type(key, struct time_key);
	__type(value, struct time_row);
} block_io_queue_seconds SEC(".maps");

/* Requests that the map above has no room for. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct time_row);
} block_io_queue_overflow SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, KEY_MAX);
	__type(key, struct time_key);
	__type(value, struct time_row);
} block_io_device_seconds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct time_row);
} block_io_device_overflow SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, DEVICE_MAX);
	__type(key, u32);
	__type(value, struct depth_row);
} block_io_depth SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct depth_row);
} block_io_depth_overflow SEC(".maps");

/* By device: what it has now. Not per CPU: another CPU than the one that issued may complete. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DEVICE_MAX);
	__type(key, u32);
	__type(value, s64);
} block_io_in_flight SEC(".maps");

/* What all devices together have that the map above has no room for: their depth is known in common only. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, s64);
} block_io_in_flight_overflow SEC(".maps");

/* Requests that were not followed, because more were at devices than there was room for. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} block_io_unfollowed_total SEC(".maps");

struct issue {
	u64 since; /* ns */
	u32 device;
	u8 operation;
	u8 pad[3];
};

/* What devices have, by the address of the request. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ISSUED_MAX);
	__type(key, u64);
	__type(value, struct issue);
} issued SEC(".maps");

/*
 * Until 5.10 the request comes second, behind its queue; later releases of 5.10 took the change over, so the type of the
 * tracepoint is asked. CO-RE compares how many arguments it has.
 */
typedef void (*btf_trace_block_rq_issue___with_queue)(void *, struct request_queue *,
						      struct request *);

static __always_inline struct request *request_of(struct bpf_raw_tracepoint_args *ctx)
{
	if (bpf_core_type_exists(btf_trace_block_rq_issue___with_queue)) {
		struct request *request = (void *)ctx->args[1];

		/* Else the compiler reads once, at a place that it computes, which verifiers refuse. */
		barrier_var(request);
		return request;
	}
	return (void *)ctx->args[0];
}

static __always_inline void observe_time(void *map, void *overflow, const struct issue *issue,
					 u64 took_us)
{
	struct time_key key = { .device = issue->device, .operation = issue->operation };
	struct time_row *row = lookup_or_overflow(map, &key, &no_time, overflow);

	if (row)
		observe_exp2(row->slots, TIME_BUCKET_MAX, took_us);
}

static __always_inline void observe_depth(u32 device, s64 depth)
{
	struct depth_row *row = lookup_or_overflow(&block_io_depth, &device, &no_depth,
						   &block_io_depth_overflow);

	if (row)
		observe_exp2(row->slots, DEPTH_BUCKET_MAX, depth > 0 ? depth : 0);
}

/* How many the device has with this one, which it got or has given back. */
static __always_inline s64 change_in_flight(u32 device, s64 by)
{
	s64 zero = 0;
	s64 *count = lookup_or_overflow(&block_io_in_flight, &device, &zero,
					&block_io_in_flight_overflow);

	if (!count)
		return 0;
	__sync_fetch_and_add(count, by);
	return *count;
}

/* The device has it no more. Whoever takes the entry out counts that, and nobody a second time. */
static __always_inline void forget(u64 address, u32 device)
{
	if (bpf_map_delete_elem(&issued, &address) == 0)
		change_in_flight(device, -1);
}

/*
 * Interrupts complete requests, so the counters are added to atomically even though every CPU has its own. A request
 * that ended unseen, as some drivers let passthrough requests, is found here when its address is used again.
 */
SEC("raw_tp/block_rq_issue")
int block_rq_issue(struct bpf_raw_tracepoint_args *ctx)
{
	struct request *request = request_of(ctx);
	u64 address = (u64)request, made = BPF_CORE_READ(request, start_time_ns);
	struct issue issue = {}, *unfinished = bpf_map_lookup_elem(&issued, &address);
	u32 zero = 0;

	if (unfinished)
		forget(address, unfinished->device);
	issue.since = bpf_ktime_get_ns();
	issue.device = device_of(request);
	issue.operation = BPF_CORE_READ(request, cmd_flags) & REQUEST_OPERATION;
	if (bpf_map_update_elem(&issued, &address, &issue, BPF_ANY) != 0) {
		increment_map(&block_io_unfollowed_total, &zero, 1);
		return 0;
	}
	observe_depth(issue.device, change_in_flight(issue.device, 1));
	if (made)
		observe_time(&block_io_queue_seconds, &block_io_queue_overflow, &issue,
			     microseconds(made, issue.since));
	return 0;
}

/* The driver could not take it now; it is issued once more later. */
SEC("raw_tp/block_rq_requeue")
int block_rq_requeue(struct bpf_raw_tracepoint_args *ctx)
{
	u64 address = (u64)request_of(ctx);
	struct issue *issue = bpf_map_lookup_elem(&issued, &address);

	if (issue)
		forget(address, issue->device);
	return 0;
}

/* A completion may come in parts; the last one completes what is left. */
SEC("raw_tp/block_rq_complete")
int block_rq_complete(struct bpf_raw_tracepoint_args *ctx)
{
	struct request *request = (void *)ctx->args[0];
	u64 address = (u64)request, now = bpf_ktime_get_ns();
	struct issue *issue = bpf_map_lookup_elem(&issued, &address);
	u32 bytes = ctx->args[2];

	if (!issue || bytes < BPF_CORE_READ(request, __data_len))
		return 0;
	observe_time(&block_io_device_seconds, &block_io_device_overflow, issue,
		     microseconds(issue->since, now));
	forget(address, issue->device);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
