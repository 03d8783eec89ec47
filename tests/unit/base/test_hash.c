/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/map.h"

static void test_hash__equal_bytes_have_equal_hashes_wherever_they_lie(void **state)
{
	char bytes[300], moved[301];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 31);
	memcpy(moved + 1, bytes, sizeof(bytes));
	for (size_t len = 0; len <= sizeof(bytes); len++)
		assert_true(hash_bytes(bytes, len) == hash_bytes(moved + 1, len));
}

static void test_hash__reads_only_its_bytes(void **state)
{
	(void)state;
	/* exact heap blocks: ASan sees one byte too many */
	for (size_t len = 0; len < 70; len++) {
		char *bytes = calloc(1, len ? len : 1);

		(void)hash_bytes(bytes, len);
		free(bytes);
	}
}

/* Every single-bit change, at every length of every code path, changes about half of the hash. */
static void test_hash__every_bit_counts(void **state)
{
	(void)state;
	for (size_t len = 1; len <= 80; len++) {
		uint8_t bytes[80] = { 0 };
		uint64_t all_zero = hash_bytes(bytes, len);
		size_t flips = 0;

		for (size_t bit = 0; bit < 8 * len; bit++) {
			uint64_t difference;

			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			difference = hash_bytes(bytes, len) ^ all_zero;
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_true(difference != 0);
			flips += (size_t)__builtin_popcountll(difference);
		}
		/* 32 of 64 are expected; a weak path would be far from it, even with eight
		 * samples */
		assert_in_range(flips / (8 * len), 20, 44);
	}
}

static void test_hash__length_counts(void **state)
{
	static const char zeros[64];

	(void)state;
	for (size_t a = 0; a < sizeof(zeros); a++) {
		for (size_t b = 0; b < a; b++)
			assert_true(hash_bytes(zeros, a) != hash_bytes(zeros, b));
	}
}

/* Counters are what keys look like; the low bits choose the slot. */
static void test_hash__counters_spread_over_the_low_bits(void **state)
{
	unsigned int buckets[1024] = { 0 };
	unsigned int fullest = 0;

	(void)state;
	for (uint32_t key = 0; key < 64 * 1024; key++)
		buckets[hash_bytes(&key, sizeof(key)) % 1024]++;
	for (size_t i = 0; i < 1024; i++)
		fullest = buckets[i] > fullest ? buckets[i] : fullest;
	/* 64 each, standard deviation 8 */
	assert_in_range(fullest, 64, 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash__equal_bytes_have_equal_hashes_wherever_they_lie),
		cmocka_unit_test(test_hash__reads_only_its_bytes),
		cmocka_unit_test(test_hash__every_bit_counts),
		cmocka_unit_test(test_hash__length_counts),
		cmocka_unit_test(test_hash__counters_spread_over_the_low_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
