/* SPDX-License-Identifier: Apache-2.0 */
#include "config/scalar.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

#define TAG(name) "tag:yaml.org,2002:" name

static int parse(const char *text, bool is_quoted, const char *tag, struct scalar *ret_scalar)
{
	const struct node node = {
		.kind = NODE_SCALAR,
		.is_quoted = is_quoted,
		.tag = tag,
		.text = text,
		.text_len = strlen(text),
	};

	return scalar_parse(&node, ret_scalar, NULL);
}

static const struct integer_row {
	const char *text;
	int64_t want;
} integer_rows[] = {
	{ "0", 0 },
	{ "42", 42 },
	{ "+42", 42 },
	{ "-42", -42 },
	{ "0x1f", 31 },
	{ "0X1F", 31 },
	{ "-0x10", -16 },
	{ "0b101", 5 },
	{ "-0b101", -5 },
	{ "0o17", 15 },
	{ "017", 15 },
	{ "1_000", 1000 },
	{ "1__0_", 10 },
	{ "0x_ff", 255 },
	{ "9223372036854775807", INT64_MAX },
	{ "-9223372036854775808", INT64_MIN },
};

static void test_parse__integers(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(integer_rows); i++) {
		struct scalar scalar;

		if (parse(integer_rows[i].text, false, NULL, &scalar) != 0 ||
		    scalar.kind != SCALAR_INT || scalar.s64 != integer_rows[i].want)
			fail_msg("%s", integer_rows[i].text);
	}
}

static void test_parse__integers_above_int64(void **state)
{
	struct scalar scalar;

	(void)state;
	assert_int_equal(parse("18446744073709551615", false, NULL, &scalar), 0);
	assert_int_equal(scalar.kind, SCALAR_UINT);
	assert_true(scalar.u64 == UINT64_MAX);
	assert_int_equal(parse("18446744073709551616", false, NULL, &scalar), 0);
	assert_int_equal(scalar.kind, SCALAR_FLOAT);
	assert_true(scalar.f64 == 0x1p64);
}

static const struct float_row {
	const char *text;
	double want;
} float_rows[] = {
	{ "1.5", 1.5 },        { "-1.5", -1.5 },
	{ "+1.5", 1.5 },       { ".5", 0.5 },
	{ "1.", 1 },           { "1e3", 1000 },
	{ "1E-6", 1e-6 },      { "0.000001", 1e-6 },
	{ "1_0.5", 10.5 },     { "08", 8 },
	{ "-09.5", -9.5 },     { ".inf", INFINITY },
	{ "+.INF", INFINITY }, { "-.Inf", -INFINITY },
};

static void test_parse__floats(void **state)
{
	struct scalar scalar;

	(void)state;
	for (size_t i = 0; i < array_size(float_rows); i++)
		if (parse(float_rows[i].text, false, NULL, &scalar) != 0 ||
		    scalar.kind != SCALAR_FLOAT || !(scalar.f64 == float_rows[i].want))
			fail_msg("%s", float_rows[i].text);
	assert_int_equal(parse(".NaN", false, NULL, &scalar), 0);
	assert_int_equal(scalar.kind, SCALAR_FLOAT);
	assert_true(isnan(scalar.f64));
}

static void test_parse__words(void **state)
{
	static const char *const true_words[] = { "y",    "Y",    "yes", "Yes", "YES", "true",
						  "True", "TRUE", "on",  "On",  "ON" };
	static const char *const false_words[] = { "n",     "N",     "no",  "No",  "NO", "false",
						   "False", "FALSE", "off", "Off", "OFF" };
	static const char *const null_words[] = { "", "~", "null", "Null", "NULL" };
	struct scalar scalar;

	(void)state;
	for (size_t i = 0; i < array_size(true_words); i++) {
		assert_int_equal(parse(true_words[i], false, NULL, &scalar), 0);
		assert_true(scalar.kind == SCALAR_BOOL && scalar.truth);
		assert_int_equal(parse(false_words[i], false, NULL, &scalar), 0);
		assert_true(scalar.kind == SCALAR_BOOL && !scalar.truth);
	}
	for (size_t i = 0; i < array_size(null_words); i++) {
		assert_int_equal(parse(null_words[i], false, NULL, &scalar), 0);
		assert_int_equal(scalar.kind, SCALAR_NULL);
	}
}

