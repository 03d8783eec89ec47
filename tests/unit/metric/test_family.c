/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "metric/family.h"

static const char *const names[] = { "b", "a" };
static const double bounds[] = { 1, 2, 4 };

static const struct family_spec counter_spec = {
	.name = "x_total",
	.help = "How many",
	.kind = FAMILY_KIND_COUNTER,
	.label_names = names,
	.label_count = 2,
};

static const struct family_spec histogram_spec = {
	.name = "y",
	.help = "How long",
	.kind = FAMILY_KIND_HISTOGRAM,
	.label_names = names,
	.label_count = 2,
	.buckets = { .slot_count = 3,
		     .line_count = 3,
		     .bounds = bounds,
		     .sum_slot = 3,
		     .sum_scale = 1 },
};

static struct family *make(const struct family_spec *spec)
{
	struct family *family;

	assert_int_equal(family__new(spec, &family, NULL), 0);
	return family;
}

static uint32_t series(struct family *family, const char *b, const char *a)
{
	const struct text_slice values[] = { { b, strlen(b) }, { a, strlen(a) } };
	uint32_t number;

	assert_int_equal(family__series(family, values, &number, NULL), 0);
	return number;
}

/* "a,b=value a,b=value": what a sink sees. */
static void assert_shown(struct family *family, const char *expected)
{
	struct family_cursor cursor = { 0 };
	struct strbuf out = STRBUF_INIT;
	struct series_view view;
	size_t count = 0;

	assert_int_equal(family__end(family), 0);
	while (family__next(family, &cursor, &view)) {
		strbuf__add_text(&out, count++ ? " " : "");
		strbuf__add(&out, view.labels, view.labels_len);
		if (view.is_number)
			strbuf__printf(&out, "=%g", view.number);
		else if (view.slots)
			strbuf__printf(&out, "=%lu/%lu/%lu/%lu", view.slots[0], view.slots[1],
				       view.slots[2], view.slots[3]);
		else
			strbuf__printf(&out, "=%lu", view.count);
	}
	assert_string_equal(strbuf__text(&out), expected);
	assert_int_equal(family__shown_count(family), count);
	strbuf__done(&out);
}

static void test_add__sums_within_a_pass(void **state)
{
	struct family *family = make(&counter_spec);

	(void)state;
	family__begin(family, 1);
	family__add(family, series(family, "1", "x"), 3);
	family__add(family, series(family, "2", "x"), 4);
	family__add(family, series(family, "1", "x"), UINT64_C(1) << 60);
	assert_shown(family, "a=\"x\",b=\"1\"=1152921504606846979 a=\"x\",b=\"2\"=4");
	family__begin(family, 2);
	assert_shown(family, "");
	family__add(family, series(family, "2", "x"), 5);
	family__begin(family, 2); /* another route joins the pass */
	assert_shown(family, "a=\"x\",b=\"2\"=5");
	family__free(family);
}

static void test_add__zero_shows_the_series(void **state)
{
	struct family *family = make(&counter_spec);

	(void)state;
	family__begin(family, 1);
	family__add(family, series(family, "1", "x"), 0);
	(void)series(family, "2", "x"); /* known, but never added to */
	assert_shown(family, "a=\"x\",b=\"1\"=0");
	family__free(family);
}

static void test_series__separators_do_not_mix_values(void **state)
{
	struct family *family = make(&counter_spec);

	(void)state;
	family__begin(family, 1);
	assert_int_not_equal(series(family, "a|b", "c"), series(family, "a", "b|c"));
	assert_int_not_equal(series(family, "\",b=\"", ""), series(family, "", "\",b=\""));
	assert_int_equal(series(family, "a|b", "c"), series(family, "a|b", "c"));
	family__free(family);
}

static void test_series__without_labels(void **state)
{
	const struct family_spec spec = { .name = "z", .help = "", .kind = FAMILY_KIND_GAUGE };
	struct family *family = make(&spec);
	uint32_t number;

	(void)state;
	family__begin(family, 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(family__series(family, NULL, &number, NULL), 0);
		family__add(family, number, 1);
	}
	assert_shown(family, "=2");
	family__free(family);
}

