/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/hash_index.h"

static size_t count_with(const struct hash_index *index, uint32_t hash, uint32_t number)
{
	size_t position = hash;
	size_t count = 0;
	uint32_t found;

	while ((found = hash_index__next(index, hash, &position)) != HASH_INDEX_NONE)
		count += found == number;
	return count;
}

static void test_next__of_an_empty_index(void **state)
{
	struct hash_index index = HASH_INDEX_INIT;
	size_t position = 7;

	(void)state;
	assert_int_equal(hash_index__next(&index, 7, &position), HASH_INDEX_NONE);
	hash_index__clear(&index);
	hash_index__done(&index);
}

static void test_next__gives_all_with_one_hash(void **state)
{
	struct hash_index index = HASH_INDEX_INIT;

	(void)state;
	assert_int_equal(hash_index__reserve(&index, 3), 0);
	hash_index__add(&index, 0xffffffff, 0);
	hash_index__add(&index, 0xffffffff, 1);
	hash_index__add(&index, 0xf, 2); /* the same first slot, another hash */
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(count_with(&index, 0xffffffff, i), 1);
	assert_int_equal(count_with(&index, 0xffffffff, 2), 0);
	assert_int_equal(count_with(&index, 0xf, 2), 1);
	hash_index__done(&index);
}

static void test_reserve__keeps_what_is_there(void **state)
{
	struct hash_index index = HASH_INDEX_INIT;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		assert_int_equal(hash_index__reserve(&index, i + 1), 0);
		hash_index__add(&index, i % 1000, i);
	}
	assert_int_equal(index.len, 5000);
	assert_true(index.capacity >= 7500);
	for (uint32_t i = 0; i < 5000; i++)
		assert_int_equal(count_with(&index, i % 1000, i), 1);
	hash_index__done(&index);
}

static void test_reserve__refuses_more_than_numbers(void **state)
{
	struct hash_index index = HASH_INDEX_INIT;

	(void)state;
	assert_true(hash_index__reserve(&index, SIZE_MAX) < 0);
	assert_true(hash_index__reserve(&index, HASH_INDEX_NONE) < 0);
	assert_null(index.slots);
}

static void test_renumber__drops_and_moves(void **state)
{
	struct hash_index index = HASH_INDEX_INIT;
	uint32_t numbers[100];

	(void)state;
	assert_int_equal(hash_index__reserve(&index, 100), 0);
	for (uint32_t i = 0; i < 100; i++) {
		hash_index__add(&index, i * 31, i);
		numbers[i] = i % 2 ? HASH_INDEX_NONE : i / 2;
	}
	assert_int_equal(hash_index__renumber(&index, numbers, 50), 0);
	assert_int_equal(index.len, 50);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(count_with(&index, i * 31, i / 2), i % 2 == 0);
	hash_index__clear(&index);
	assert_int_equal(count_with(&index, 0, 0), 0);
	hash_index__done(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next__of_an_empty_index),
		cmocka_unit_test(test_next__gives_all_with_one_hash),
		cmocka_unit_test(test_reserve__keeps_what_is_there),
		cmocka_unit_test(test_reserve__refuses_more_than_numbers),
		cmocka_unit_test(test_renumber__drops_and_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
