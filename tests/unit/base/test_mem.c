/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"

static void test_grow__doubles_and_keeps_the_content(void **state)
{
	uint32_t *numbers = NULL;
	size_t capacity = 0, before = 0, growths = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(
			mem_grow((void **)(void *)&numbers, &capacity, i + 1, sizeof(*numbers)), 0);
		assert_true(capacity > i);
		growths += capacity != before;
		before = capacity;
		numbers[i] = i;
	}
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(numbers[i], i);
	assert_in_range(growths, 1, 10);
	free(numbers);
}

static void test_grow__to_what_does_not_fit_changes_nothing(void **state)
{
	uint64_t *numbers = NULL;
	size_t capacity = 0;

	(void)state;
	assert_int_equal(mem_grow((void **)(void *)&numbers, &capacity, 3, sizeof(*numbers)), 0);
	numbers[2] = 7;
	assert_int_equal(mem_grow((void **)(void *)&numbers, &capacity, SIZE_MAX, sizeof(*numbers)),
			 -ENOMEM);
	assert_int_equal(
		mem_grow((void **)(void *)&numbers, &capacity, SIZE_MAX / 8 + 1, sizeof(*numbers)),
		-ENOMEM);
	assert_int_equal(capacity, 8);
	assert_int_equal(numbers[2], 7);
	free(numbers);
}

static void test_take_ptr__leaves_null(void **state)
{
	char *text = strdup("x");
	char *taken = take_ptr(text);

	(void)state;
	assert_null(text);
	assert_string_equal(taken, "x");
	x_freep(&taken);
	assert_null(taken);
}

static void test_cleanup__frees_at_the_end_of_the_block(void **state)
{
	(void)state;
	/* the leak checker is the assertion */
	for (int i = 0; i < 3; i++) {
		__cleanup(x_freep) char *text = strdup("x");

		assert_non_null(text);
	}
}

struct member {
	int before;
	int inside;
};

static void test_container_of__finds_the_outer_object(void **state)
{
	struct member object;

	(void)state;
	assert_ptr_equal(container_of(&object.inside, struct member, inside), &object);
}

static void test_vec__pushes_and_walks(void **state)
{
	VEC(struct member) members = VEC_INIT;
	int sum = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct member member = { i, i };

		assert_int_equal(vec_push(&members, member), 0);
	}
	vec_for_each(&members, member) sum += member->inside;
	assert_int_equal(sum, 4950);
	assert_int_equal(members.len, 100);
	assert_int_equal(vec_reserve(&members, SIZE_MAX / 2), -ENOMEM);
	assert_int_equal(members.items[99].before, 99);
	vec_done(&members);
	assert_null(members.items);
	assert_int_equal(members.capacity, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grow__doubles_and_keeps_the_content),
		cmocka_unit_test(test_grow__to_what_does_not_fit_changes_nothing),
		cmocka_unit_test(test_take_ptr__leaves_null),
		cmocka_unit_test(test_cleanup__frees_at_the_end_of_the_block),
		cmocka_unit_test(test_container_of__finds_the_outer_object),
		cmocka_unit_test(test_vec__pushes_and_walks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