static void test_end__sorts_by_values_as_bytes(void **state)
{
	struct family *family = make(&counter_spec);

	(void)state;
	family__begin(family, 1);
	family__add(family, series(family, "x", "2"), 1);
	family__add(family, series(family, "x", "10"), 1);
	assert_shown(family, "a=\"10\",b=\"x\"=1 a=\"2\",b=\"x\"=1");
	/* arrivals are merged: before, between, behind */
	family__add(family, series(family, "y", "10"), 1);
	family__add(family, series(family, "", "1"), 1);
	family__add(family, series(family, "x", "3"), 1);
	assert_shown(family, "a=\"1\",b=\"\"=1 a=\"10\",b=\"x\"=1 a=\"10\",b=\"y\"=1 "
			     "a=\"2\",b=\"x\"=1 a=\"3\",b=\"x\"=1");
	family__free(family);
}

static void test_end__keeps_thousands_sorted(void **state)
{
	struct family *family = make(&counter_spec);
	struct family_cursor cursor = { 0 };
	struct series_view view;
	unsigned int expected = 0;

	(void)state;
	for (uint32_t pass = 1; pass <= 7; pass++) {
		family__begin(family, pass);
		for (unsigned int i = 0; i < 10000; i++) {
			char text[16];

			if (i * 2654435761u % 7 >= pass)
				continue;
			(void)snprintf(text, sizeof(text), "%04u", i);
			family__add(family, series(family, "x", text), i);
		}
		assert_int_equal(family__end(family), 0);
	}
	while (family__next(family, &cursor, &view))
		assert_int_equal(view.count, expected++);
	assert_int_equal(expected, 10000);
	family__free(family);
}

static void test_series__over_the_limit(void **state)
{
	struct family_spec spec = counter_spec;
	struct family *family;

	(void)state;
	spec.limit = 2;
	family = make(&spec);
	family__begin(family, 1);
	for (unsigned int i = 0; i < 5; i++) {
		const char text[] = { (char)('0' + i), '\0' };

		family__add(family, series(family, text, "x"), 1);
	}
	assert_shown(family, "a=\"__overflow__\",b=\"__overflow__\"=3 a=\"x\",b=\"0\"=1 "
			     "a=\"x\",b=\"1\"=1");
	assert_int_equal(family__overflowed(family), 3);
	/* what is known stays itself */
	family__begin(family, 2);
	family__add(family, series(family, "1", "x"), 7);
	assert_shown(family, "a=\"x\",b=\"1\"=7");
	family__free(family);
}

static void test_series__invalid_bytes_are_counted(void **state)
{
	struct family *family = make(&counter_spec);

	(void)state;
	family__begin(family, 1);
	family__add(family, series(family, "\xff", "x"), 1);
	assert_shown(family, "a=\"x\",b=\"\xef\xbf\xbd\"=1");
	assert_int_equal(family__replaced_bytes(family), 1);
	assert_int_equal(family__shortened_values(family), 0);
	family__free(family);
}

static void test_set__makes_all_values_numbers(void **state)
{
	struct family *family = make(&counter_spec);

	(void)state;
	family__begin(family, 1);
	family__add(family, series(family, "1", "x"), 3);
	family__set(family, series(family, "2", "x"), 0.5);
	family__set(family, series(family, "2", "x"), 1.5);
	family__add(family, series(family, "1", "x"), 1);
	assert_shown(family, "a=\"x\",b=\"1\"=4 a=\"x\",b=\"2\"=1.5");
	family__free(family);
}

static void test_add_slot__counts_and_sums(void **state)
{
	struct family *family = make(&histogram_spec);

	(void)state;
	family__begin(family, 1);
	family__add_slot(family, series(family, "1", "x"), 0, 3);
	family__add_slot(family, series(family, "1", "x"), 2, 4);
	family__add_slot(family, series(family, "1", "x"), 2, 4);
	family__add_slot(family, series(family, "1", "x"), 3, 100);
	family__add_slot(family, series(family, "2", "x"), -1, 9);
	assert_shown(family, "a=\"x\",b=\"1\"=3/0/8/100 a=\"x\",b=\"2\"=0/0/0/0");
	family__begin(family, 2);
	family__add_slot(family, series(family, "1", "x"), 1, 1);
	assert_shown(family, "a=\"x\",b=\"1\"=0/1/0/0");
	family__free(family);
}