static void test_parse__everything_else_is_text(void **state)
{
	static const char *const texts[] = {
		"x",
		"tRUE",
		"nULL",
		"1:30",
		"0xg",
		"1.2.3",
		"1e",
		"e5",
		"-",
		"+",
		".",
		"-.",
		"1 ",
		"_",
		"_1",
		"0x",
		"2001-12-14",
		"1e400",
		"1h30m",
		"nan",
		"inf",
		"0b2",
		"--1",
		(/* 129 digits */
		 "1111111111111111111111111111111111111111111111111111111111111111"
		 "11111111111111111111111111111111111111111111111111111111111111111"),
	};
	struct scalar scalar;

	(void)state;
	for (size_t i = 0; i < array_size(texts); i++)
		if (parse(texts[i], false, NULL, &scalar) != 0 || scalar.kind != SCALAR_TEXT)
			fail_msg("%s", texts[i]);
}

static void test_parse__quoted_is_text(void **state)
{
	static const char *const texts[] = { "true", "5", "", "~", "1.5" };
	struct scalar scalar;

	(void)state;
	for (size_t i = 0; i < array_size(texts); i++) {
		assert_int_equal(parse(texts[i], true, NULL, &scalar), 0);
		assert_int_equal(scalar.kind, SCALAR_TEXT);
	}
}

static void test_parse__explicit_tags(void **state)
{
	struct scalar scalar;

	(void)state;
	assert_int_equal(parse("5", false, TAG("str"), &scalar), 0);
	assert_int_equal(scalar.kind, SCALAR_TEXT);
	assert_int_equal(parse("5", false, TAG("int"), &scalar), 0);
	assert_int_equal(scalar.kind, SCALAR_INT);
	assert_int_equal(parse("5", false, TAG("float"), &scalar), 0);
	assert_int_equal(scalar.kind, SCALAR_FLOAT);
	assert_true(scalar.f64 == 5);
	assert_int_equal(parse("yes", false, TAG("bool"), &scalar), 0);
	assert_int_equal(scalar.kind, SCALAR_BOOL);
	assert_int_equal(parse("5", false, "!own", &scalar), 0);
	assert_int_equal(scalar.kind, SCALAR_TEXT);
	assert_int_equal(parse("five", false, TAG("int"), &scalar), -EINVAL);
	assert_int_equal(parse("5", false, TAG("bool"), &scalar), -EINVAL);
	assert_int_equal(parse("1.5", false, TAG("int"), &scalar), -EINVAL);
}

static void test_is_null__scalars_and_others(void **state)
{
	const struct node empty = { .kind = NODE_SCALAR, .text = "" };
	const struct node quoted = { .kind = NODE_SCALAR, .text = "", .is_quoted = true };
	const struct node list = { .kind = NODE_LIST };

	(void)state;
	assert_true(node__is_null(&empty));
	assert_false(node__is_null(&quoted));
	assert_false(node__is_null(&list));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse__integers),
		cmocka_unit_test(test_parse__integers_above_int64),
		cmocka_unit_test(test_parse__floats),
		cmocka_unit_test(test_parse__words),
		cmocka_unit_test(test_parse__everything_else_is_text),
		cmocka_unit_test(test_parse__quoted_is_text),
		cmocka_unit_test(test_parse__explicit_tags),
		cmocka_unit_test(test_is_null__scalars_and_others),
	};

	return cmocka_run_group_tests_name("config/scalar", tests, NULL, NULL);
}
