/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "metric/name_escaping.h"

static void assert_name(const char *name, enum name_escaping escaping, const char *expected)
{
	struct strbuf out = STRBUF_INIT;

	name_add(&out, name, escaping);
	assert_string_equal(strbuf__text(&out), expected);
	strbuf__done(&out);
}

static void test_add__plain_names_stay(void **state)
{
	(void)state;
	for (enum name_escaping i = NAME_ESCAPING_UNDERSCORES; i <= NAME_ESCAPING_VALUES; i++) {
		assert_name("a_total", i, "a_total");
		assert_name(":A_1", i, ":A_1");
	}
}

static void test_add__each_scheme(void **state)
{
	static const struct {
		const char *name, *underscores, *quoted, *dots, *values;
	} rows[] = {
		{ "my.a_b", "my_a_b", "\"my.a_b\"", "my_dot_a__b", "U__my_2e_a__b" },
		{ "1x", "_x", "\"1x\"", "__x", "U___31_x" },
		{ "x1 y", "x1_y", "\"x1 y\"", "x1__y", "U__x1_20_y" },
		{ "\xc3\xa9", "_", "\"\xc3\xa9\"", "__", "U___e9_" },
		{ "\xe2\x82\xac\xf0\x9f\x98\x80", "__", "\"\xe2\x82\xac\xf0\x9f\x98\x80\"", "____",
		  "U___20ac__1f600_" },
		{ "a\"b\\c\nd", "a_b_c_d", "\"a\\\"b\\\\c\\nd\"", "a__b__c__d",
		  "U__a_22_b_5c_c_a_d" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		assert_name(rows[i].name, NAME_ESCAPING_UNDERSCORES, rows[i].underscores);
		assert_name(rows[i].name, NAME_ESCAPING_ALLOW_UTF8, rows[i].quoted);
		assert_name(rows[i].name, NAME_ESCAPING_DOTS, rows[i].dots);
		assert_name(rows[i].name, NAME_ESCAPING_VALUES, rows[i].values);
	}
}

static void test_is_plain__needs_something(void **state)
{
	(void)state;
	assert_true(name_is_plain("a"));
	assert_false(name_is_plain(""));
	assert_false(name_is_plain("0"));
	assert_false(name_is_plain("a-b"));
}

static void test_find__knows_its_own_words(void **state)
{
	enum name_escaping found;

	(void)state;
	for (enum name_escaping i = NAME_ESCAPING_UNDERSCORES; i <= NAME_ESCAPING_VALUES; i++) {
		const char *word = name_escaping_word(i);

		assert_true(name_escaping_find(word, strlen(word), &found));
		assert_int_equal(found, i);
	}
	assert_false(name_escaping_find("dot", 3, &found));
	assert_false(name_escaping_find("", 0, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add__plain_names_stay),
		cmocka_unit_test(test_add__each_scheme),
		cmocka_unit_test(test_is_plain__needs_something),
		cmocka_unit_test(test_find__knows_its_own_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