static void test_keep_values__survive_a_pass(void **state)
{
	struct family *family = make(&counter_spec);

	(void)state;
	family__keep_values(family);
	family__add(family, series(family, "1", "x"), 3);
	family__begin(family, 2);
	family__add(family, series(family, "2", "x"), 1);
	family__begin(family, 3);
	family__add(family, series(family, "1", "x"), 3);
	assert_shown(family, "a=\"x\",b=\"1\"=6 a=\"x\",b=\"2\"=1");
	family__clear(family);
	assert_shown(family, "");
	family__add(family, series(family, "1", "x"), 1);
	assert_shown(family, "a=\"x\",b=\"1\"=1");
	family__free(family);
}

static void test_sweep__forgets_and_renumbers(void **state)
{
	struct family *family = make(&counter_spec);
	uint32_t old[10], number;
	const uint32_t *map;

	(void)state;
	family__begin(family, 1);
	for (unsigned int i = 0; i < 10; i++) {
		const char text[] = { (char)('9' - i), '\0' };

		old[i] = series(family, text, "x");
		family__add(family, old[i], i);
	}
	assert_int_equal(family__end(family), 0);
	family__begin(family, 2);
	for (unsigned int i = 5; i < 10; i++)
		family__add(family, old[i], i);
	assert_int_equal(family__end(family), 0);
	assert_int_equal(family__sweep(family, 1, &map), 0);
	assert_int_equal(family__sweep(family, 2, &map), 5);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(map[old[i]], UINT32_MAX);
	number = map[old[9]];
	assert_int_equal(number, series(family, "0", "x"));
	assert_int_equal(family__series_count(family), 5);
	assert_shown(family, "a=\"x\",b=\"0\"=9 a=\"x\",b=\"1\"=8 a=\"x\",b=\"2\"=7 "
			     "a=\"x\",b=\"3\"=6 a=\"x\",b=\"4\"=5");
	/* what was forgotten is new again */
	family__add(family, series(family, "9", "x"), 1);
	assert_int_equal(family__series_count(family), 6);
	family__free(family);
}

static void test_sweep__keeps_a_few_dead(void **state)
{
	struct family *family = make(&counter_spec);
	const uint32_t *map;

	(void)state;
	family__begin(family, 1);
	for (unsigned int i = 0; i < 20; i++) {
		const char text[] = { (char)('a' + i), '\0' };

		family__add(family, series(family, text, "x"), 1);
	}
	family__begin(family, 2);
	for (unsigned int i = 1; i < 20; i++) {
		const char text[] = { (char)('a' + i), '\0' };

		family__add(family, series(family, text, "x"), 1);
	}
	assert_int_equal(family__end(family), 0);
	assert_int_equal(family__sweep(family, 2, &map), 0);
	assert_int_equal(family__series_count(family), 20);
	family__free(family);
}

static void test_sweep__moves_slots(void **state)
{
	struct family *family = make(&histogram_spec);
	const uint32_t *map;

	(void)state;
	family__begin(family, 1);
	family__add_slot(family, series(family, "1", "x"), 0, 1);
	family__add_slot(family, series(family, "2", "x"), 0, 1);
	family__begin(family, 2);
	family__add_slot(family, series(family, "2", "x"), 2, 5);
	assert_int_equal(family__end(family), 0);
	assert_int_equal(family__sweep(family, 2, &map), 1);
	assert_shown(family, "a=\"x\",b=\"2\"=0/0/5/0");
	family__free(family);
}

static void test_sweep__keeps_the_total_of_kept_values(void **state)
{
	struct family *family = make(&counter_spec);
	const uint32_t *map;

	(void)state;
	family__keep_values(family);
	family__begin(family, 1);
	family__add(family, series(family, "1", "x"), 3);
	family__add(family, series(family, "2", "x"), 4);
	family__begin(family, 2);
	family__add(family, series(family, "3", "x"), 5);
	assert_int_equal(family__end(family), 0);
	assert_int_equal(family__sweep(family, 2, &map), 2);
	assert_shown(family, "a=\"__overflow__\",b=\"__overflow__\"=7 a=\"x\",b=\"3\"=5");
	/* the overflow series itself never goes */
	family__begin(family, 9);
	assert_int_equal(family__sweep(family, 9, &map), 1);
	assert_shown(family, "a=\"__overflow__\",b=\"__overflow__\"=12");
	assert_int_equal(family__sweep(family, 9, &map), 0);
	family__free(family);
}

