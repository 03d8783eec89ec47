/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/match.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

#define MAX_VALUES 3

static struct match *open_match(struct when_spec *spec, struct spec_text *values,
				const char *const *texts)
{
	struct match *match = NULL;
	struct err err = ERR_INIT;

	spec->field = "x";
	spec->values = values;
	for (spec->value_count = 0; spec->value_count < MAX_VALUES && texts[spec->value_count];
	     spec->value_count++)
		values[spec->value_count].text = texts[spec->value_count];
	if (match__new(spec, &match, &err) < 0)
		fail_msg("%s", err.text);
	return match;
}

static void test_run__texts(void **state)
{
	static const struct {
		enum match_op op;
		const char *values[MAX_VALUES];
		const char *text;
		int wanted;
	} rows[] = {
		{ MATCH_OP_EQUAL, { "plum" }, "plum", 1 },
		{ MATCH_OP_EQUAL, { "plum" }, "plums", 0 },
		{ MATCH_OP_EQUAL, { "plums" }, "plum", 0 },
		{ MATCH_OP_EQUAL, { "" }, "", 1 },
		{ MATCH_OP_EQUAL, { "" }, "x", 0 },
		{ MATCH_OP_NOT_EQUAL, { "plum" }, "plum", 0 },
		{ MATCH_OP_NOT_EQUAL, { "plum" }, "pear", 1 },
		{ MATCH_OP_IN, { "a", "b", "c" }, "c", 1 },
		{ MATCH_OP_IN, { "a", "b" }, "c", 0 },
		{ MATCH_OP_IN, { NULL }, "c", 0 },
		{ MATCH_OP_NOT_IN, { "a", "b" }, "c", 1 },
		{ MATCH_OP_NOT_IN, { "a", "b" }, "b", 0 },
		{ MATCH_OP_NOT_IN, { NULL }, "b", 1 },
		{ MATCH_OP_PREFIX, { "/sys" }, "/sys/fs", 1 },
		{ MATCH_OP_PREFIX, { "/sys" }, "/sy", 0 },
		{ MATCH_OP_PREFIX, { "" }, "", 1 },
		{ MATCH_OP_NOT_PREFIX, { "/sys" }, "/proc", 1 },
		{ MATCH_OP_NOT_PREFIX, { "/sys" }, "/sys", 0 },
		{ MATCH_OP_REGEXP, { "^a+$" }, "aaa", 1 },
		{ MATCH_OP_REGEXP, { "^a+$" }, "aab", 0 },
		{ MATCH_OP_REGEXP, { "a" }, "bab", 1 },
		{ MATCH_OP_NOT_REGEXP, { "a" }, "bab", 0 },
		{ MATCH_OP_NOT_REGEXP, { "a" }, "", 1 },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct when_spec spec = { .op = rows[i].op };
		struct spec_text values[MAX_VALUES] = { 0 };
		struct match *match = open_match(&spec, values, rows[i].values);

		assert_true(match__wants_text(match));
		if (match__run(match, rows[i].text, strlen(rows[i].text)) != rows[i].wanted)
			fail_msg("row %zu: '%s'", i, rows[i].text);
		match__free(match);
	}
}

static void test_run__numbers(void **state)
{
	static const struct {
		enum match_op op;
		const char *value;
		uint64_t
			number; /* read from its first byte on: x86-64 and arm64 are little-endian */
		size_t size;
		bool is_signed;
		int wanted;
	} rows[] = {
		{ MATCH_OP_LESS, "1000", 999, 4, false, 1 },
		{ MATCH_OP_LESS, "1000", 1000, 4, false, 0 },
		{ MATCH_OP_LESS_EQUAL, "1000", 1000, 2, false, 1 },
		{ MATCH_OP_LESS_EQUAL, "1000", 1001, 2, false, 0 },
		{ MATCH_OP_GREATER, "0x10", 17, 1, false, 1 },
		{ MATCH_OP_GREATER, "0x10", 16, 1, false, 0 },
		{ MATCH_OP_GREATER_EQUAL, "18446744073709551615", UINT64_MAX, 8, false, 1 },
		{ MATCH_OP_GREATER_EQUAL, "18446744073709551615", UINT64_MAX - 1, 8, false, 0 },
		{ MATCH_OP_LESS, "0", 0xff, 1, true, 1 },
		{ MATCH_OP_LESS, "0", 0x7f, 1, true, 0 },
		{ MATCH_OP_LESS, "-5", 0xfffa, 2, true, 1 },
		{ MATCH_OP_GREATER_EQUAL, "-5", 0xfffffffb, 4, true, 1 },
		{ MATCH_OP_GREATER, "-5", 0xfffffffb, 4, true, 0 },
		{ MATCH_OP_GREATER, "-1", UINT64_MAX, 8, true, 0 },
		{ MATCH_OP_GREATER, "0", UINT64_MAX, 8, false, 1 },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct when_spec spec = { .op = rows[i].op, .is_signed = rows[i].is_signed };
		const char *const texts[MAX_VALUES] = { rows[i].value };
		struct spec_text values[MAX_VALUES] = { 0 };
		struct match *match = open_match(&spec, values, texts);

		assert_false(match__wants_text(match));
		if (match__run(match, &rows[i].number, rows[i].size) != rows[i].wanted)
			fail_msg("row %zu", i);
		match__free(match);
	}
}

static void test_run__bytes_that_are_no_number(void **state)
{
	static const char *const texts[MAX_VALUES] = { "1" };
	struct when_spec spec = { .op = MATCH_OP_LESS };
	struct spec_text values[MAX_VALUES] = { 0 };
	struct match *match = open_match(&spec, values, texts);

	(void)state;
	assert_int_equal(match__run(match, "abcdef", 3), -EINVAL);
	assert_int_equal(match__run(match, "", 0), -EINVAL);
	match__free(match);
}

static void test_new__refuses(void **state)
{
	static const struct spec_text two[] = { { .text = "1" }, { .text = "2" } };
	static const struct spec_text bad[] = { { .text = "(" } };
	static const struct {
		struct when_spec spec;
		int code;
	} rows[] = {
		{ { .op = MATCH_OP_CIDR, .values = two, .value_count = 1 }, -EOPNOTSUPP },
		{ { .op = MATCH_OP_CAPABILITIES_GAINED, .values = two, .value_count = 1 },
		  -EOPNOTSUPP },
		{ { .op = MATCH_OP_LESS, .values = two, .value_count = 2 }, -EINVAL },
		{ { .op = MATCH_OP_LESS, .values = bad, .value_count = 1 }, -EINVAL },
		{ { .op = MATCH_OP_REGEXP, .values = bad, .value_count = 1 }, -EINVAL },
		{ { .op = MATCH_OP_REGEXP }, -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct when_spec spec = rows[i].spec;
		struct match *match = NULL;

		spec.field = "x";
		assert_int_equal(match__new(&spec, &match, NULL), rows[i].code);
		assert_null(match);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__texts),
		cmocka_unit_test(test_run__numbers),
		cmocka_unit_test(test_run__bytes_that_are_no_number),
		cmocka_unit_test(test_new__refuses),
	};

	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
