/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

static int one, two;

static void test_find__in_an_empty_map(void **state)
{
	struct map map = MAP_INIT;

	(void)state;
	assert_null(map__find(&map, "key", 3));
	assert_null(map__take(&map, "key", 3));
	map__done(&map, NULL);
}

static void test_set__adds_and_replaces(void **state)
{
	struct map map = MAP_INIT;
	void *old = &two;

	(void)state;
	assert_int_equal(map__set(&map, "key", 3, &one, &old), 0);
	assert_null(old);
	assert_ptr_equal(map__find(&map, "key", 3), &one);
	assert_int_equal(map__set(&map, "key", 3, &two, &old), 0);
	assert_ptr_equal(old, &one);
	assert_ptr_equal(map__find(&map, "key", 3), &two);
	assert_int_equal(map.len, 1);
	map__done(&map, NULL);
	assert_int_equal(map.len, 0);
}

static void test_set__keeps_a_copy_of_the_key(void **state)
{
	struct map map = MAP_INIT;
	char key[] = "key";

	(void)state;
	map__set(&map, key, 3, &one, NULL);
	key[0] = 'x';
	assert_ptr_equal(map__find(&map, "key", 3), &one);
	assert_null(map__find(&map, "xey", 3));
	map__done(&map, NULL);
}

static void test_find__keys_are_bytes(void **state)
{
	struct map map = MAP_INIT;

	(void)state;
	map__set(&map, "a\0b", 3, &one, NULL);
	map__set(&map, "", 0, &two, NULL);
	assert_ptr_equal(map__find(&map, "a\0b", 3), &one);
	assert_null(map__find(&map, "a\0c", 3));
	assert_null(map__find(&map, "a", 1));
	assert_ptr_equal(map__find(&map, NULL, 0), &two);
	assert_ptr_equal(map__take(&map, "", 0), &two);
	assert_null(map__find(&map, "", 0));
	map__done(&map, NULL);
}

/* Short keys are kept otherwise than long ones. */
static void test_map__keys_of_all_lengths(void **state)
{
	static const char key[] = "0123456789abcdef0123456789abcdef";
	static char values[sizeof(key)];
	struct map map = MAP_INIT;
	size_t cursor = 0, len, seen = 0;
	const void *found;
	void *value;

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		assert_int_equal(map__set(&map, key, i, &values[i], NULL), 0);
	for (size_t i = 0; i < sizeof(key); i++)
		assert_ptr_equal(map__find(&map, key, i), &values[i]);
	for (; map__next(&map, &cursor, &found, &len, &value); seen++) {
		assert_memory_equal(found, key, len);
		assert_ptr_equal(value, &values[len]);
	}
	assert_int_equal(seen, sizeof(key));
	for (size_t i = 0; i < sizeof(key); i += 2)
		assert_ptr_equal(map__take(&map, key, i), &values[i]);
	for (size_t i = 0; i < sizeof(key); i++)
		assert_ptr_equal(map__find(&map, key, i), i % 2 ? &values[i] : NULL);
	map__done(&map, NULL);
}

/* Against an array that says what must be there: adds and removes in a random order. */
static void test_map__agrees_with_a_plain_array(void **state)
{
	static char values[2000];
	static void *expected[2000];
	struct map map = MAP_INIT;
	uint32_t random = 1;
	size_t len = 0;

	(void)state;
	memset(expected, 0, sizeof(expected));
	for (int round = 0; round < 100000; round++) {
		uint32_t key;
		void *old;

		random = random * 1664525 + 1013904223;
		key = (random >> 8) % 2000;
		if (random >> 31) {
			assert_int_equal(map__set(&map, &key, sizeof(key), &values[key], &old), 0);
			assert_ptr_equal(old, expected[key]);
			len += !expected[key];
			expected[key] = &values[key];
		} else {
			assert_ptr_equal(map__take(&map, &key, sizeof(key)), expected[key]);
			len -= expected[key] != NULL;
			expected[key] = NULL;
		}
		assert_int_equal(map.len, len);
	}
	for (uint32_t key = 0; key < 2000; key++)
		assert_ptr_equal(map__find(&map, &key, sizeof(key)), expected[key]);
	map__done(&map, NULL);
}

static void test_next__visits_each_once(void **state)
{
	static char values[500];
	struct map map = MAP_INIT;
	const void *key;
	size_t cursor = 0, key_len, count = 0;
	void *value;

	(void)state;
	for (uint16_t i = 0; i < 500; i++)
		map__set(&map, &i, sizeof(i), &values[i], NULL);
	while (map__next(&map, &cursor, &key, &key_len, &value)) {
		uint16_t number;

		assert_int_equal(key_len, sizeof(number));
		memcpy(&number, key, sizeof(number));
		assert_ptr_equal(value, &values[number]);
		assert_int_equal(values[number]++, 0);
		count++;
	}
	assert_int_equal(count, 500);
	cursor = 0;
	assert_true(map__next(&map, &cursor, NULL, NULL, NULL));
	map__done(&map, NULL);
	cursor = 0;
	assert_false(map__next(&map, &cursor, &key, &key_len, &value));
}

static void test_done__frees_the_values(void **state)
{
	struct map map = MAP_INIT;

	(void)state;
	/* the leak checker is the assertion */
	for (int i = 0; i < 40; i++)
		map__set(&map, &i, sizeof(i), malloc(16), NULL);
	map__done(&map, free);
	assert_null(map.slots);
}

static void test_take__gives_memory_back(void **state)
{
	struct map map = MAP_INIT;
	char key[32];
	size_t most;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		int len = snprintf(key, sizeof(key), "a key of some length %d", i);

		assert_int_equal(map__set(&map, key, (size_t)len, &one, NULL), 0);
	}
	most = map__bytes(&map);
	for (int i = 0; i < 9999; i++) {
		int len = snprintf(key, sizeof(key), "a key of some length %d", i);

		assert_ptr_equal(map__take(&map, key, (size_t)len), &one);
	}
	assert_true(map__bytes(&map) < most / 20);
	assert_ptr_equal(map__find(&map, "a key of some length 9999", 25), &one);
	map__done(&map, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__in_an_empty_map),
		cmocka_unit_test(test_set__adds_and_replaces),
		cmocka_unit_test(test_set__keeps_a_copy_of_the_key),
		cmocka_unit_test(test_find__keys_are_bytes),
		cmocka_unit_test(test_map__keys_of_all_lengths),
		cmocka_unit_test(test_map__agrees_with_a_plain_array),
		cmocka_unit_test(test_next__visits_each_once),
		cmocka_unit_test(test_done__frees_the_values),
		cmocka_unit_test(test_take__gives_memory_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