static void test_sweep__keeps_the_histogram_total(void **state)
{
	struct family *family = make(&histogram_spec);
	const uint32_t *map;

	(void)state;
	family__keep_values(family);
	family__begin(family, 1);
	family__add_slot(family, series(family, "1", "x"), 1, 2);
	family__add_slot(family, series(family, "1", "x"), 3, 30);
	family__begin(family, 2);
	assert_int_equal(family__end(family), 0);
	assert_int_equal(family__sweep(family, 2, &map), 1);
	assert_shown(family, "a=\"__overflow__\",b=\"__overflow__\"=0/2/0/30");
	family__free(family);
}

static void test_bytes__stay_flat_under_churn(void **state)
{
	struct family *family = make(&counter_spec);
	const uint32_t *map;
	size_t most = 0;

	(void)state;
	for (uint32_t pass = 1; pass < 60; pass++) {
		family__begin(family, pass);
		for (unsigned int i = 0; i < 500; i++) {
			char text[16];

			(void)snprintf(text, sizeof(text), "%u", pass * 500 + i);
			family__add(family, series(family, text, "x"), 1);
		}
		assert_int_equal(family__end(family), 0);
		assert_int_equal(family__shown_count(family), 500);
		(void)family__sweep(family, pass - 1, &map);
		if (pass == 10)
			most = family__bytes(family);
		if (pass > 10)
			assert_true(family__bytes(family) <= most);
	}
	assert_true(family__series_count(family) <= 1500);
	family__free(family);
}

static void test_agrees__with_the_same_only(void **state)
{
	static const char *const other_names[] = { "a", "c" };
	static const char *const swapped_names[] = { "a", "b" };
	struct family *family = make(&histogram_spec);
	struct family_spec spec = histogram_spec;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(family__agrees(family, &spec, &err));
	spec.label_names = swapped_names;
	assert_true(family__agrees(family, &spec, &err));
	assert_int_equal(family__label_position(family, "a"), 1); /* of the family's own spec */
	assert_int_equal(family__label_position(family, "b"), 0);
	assert_int_equal(family__label_position(family, "c"), -ENOENT);
	spec.label_names = other_names;
	assert_false(family__agrees(family, &spec, &err));
	assert_non_null(strstr(err.text, "label names"));
	spec = histogram_spec;
	spec.help = "other";
	assert_false(family__agrees(family, &spec, &err));
	assert_non_null(strstr(err.text, "help"));
	spec = histogram_spec;
	spec.buckets.sum_scale = 2;
	assert_false(family__agrees(family, &spec, &err));
	assert_non_null(strstr(err.text, "buckets"));
	spec = histogram_spec;
	spec.kind = FAMILY_KIND_GAUGE;
	assert_false(family__agrees(family, &spec, &err));
	assert_non_null(strstr(err.text, "kind"));
	err__done(&err);
	family__free(family);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add__sums_within_a_pass),
		cmocka_unit_test(test_add__zero_shows_the_series),
		cmocka_unit_test(test_series__separators_do_not_mix_values),
		cmocka_unit_test(test_series__without_labels),
		cmocka_unit_test(test_end__sorts_by_values_as_bytes),
		cmocka_unit_test(test_end__keeps_thousands_sorted),
		cmocka_unit_test(test_series__over_the_limit),
		cmocka_unit_test(test_series__invalid_bytes_are_counted),
		cmocka_unit_test(test_set__makes_all_values_numbers),
		cmocka_unit_test(test_add_slot__counts_and_sums),
		cmocka_unit_test(test_keep_values__survive_a_pass),
		cmocka_unit_test(test_sweep__forgets_and_renumbers),
		cmocka_unit_test(test_sweep__keeps_a_few_dead),
		cmocka_unit_test(test_sweep__moves_slots),
		cmocka_unit_test(test_sweep__keeps_the_total_of_kept_values),
		cmocka_unit_test(test_sweep__keeps_the_histogram_total),
		cmocka_unit_test(test_bytes__stay_flat_under_churn),
		cmocka_unit_test(test_agrees__with_the_same_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
