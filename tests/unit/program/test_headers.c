/* SPDX-License-Identifier: Apache-2.0 */
/*
 * include/: what users' own eBPF counts with, compiled for this machine over a map that is an array here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/types.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

/* What vmlinux.h and bpf_helpers.h bring along. */
typedef __u32 u32;
typedef __u64 u64;
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))

enum { BPF_NOEXIST = 1 };

#define ROOM 70

struct fake_map {
	u64 values[ROOM];
	bool is_there[ROOM];
	bool is_full;
};

struct bucket_key {
	u32 bucket;
};

static void *bpf_map_lookup_elem(void *map, const void *key)
{
	struct fake_map *fake = map;
	u32 index;

	memcpy(&index, key, sizeof(index));
	return index < ROOM && fake->is_there[index] ? &fake->values[index] : NULL;
}

static long bpf_map_update_elem(void *map, const void *key, const void *value, u64 flags)
{
	struct fake_map *fake = map;
	u32 index;

	assert_int_equal(flags, BPF_NOEXIST);
	memcpy(&index, key, sizeof(index));
	if (fake->is_full || index >= ROOM)
		return -7;
	fake->is_there[index] = true;
	memcpy(&fake->values[index], value, sizeof(u64));
	return 0;
}

/* Names of <math.h>, which eBPF has not. */
#define log2 bits_log2
#define log2l bits_log2l

/* Not every macro is used by every program. */
#pragma GCC diagnostic ignored "-Wunused-function"
#include "include/maps.bpf.h"

static void test_log2l__every_power(void **state)
{
	(void)state;
	assert_int_equal(log2l(0), 0);
	for (u64 i = 0; i < 64; i++) {
		u64 power = 1ull << i;

		assert_int_equal(log2l(power), i);
		assert_int_equal(log2l(power | (power - 1)), i);
		assert_int_equal(log2l_ceil(power), i);
		if (i > 1)
			assert_int_equal(log2l_ceil(power - 1), i);
		if (i < 63)
			assert_int_equal(log2l_ceil(power + 1), i + 1);
	}
	assert_int_equal(log2(UINT32_MAX), 31);
	assert_int_equal(log2l_ceil(0), 0);
	assert_int_equal(log2l_ceil(UINT64_MAX), 64);
}

static void test_increment_map__adds_or_gives_up(void **state)
{
	struct fake_map map = { 0 };
	u32 key = 5;

	(void)state;
	assert_int_equal(increment_map(&map, &key, 3), 3);
	assert_int_equal(increment_map_nosync(&map, &key, 4), 7);
	assert_true(add_to_map(&map, &key, 1));
	assert_int_equal(map.values[5], 8);
	map.is_full = true;
	key = 6;
	assert_int_equal(increment_map(&map, &key, 1), 0);
	assert_false(add_to_map(&map, &key, 1));
}

/* Values 1 to 8 with buckets up to 2^3, as upper bounds: 1:1, 2:2, 4:4, 8:8. */
static void test_increment_exp2__one_to_eight(void **state)
{
	static const u64 counts[] = { 1, 1, 2, 4, 36 /* the sum */ };
	struct fake_map map = { 0 };
	struct bucket_key key;

	(void)state;
	for (u64 value = 1; value <= 8; value++)
		increment_exp2_histogram(&map, key, value, 3);
	assert_memory_equal(map.values, counts, sizeof(counts));
}

static void test_increment_exp2__clamps_and_takes_zero(void **state)
{
	struct fake_map map = { 0 };
	struct bucket_key key;

	(void)state;
	increment_exp2_histogram_nosync(&map, key, 0, 3);
	increment_exp2_histogram_nosync(&map, key, 1000, 3);
	assert_int_equal(map.values[0], 1);
	assert_int_equal(map.values[3], 1);
	assert_int_equal(map.values[4], 1000);
	/* A value of 0 adds nothing to the sum, not even its key. */
	memset(&map, 0, sizeof(map));
	increment_exp2_histogram(&map, key, 0, 3);
	assert_false(map.is_there[4]);
}

static void test_increment_exp2zero__keeps_zero_apart(void **state)
{
	static const u64 counts[] = { 1, 1, 1, 2, 0, 10 };
	struct fake_map map = { 0 };
	struct bucket_key key;

	(void)state;
	for (u64 value = 0; value <= 4; value++)
		increment_exp2zero_histogram(&map, key, value, 4);
	assert_memory_equal(map.values, counts, sizeof(counts));
}

static int evaluations;

static u64 counted_argument(void)
{
	evaluations++;
	return 5;
}

static void test_increment_exp2__evaluates_its_value_once(void **state)
{
	struct fake_map map = { 0 };
	struct bucket_key key;

	(void)state;
	evaluations = 0;
	increment_exp2_histogram(&map, key, counted_argument(), 3);
	assert_int_equal(evaluations, 1);
}

static int read_element(struct fake_map *map, u32 index)
{
	u64 *value;

	read_array_ptr(map, &index, value);
	return (int)*value;
}

static void test_read_array__beyond_its_end(void **state)
{
	struct fake_map map = { 0 };

	(void)state;
	map.is_there[2] = true;
	map.values[2] = 9;
	assert_int_equal(read_element(&map, 2), 9);
	assert_int_equal(read_element(&map, 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log2l__every_power),
		cmocka_unit_test(test_increment_map__adds_or_gives_up),
		cmocka_unit_test(test_increment_exp2__one_to_eight),
		cmocka_unit_test(test_increment_exp2__clamps_and_takes_zero),
		cmocka_unit_test(test_increment_exp2zero__keeps_zero_apart),
		cmocka_unit_test(test_increment_exp2__evaluates_its_value_once),
		cmocka_unit_test(test_read_array__beyond_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
