/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "metric/label_order.h"

static const char *const names[] = { "a", "bb" };

/* A label set, raw and as text. */
struct set {
	struct text_slice values[2];
	const char *text;
	size_t text_len;
};

/* The order that is wanted, said as plainly as can be. */
static int compare_values(const struct text_slice *a, const struct text_slice *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int order = len ? memcmp(a->data, b->data, len) : 0;

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static int compare_sets(const struct set *a, const struct set *b)
{
	int order = compare_values(&a->values[0], &b->values[0]);

	return order ? order : compare_values(&a->values[1], &b->values[1]);
}

static int sign_of(int value)
{
	return (value > 0) - (value < 0);
}

static void format(const struct label_text *labels, struct set *set, struct arena *arena)
{
	struct label_damage damage = { 0 };
	struct strbuf out = STRBUF_INIT;

	assert_int_equal(label_text__format(labels, set->values, &out, &damage), 0);
	set->text = arena__memdup(arena, out.data, out.len);
	set->text_len = out.len - 1;
	strbuf__done(&out);
}

static void assert_sorted(const struct label_text *labels, const struct set *sets, size_t count)
{
	struct label_ref *refs = new_array(struct label_ref, count + 1);
	uint32_t *numbers = new_array(uint32_t, count + 1);
	bool *is_there = new_array(bool, count + 1);

	assert_true(refs && numbers && is_there);
	for (uint32_t i = 0; i < count; i++)
		refs[i] = (struct label_ref){ sets[i].text, i };
	assert_int_equal(label_order_sort(labels, refs, count, numbers), 0);
	for (size_t i = 0; i < count; i++) {
		assert_true(numbers[i] < count);
		assert_false(is_there[numbers[i]]);
		is_there[numbers[i]] = true;
		if (i > 0)
			assert_true(compare_sets(&sets[numbers[i - 1]], &sets[numbers[i]]) < 0);
	}
	free(refs);
	free(numbers);
	free(is_there);
}

/* All pairs, and the sort, against the plain order. */
static void assert_order(struct set *sets, size_t count)
{
	struct arena arena = ARENA_INIT;
	struct label_text labels;

	assert_int_equal(label_text__init(&labels, names, 2), 0);
	for (size_t i = 0; i < count; i++)
		format(&labels, &sets[i], &arena);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++)
			assert_int_equal(label_order_compare(sets[i].text, sets[i].text_len,
							     sets[j].text, sets[j].text_len),
					 sign_of(compare_sets(&sets[i], &sets[j])));
	}
	assert_sorted(&labels, sets, count);
	label_text__done(&labels);
	arena__done(&arena);
}

#define SLICE(text)                                                                                \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}

static void test_order__of_trap_bytes(void **state)
{
	/* what sorts differently as text: the closing quote is larger than ' ' and '!', escapes
	 * are not what they mean */
	struct set sets[] = {
		{ .values = { SLICE(""), SLICE("") } },
		{ .values = { SLICE(""), SLICE("x") } },
		{ .values = { SLICE("a"), SLICE("") } },
		{ .values = { SLICE("a"), SLICE(" ") } },
		{ .values = { SLICE("a "), SLICE("") } },
		{ .values = { SLICE("a!"), SLICE("") } },
		{ .values = { SLICE("a\""), SLICE("") } },
		{ .values = { SLICE("a\"b"), SLICE("") } },
		{ .values = { SLICE("a#"), SLICE("") } },
		{ .values = { SLICE("a\n"), SLICE("") } },
		{ .values = { SLICE("an"), SLICE("") } },
		{ .values = { SLICE("a\\"), SLICE("") } },
		{ .values = { SLICE("a\\n"), SLICE("") } },
		{ .values = { SLICE("a\\\n"), SLICE("") } },
		{ .values = { SLICE("a\\\\"), SLICE("") } },
		{ .values = { SLICE("a]"), SLICE("") } },
		{ .values = { SLICE("a["), SLICE("") } },
		{ .values = { SLICE("a\t"), SLICE("") } },
		{ .values = { SLICE("a\0"), SLICE("") } },
		{ .values = { SLICE("a\0b"), SLICE("") } },
		{ .values = { SLICE("a\x01"), SLICE("") } },
		{ .values = { SLICE("a\xc3\xa9"), SLICE("") } },
		{ .values = { SLICE("a\x7f"), SLICE("") } },
		{ .values = { SLICE("10"), SLICE("") } },
		{ .values = { SLICE("2"), SLICE("") } },
		{ .values = { SLICE("1"), SLICE("z") } },
		{ .values = { SLICE("a\",bb=\""), SLICE("") } },
	};

	(void)state;
	assert_order(sets, array_size(sets));
}

static void test_order__of_no_labels(void **state)
{
	const struct label_ref ref = { "", 5 };
	struct label_text labels;
	uint32_t number = 0;

	(void)state;
	assert_int_equal(label_text__init(&labels, NULL, 0), 0);
	assert_int_equal(label_order_sort(&labels, &ref, 1, &number), 0);
	assert_int_equal(number, 5);
	assert_int_equal(label_order_compare("", 0, "", 0), 0);
	label_text__done(&labels);
}

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* Few different bytes, so that long beginnings are shared. */
static struct text_slice random_value(struct arena *arena, uint64_t *seed, size_t max_len)
{
	static const char bytes[] = { '\0', '\n', ' ', '!', '"', 'a', 'n', '\\' };
	size_t len = next_random(seed) % (max_len + 1);
	char *data = arena__alloc(arena, len + 1);

	assert_non_null(data);
	for (size_t i = 0; i < len; i++)
		data[i] = next_random(seed) % 3 ? 'a' : bytes[next_random(seed) % sizeof(bytes)];
	return (struct text_slice){ data, len };
}

/* Drops sets that are there already: the sort is promised different texts. */
static size_t drop_equal(struct set *sets, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_new = true;

		for (size_t j = 0; j < kept && is_new; j++)
			is_new = compare_sets(&sets[i], &sets[j]) != 0;
		if (is_new)
			sets[kept++] = sets[i];
	}
	return kept;
}

static void test_order__of_random_values(void **state)
{
	struct arena arena = ARENA_INIT;
	uint64_t seed = 42;

	(void)state;
	for (size_t count = 1; count < 900; count = count * 3 / 2 + 1) {
		struct set *sets = new_array(struct set, count);

		assert_non_null(sets);
		for (size_t i = 0; i < count; i++) {
			sets[i].values[0] = random_value(&arena, &seed, count % 30);
			sets[i].values[1] = random_value(&arena, &seed, 20);
		}
		assert_order(sets, drop_equal(sets, count));
		free(sets);
	}
	arena__done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order__of_trap_bytes),
		cmocka_unit_test(test_order__of_no_labels),
		cmocka_unit_test(test_order__of_random_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
