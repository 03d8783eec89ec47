/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdalign.h>
#include <string.h>

#include "base/arena.h"

static void test_alloc__is_zeroed_and_aligned(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t size = 0; size < 300; size++) {
		char *bytes = arena__alloc(&arena, size);

		assert_non_null(bytes);
		assert_int_equal((uintptr_t)bytes % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(bytes[i], 0);
		memset(bytes, 0xff, size);
	}
	arena__done(&arena);
	assert_null(arena.chunks);
}

static void test_alloc__of_nothing_gives_distinct_objects(void **state)
{
	struct arena arena = ARENA_INIT;
	void *first = arena__alloc(&arena, 0);
	void *second = arena__alloc(&arena, 0);

	(void)state;
	assert_non_null(first);
	assert_non_null(second);
	assert_ptr_not_equal(first, second);
	arena__done(&arena);
}

static void test_alloc__keeps_earlier_objects_when_a_large_one_comes(void **state)
{
	struct arena arena = ARENA_INIT;
	char *small = arena__strdup(&arena, "small");
	char *large = arena__alloc(&arena, 3 * 1024 * 1024);
	char *next = arena__strdup(&arena, "next");

	(void)state;
	assert_non_null(large);
	memset(large, 'x', 3 * 1024 * 1024);
	assert_string_equal(small, "small");
	assert_string_equal(next, "next");
	/* the rest of the first chunk is still in use */
	assert_true(next - small > 0 && next - small < 4096);
	arena__done(&arena);
}

static void test_alloc__impossible_size_is_null(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	assert_null(arena__alloc(&arena, SIZE_MAX));
	assert_null(arena__alloc(&arena, SIZE_MAX - 40));
	assert_null(arena__alloc_array(&arena, SIZE_MAX / 2, 3));
	assert_non_null(arena__alloc(&arena, 1));
	arena__done(&arena);
}

static void test_alloc_array__is_typed(void **state)
{
	struct arena arena = ARENA_INIT;
	uint64_t *numbers = arena_array(&arena, uint64_t, 100);

	(void)state;
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(numbers[i], 0);
	assert_int_equal(arena.used_bytes, 800);
	arena__done(&arena);
}

static void test_strndup__stops_at_nul_and_at_len(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	assert_string_equal(arena__strndup(&arena, "kernel", 3), "ker");
	assert_string_equal(arena__strndup(&arena, "ab\0cd", 5), "ab");
	assert_string_equal(arena__strndup(&arena, "", 0), "");
	arena__done(&arena);
}

static void test_memdup__copies_bytes(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	assert_memory_equal(arena__memdup(&arena, "a\0b", 3), "a\0b", 3);
	assert_non_null(arena__memdup(&arena, NULL, 0));
	arena__done(&arena);
}

static void test_textdup__keeps_nuls_and_adds_one(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	assert_memory_equal(arena__textdup(&arena, "a\0bc", 3), "a\0b", 4);
	assert_string_equal(arena__textdup(&arena, NULL, 0), "");
	assert_null(arena__textdup(&arena, "", SIZE_MAX));
	arena__done(&arena);
}

static void test_printf__formats_long_text(void **state)
{
	struct arena arena = ARENA_INIT;
	char *text = arena__printf(&arena, "%s-%0*d", "x", 9000, 7);

	(void)state;
	assert_int_equal(strlen(text), 9002);
	assert_int_equal(text[9001], '7');
	arena__done(&arena);
}

static void test_reset__keeps_the_largest_chunk(void **state)
{
	struct arena arena = ARENA_INIT;
	void *first_run, *second_run;

	(void)state;
	for (int i = 0; i < 1000; i++)
		memset(arena__alloc(&arena, 100), 0xff, 100);
	arena__reset(&arena);
	assert_int_equal(arena.used_bytes, 0);
	assert_non_null(arena.chunks);

	first_run = arena__alloc(&arena, 100);
	assert_int_equal(*(char *)first_run, 0);
	arena__reset(&arena);
	second_run = arena__alloc(&arena, 100);
	assert_ptr_equal(first_run, second_run);
	arena__done(&arena);
}

static void test_reset__of_an_empty_arena(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	arena__reset(&arena);
	arena__done(&arena);
	arena__done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc__is_zeroed_and_aligned),
		cmocka_unit_test(test_alloc__of_nothing_gives_distinct_objects),
		cmocka_unit_test(test_alloc__keeps_earlier_objects_when_a_large_one_comes),
		cmocka_unit_test(test_alloc__impossible_size_is_null),
		cmocka_unit_test(test_alloc_array__is_typed),
		cmocka_unit_test(test_strndup__stops_at_nul_and_at_len),
		cmocka_unit_test(test_memdup__copies_bytes),
		cmocka_unit_test(test_textdup__keeps_nuls_and_adds_one),
		cmocka_unit_test(test_printf__formats_long_text),
		cmocka_unit_test(test_reset__keeps_the_largest_chunk),
		cmocka_unit_test(test_reset__of_an_empty_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
