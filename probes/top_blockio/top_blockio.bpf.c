// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Requests to disks by the process they were made for.
 */
#include "gadget.bpf.h"

#include "maps.bpf.h"

#define ROWS_MAX 10240
#define UNDER_WAY_MAX 10240

enum rw_type : u8 {
	read,
	write,
};

struct row_key {
	struct gadget_process proc;
	enum rw_type rw_raw;
	u8 __pad[3];
	s32 major;
	s32 minor;
	u32 __pad_end;
};

struct row {
	gadget_counter__u64 bytes;
	gadget_counter__u64 us;
	gadget_counter__u32 io;
	u32 __pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ROWS_MAX);
	__type(key, struct row_key);
	__type(value, struct row);
} requests SEC(".maps");

GADGET_MAPITER(blockio, requests);

struct begun {
	u64 since; /* ns */
	u64 bytes;
	struct gadget_process proc;
};

/* By request: it ends when anybody runs. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, UNDER_WAY_MAX);
	__type(key, u64);
	__type(value, struct begun);
} under_way SEC(".maps");

/* Since 6.5. */
typedef void (*btf_trace_block_io_start)(void *data, struct request *request);

static __always_inline int begin(struct request *request)
{
	struct begun begun = { .bytes = BPF_CORE_READ(request, __data_len) };
	u64 key = (u64)request;

	if (!is_wanted())
		return 0;
	begun.since = bpf_ktime_get_ns();
	fill_process(&begun.proc);
	bpf_map_update_elem(&under_way, &key, &begun, BPF_ANY);
	return 0;
}

SEC("tp_btf/block_io_start")
int BPF_PROG(begin_request, struct request *request)
{
	return begin(request);
}

static __always_inline void count(const struct begun *begun, struct request *request)
{
	struct row_key key = {
		.proc = begun->proc,
		.rw_raw = BPF_CORE_READ(request, cmd_flags) & 1, /* odd ones carry data to it */
	};
	struct request___before_5_17 *before = (void *)request;
	struct gendisk *disk = bpf_core_field_exists(before->rq_disk)
				       ? BPF_CORE_READ(before, rq_disk)
				       : BPF_CORE_READ(request, q, disk);
	struct row zeros = {}, *row;

	if (disk) {
		key.major = BPF_CORE_READ(disk, major);
		key.minor = BPF_CORE_READ(disk, first_minor);
	}
	row = lookup_or_add(&requests, &key, &zeros);
	if (!row)
		return;
	__sync_fetch_and_add(&row->bytes, begun->bytes);
	__sync_fetch_and_add(&row->us, (bpf_ktime_get_ns() - begun->since) / 1000);
	__sync_fetch_and_add(&row->io, 1);
}

static __always_inline int end(struct request *request)
{
	u64 key = (u64)request;
	struct begun *begun = bpf_map_lookup_elem(&under_way, &key);

	if (!begun)
		return 0;
	count(begun, request);
	bpf_map_delete_elem(&under_way, &key);
	return 0;
}

SEC("tp_btf/block_io_done")
int BPF_PROG(end_request, struct request *request)
{
	return end(request);
}

/*
 * Before, where a request goes to the disk: a thread of the kernel may bring it there for another one.
 * FALLBACK: remove when the oldest kernel is 6.5.
 */
typedef void (*btf_trace_block_rq_issue___with_queue)(void *data, struct request_queue *queue,
						      struct request *request);

SEC("raw_tp/block_rq_issue")
int begin_issued(struct bpf_raw_tracepoint_args *ctx)
{
	struct request *request;

	/* Until 5.10 it comes second; later releases of 5.10 took the change over. */
	if (!bpf_core_type_exists(btf_trace_block_rq_issue___with_queue))
		return begin((void *)ctx->args[0]);
	request = (void *)ctx->args[1];
	/* Else the compiler reads once, at a place that it computes, which verifiers refuse. */
	barrier_var(request);
	return begin(request);
}

/* A completion may come in parts; the last one completes what is left. */
SEC("raw_tp/block_rq_complete")
int end_completed(struct bpf_raw_tracepoint_args *ctx)
{
	struct request *request = (void *)ctx->args[0];

	return (u32)ctx->args[2] < BPF_CORE_READ(request, __data_len) ? 0 : end(request);
}

char LICENSE[] SEC("license") = "GPL";
