/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_MAPS_BPF_H
#define SONDE_MAPS_BPF_H

/*
 * Counting in maps, with the names and meanings that programs for ebpf_exporter use.
 * Include vmlinux.h and bpf_helpers.h first.
 *
 * A counter is a u64 per key. A histogram is a map of counters whose key is a struct with a member `bucket`, the last
 * one: bucket i counts values up to the i-th bound, values above the last bound count in the last bucket, and the
 * bucket after the last one holds the sum of all values.
 *
 * The plain forms add atomically. The _nosync forms do not: they are for per-CPU maps, where nobody else adds.
 */

#include "bits.bpf.h"

/* Makes `into` point to the value of the key, which is put in as zero when it is not there. When the map is full, the
 * calling function returns 0. */
#define lookup_or_zero_init_key(map, key, into)                                                    \
	do {                                                                                       \
		u64 sonde_zero = 0;                                                                \
                                                                                                   \
		(into) = bpf_map_lookup_elem((map), (key));                                        \
		if (!(into)) {                                                                     \
			bpf_map_update_elem((map), (key), &sonde_zero, BPF_NOEXIST);               \
			(into) = bpf_map_lookup_elem((map), (key));                                \
			if (!(into))                                                               \
				return 0;                                                          \
		}                                                                                  \
	} while (0)

/* Makes `into` point to the element of an array. When the index is beyond it, the calling function returns 0. */
#define read_array_ptr(map, key, into)                                                             \
	do {                                                                                       \
		(into) = bpf_map_lookup_elem((map), (key));                                        \
		if (!(into))                                                                       \
			return 0;                                                                  \
	} while (0)

/* Adds to the counter of the key; the value afterwards, or 0 when the map is full. */
static inline int increment_map(void *map, void *key, u64 increment)
{
	u64 *count;

	lookup_or_zero_init_key(map, key, count);
	__sync_fetch_and_add(count, increment);
	return *count;
}

static inline int increment_map_nosync(void *map, void *key, u64 increment)
{
	u64 *count;

	lookup_or_zero_init_key(map, key, count);
	*count += increment;
	return *count;
}

/* The value of the key, which is put in as `zero` when it is not there; NULL when there is no room. */
static __always_inline void *lookup_or_add(void *map, const void *key, const void *zero)
{
	void *value = bpf_map_lookup_elem(map, key);

	if (value)
		return value;
	bpf_map_update_elem(map, key, zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(map, key);
}

/* The same where it matters whether there was room: false when the map is full and nothing was counted. */
static __always_inline bool add_to_map(void *map, void *key, u64 increment)
{
	u64 zero = 0;
	u64 *count = lookup_or_add(map, key, &zero);

	if (!count)
		return false;
	__sync_fetch_and_add(count, increment);
	return true;
}

/*
 * Nothing is lost when a map is full: keys that it has no room for are counted together in an overflow map, which the
 * YAML names (`overflow: MAP`), and show as one series. It is an array with values like those of the map; per CPU when
 * the map is:
 *
 *	struct {
 *		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
 *		__uint(max_entries, 1);
 *		__type(key, u32);
 *		__type(value, u64);
 *	} requests_overflow SEC(".maps");
 *
 * A histogram with its buckets in the key has an entry there for each bucket, at the index that `bucket` has in keys, and
 * one for the sum behind the last.
 * What an insert that fails for another reason (no memory, a lock that is taken) would have lost ends up there, too.
 */

/* The value of the key, or where there is no room that of the overflow map. The verifier wants it checked for NULL. */
static __always_inline void *lookup_or_overflow(void *map, const void *key, const void *zero,
						void *overflow)
{
	void *value = lookup_or_add(map, key, zero);
	u32 index = 0;

	return value ? value : bpf_map_lookup_elem(overflow, &index);
}

/* Adds to the counter of the key, or to the overflow counter at the index. */
static __always_inline void add_or_overflow(void *map, const void *key, u64 increment,
					    void *overflow, u32 index)
{
	u64 zero = 0;
	u64 *count = lookup_or_add(map, key, &zero);

	if (!count)
		count = bpf_map_lookup_elem(overflow, &index);
	if (count)
		__sync_fetch_and_add(count, increment);
}

/* The bucket of an exp2 histogram that a value falls into: ceil(log2(value)), 0 for 0. */
static __always_inline u64 log2l_histogram(u64 value)
{
	return log2l_ceil(value);
}

/* The bucket of an exp2zero histogram: 0 is a bucket of its own, and the others follow. */
static __always_inline u64 log2l_zero_histogram(u64 value)
{
	return value ? log2l_ceil(value) + 1 : 0;
}

/* One observation: its bucket (at most the last), and the sum behind the last. `key` is left with some bucket set. */
#define _increment_histogram(map, key, increment, max_bucket, increment_fn)                        \
	do {                                                                                       \
		u64 sonde_increment = (increment);                                                 \
                                                                                                   \
		if ((key).bucket > (max_bucket))                                                   \
			(key).bucket = (max_bucket);                                               \
		increment_fn((map), &(key), 1);                                                    \
		if (sonde_increment > 0) {                                                         \
			(key).bucket = (max_bucket) + 1;                                           \
			increment_fn((map), &(key), sonde_increment);                              \
		}                                                                                  \
	} while (0)

#define _increment_log2_histogram(map, key, increment, max_bucket, bucket_fn, increment_fn)        \
	do {                                                                                       \
		u64 sonde_value = (increment);                                                     \
                                                                                                   \
		(key).bucket = bucket_fn(sonde_value);                                             \
		_increment_histogram(map, key, sonde_value, max_bucket, increment_fn);             \
	} while (0)

#define increment_exp2_histogram(map, key, increment, max_bucket)                                  \
	_increment_log2_histogram(map, key, increment, max_bucket, log2l_histogram, increment_map)

#define increment_exp2_histogram_nosync(map, key, increment, max_bucket)                           \
	_increment_log2_histogram(map, key, increment, max_bucket, log2l_histogram,                \
				  increment_map_nosync)

/* The overflow map has max_bucket + 2 entries. */
#define increment_exp2_histogram_or_overflow(map, key, increment, max_bucket, overflow)            \
	do {                                                                                       \
		u64 sonde_value = (increment);                                                     \
                                                                                                   \
		(key).bucket = log2l_histogram(sonde_value);                                       \
		if ((key).bucket > (max_bucket))                                                   \
			(key).bucket = (max_bucket);                                               \
		add_or_overflow((map), &(key), 1, (overflow), (key).bucket);                       \
		(key).bucket = (max_bucket) + 1;                                                   \
		add_or_overflow((map), &(key), sonde_value, (overflow), (key).bucket);             \
	} while (0)

#define increment_exp2zero_histogram(map, key, increment, max_bucket)                              \
	_increment_log2_histogram(map, key, increment, max_bucket, log2l_zero_histogram,           \
				  increment_map)

#define increment_exp2zero_histogram_nosync(map, key, increment, max_bucket)                       \
	_increment_log2_histogram(map, key, increment, max_bucket, log2l_zero_histogram,           \
				  increment_map_nosync)

#endif
