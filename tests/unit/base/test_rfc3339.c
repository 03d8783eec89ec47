/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rfc3339.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *text;
	int64_t seconds;
	uint32_t nanoseconds;
} rows[] = {
	{ "1970-01-01T00:00:00Z", 0, 0 },
	{ "1969-12-31T23:59:59.999999999Z", -1, 999999999 },
	{ "2000-02-29T12:00:00Z", 951825600, 0 },
	{ "2100-03-01T00:00:00Z", 4107542400, 0 }, /* no leap year */
	{ "2022-10-18T03:16:18.273546829Z", 1666062978, 273546829 },
	{ "2022-10-18T03:16:18.273Z", 1666062978, 273000000 },
	{ "2022-10-18T03:16:18.273546Z", 1666062978, 273546000 },
	{ "2022-10-18T03:16:18.000000001Z", 1666062978, 1 },
	{ "0001-01-01T00:00:00Z", RFC3339_FIRST, 0 },
	{ "9999-12-31T23:59:59Z", RFC3339_LAST, 0 },
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static void test_format__as_few_digits_as_it_takes(void **state)
{
	char buffer[RFC3339_MAX_LEN];

	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		size_t len = rfc3339_format(buffer, rows[i].seconds, rows[i].nanoseconds,
					    RFC3339_DIGITS_LEAST);

		assert_int_equal(len, strlen(rows[i].text));
		assert_memory_equal(buffer, rows[i].text, len);
	}
}

static void test_format__all_digits(void **state)
{
	static const char expected[] = "2022-10-18T03:16:18.000000000Z";
	char buffer[RFC3339_MAX_LEN];

	(void)state;
	assert_int_equal(rfc3339_format(buffer, 1666062978, 0, RFC3339_DIGITS_ALL),
			 RFC3339_MAX_LEN);
	assert_memory_equal(buffer, expected, RFC3339_MAX_LEN);
}

static void test_format__beyond_the_years(void **state)
{
	char buffer[RFC3339_MAX_LEN];

	(void)state;
	assert_int_equal(rfc3339_format(buffer, INT64_MAX, 0, RFC3339_DIGITS_LEAST), 20);
	assert_memory_equal(buffer, "9999-12-31", 10);
	assert_int_equal(rfc3339_format(buffer, INT64_MIN, 0, RFC3339_DIGITS_LEAST), 20);
	assert_memory_equal(buffer, "0001-01-01", 10);
}

static void test_parse__reads_what_format_wrote(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		int64_t seconds = 0;
		uint32_t nanoseconds = 0;

		assert_int_equal(
			rfc3339_parse(rows[i].text, strlen(rows[i].text), &seconds, &nanoseconds),
			0);
		assert_int_equal(seconds, rows[i].seconds);
		assert_int_equal(nanoseconds, rows[i].nanoseconds);
	}
}

static void test_parse__other_zones_and_digits(void **state)
{
	static const char text[] = "2022-10-18T05:16:18.27354682999+02:00";
	int64_t seconds;
	uint32_t nanoseconds;

	(void)state;
	assert_int_equal(rfc3339_parse(text, strlen(text), &seconds, &nanoseconds), 0);
	assert_int_equal(seconds, 1666062978);
	assert_int_equal(nanoseconds, 273546829);
}

static void test_parse__what_is_none(void **state)
{
	static const char *const none[] = {
		"",
		"2022-10-18",
		"2022-10-18T03:16:18",
		"2022-10-18 03:16:18Z",
		"2022-02-30T03:16:18Z",
		"2022-13-01T03:16:18Z",
		"2022-10-18T24:16:18Z",
		"2022-10-18T03:16:60Z",
		"2022-10-18T03:16:18.Z",
		"2022-10-18T03:16:18+0200",
		"2022-10-18T03:16:18Zx",
		"0000-10-18T03:16:18Z",
		"0001-01-01T00:00:00+01:00",
		"9999-12-31T23:59:59-01:00",
		"-022-10-18T03:16:18Z",
	};
	int64_t seconds;
	uint32_t nanoseconds;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(rfc3339_parse(none[i], strlen(none[i]), &seconds, &nanoseconds),
				 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format__as_few_digits_as_it_takes),
		cmocka_unit_test(test_format__all_digits),
		cmocka_unit_test(test_format__beyond_the_years),
		cmocka_unit_test(test_parse__reads_what_format_wrote),
		cmocka_unit_test(test_parse__other_zones_and_digits),
		cmocka_unit_test(test_parse__what_is_none),
	};

	return cmocka_run_group_tests_name("base/rfc3339", tests, NULL, NULL);
}
