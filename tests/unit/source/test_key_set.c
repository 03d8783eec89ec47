/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source/table.h"

static void test_add__tells_new_from_known(void **state)
{
	struct key_set set = { .key_size = 6 };

	(void)state;
	assert_int_equal(key_set__add(&set, "abcdef"), 1);
	assert_int_equal(key_set__add(&set, "abcdeg"), 1);
	assert_int_equal(key_set__add(&set, "abcdef"), 0);
	key_set__clear(&set);
	assert_int_equal(key_set__add(&set, "abcdef"), 1);
	assert_int_equal(key_set__add(&set, "abcdef"), 0);
	key_set__done(&set);
}

static void test_add__many(void **state)
{
	struct key_set set = { .key_size = sizeof(uint32_t) };

	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		for (uint32_t key = 0; key < 20000; key++)
			assert_int_equal(key_set__add(&set, &key), turn == 0);
	}
	assert_int_equal(set.index.len, 20000);
	key_set__done(&set);
}

static void test_add__to_an_empty_set_after_clear(void **state)
{
	struct key_set set = { .key_size = 1 };

	(void)state;
	key_set__clear(&set);
	assert_int_equal(key_set__add(&set, "x"), 1);
	key_set__done(&set);
	key_set__done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add__tells_new_from_known),
		cmocka_unit_test(test_add__many),
		cmocka_unit_test(test_add__to_an_empty_set_after_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
