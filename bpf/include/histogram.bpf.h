/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_HISTOGRAM_BPF_H
#define BPF_INCLUDE_HISTOGRAM_BPF_H

/*
 * Histograms whose map has all buckets of a row in its value (`buckets_in: value` in the YAML): slots 0 to bucket_max
 * count, the one behind them is the sum. One lookup serves both, and rows by a label with few values fit into an array.
 * Include kernel.bpf.h and maps.bpf.h first.
 */

#define NS_PER_US 1000

#define SLOT_COUNT(bucket_max) ((bucket_max) + 2)

/* Rounded, not cut: the sum of many short times stays right. */
static __always_inline u64 microseconds(u64 begin, u64 end)
{
	return end > begin ? (end - begin + NS_PER_US / 2) / NS_PER_US : 0;
}

/* The compiler must not know what the verifier cannot: that a logarithm has bounds of its own. */
static __always_inline u32 clamp_bucket(u64 bucket, u32 bucket_max)
{
	asm volatile("" : "+r"(bucket));
	return bucket > bucket_max ? bucket_max : bucket;
}

/* Bounds 1, 2, 4, … */
static __always_inline u32 exp2_bucket(u64 value, u32 bucket_max)
{
	return clamp_bucket(log2l_histogram(value), bucket_max);
}

/* 0 is a bucket of its own. */
static __always_inline u32 exp2zero_bucket(u64 value, u32 bucket_max)
{
	return clamp_bucket(log2l_zero_histogram(value), bucket_max);
}

/* Bounds 1, 4, 16, … for rows that are many: half the buckets. */
static __always_inline u32 exp4_bucket(u64 value, u32 bucket_max)
{
	return clamp_bucket((log2l_histogram(value) + 1) / 2, bucket_max);
}

/* Atomically even in a row of one CPU: programs on most hooks can be preempted by others that add to it. */
static __always_inline void observe_slot(u64 *slots, u32 bucket, u32 bucket_max, u64 value)
{
	__sync_fetch_and_add(&slots[bucket], 1);
	__sync_fetch_and_add(&slots[bucket_max + 1], value);
}

static __always_inline void observe_exp2(u64 *slots, u32 bucket_max, u64 value)
{
	observe_slot(slots, exp2_bucket(value, bucket_max), bucket_max, value);
}

static __always_inline void observe_exp4(u64 *slots, u32 bucket_max, u64 value)
{
	observe_slot(slots, exp4_bucket(value, bucket_max), bucket_max, value);
}

/* The same where the first bucket is not 0: slots are SLOT_COUNT(bucket_max - bucket_min). */
static __always_inline void observe_exp2_from(u64 *slots, u32 bucket_min, u32 bucket_max, u64 value)
{
	u64 bucket = log2l_histogram(value);
	u64 slot = bucket > bucket_min ? bucket - bucket_min : 0;

	/* The bound is checked on what indexes: the verifier forgets it over a subtraction. */
	barrier_var(slot);
	if (slot > bucket_max - bucket_min)
		slot = bucket_max - bucket_min;
	__sync_fetch_and_add(&slots[slot], 1);
	__sync_fetch_and_add(&slots[bucket_max - bucket_min + 1], value);
}

/* The same where nobody else adds to this row meanwhile: on one CPU with interrupts off. */
static __always_inline void observe_slot_nosync(u64 *slots, u32 bucket, u32 bucket_max, u64 value)
{
	slots[bucket] += 1;
	slots[bucket_max + 1] += value;
}

static __always_inline void observe_exp2_nosync(u64 *slots, u32 bucket_max, u64 value)
{
	observe_slot_nosync(slots, exp2_bucket(value, bucket_max), bucket_max, value);
}

#endif
