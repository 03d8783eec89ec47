// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Maps that are soon full, beside arrays for what has no room in them: fire(who, value) adds to all of them.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

typedef __u32 u32;
typedef __u64 u64;

#include "maps.bpf.h"

#include "histogram.bpf.h"

#define ROOM 4
#define BUCKET_MAX 6

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, ROOM);
	__type(key, u64);
	__type(value, u64);
} counts_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} counts_overflow SEC(".maps");

struct bucket_key {
	u32 who;
	u32 bucket;
};

/* Not per CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ROOM);
	__type(key, struct bucket_key);
	__type(value, u64);
} keyed_sizes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLOT_COUNT(BUCKET_MAX));
	__type(key, u32);
	__type(value, u64);
} keyed_sizes_overflow SEC(".maps");

struct row {
	u64 slots[SLOT_COUNT(BUCKET_MAX)];
};

static const struct row empty_row;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, ROOM);
	__type(key, u64);
	__type(value, struct row);
} valued_sizes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct row);
} valued_sizes_overflow SEC(".maps");

SEC("uprobe/./trigger:fire")
int BPF_KPROBE(on_fire, u64 who, u64 value)
{
	struct bucket_key key = { .who = who };
	struct row *row;

	add_or_overflow(&counts_total, &who, value, &counts_overflow, 0);
	increment_exp2_histogram_or_overflow(&keyed_sizes, key, value, BUCKET_MAX,
					     &keyed_sizes_overflow);
	row = lookup_or_overflow(&valued_sizes, &who, &empty_row, &valued_sizes_overflow);
	if (row)
		observe_exp2(row->slots, BUCKET_MAX, value);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
