// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * How long requests to disks take, as a histogram. The request itself knows when it began, so one program at its end is enough.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "slots.bpf.h"

#include <gadget/macros.h>

#define ROWS_MAX 4096

/* Of request.cmd_flags. */
enum operation : u32 {
	READ = 0,
	WRITE = 1,
	FLUSH = 2,
	DISCARD = 3,
	SECURE_ERASE = 5,
	ZONE_APPEND = 7,
	WRITE_ZEROES = 9,
	ZONE_OPEN = 10,
	ZONE_CLOSE = 11,
	ZONE_FINISH = 12,
	ZONE_RESET = 15,
	ZONE_RESET_ALL = 17,
	DRIVER_IN = 34,
	DRIVER_OUT = 35,
};

struct row_key {
	enum operation op_raw;
	u32 major;
	u32 minor;
};

struct row {
	gadget_histogram_slot__u32 latency[SLOTS];
	u32 __pad;
	u64 latency_sum;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ROWS_MAX);
	__type(key, struct row_key);
	__type(value, struct row);
} requests SEC(".maps");

GADGET_MAPITER(blockio, requests);

static __always_inline struct gendisk *disk_of(struct request *request)
{
	struct request___before_5_17 *before = (void *)request;

	return bpf_core_field_exists(before->rq_disk) ? BPF_CORE_READ(before, rq_disk)
						      : BPF_CORE_READ(request, q, disk);
}

/* A completion may come in parts; the last one completes what is left. */
SEC("raw_tp/block_rq_complete")
int BPF_PROG(end_request, struct request *request, int error, u32 bytes)
{
	u64 since = BPF_CORE_READ(request, start_time_ns), now = bpf_ktime_get_ns();
	struct gendisk *disk = disk_of(request);
	struct row_key key = {
		.op_raw = BPF_CORE_READ(request, cmd_flags) & REQUEST_OPERATION,
	};
	struct row zeros = {}, *row;

	if (bytes < BPF_CORE_READ(request, __data_len))
		return 0;
	/* Nobody accounts for the queue; or another CPU's clock is ahead. */
	if (!since || since > now)
		return 0;
	if (disk) {
		key.major = BPF_CORE_READ(disk, major);
		key.minor = BPF_CORE_READ(disk, first_minor);
	}
	row = lookup_or_add(&requests, &key, &zeros);
	if (row)
		observe_in_slots(row->latency, &row->latency_sum, (now - since) / 1000);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
