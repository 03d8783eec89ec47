/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

/* Checked against Go 1.26's time.ParseDuration, row by row. */
static void test_parse_duration__good(void **state)
{
	static const struct {
		const char *text;
		int64_t expected;
	} rows[] = {
		{ "0", 0 },
		{ "-0", 0 },
		{ "+0", 0 },
		{ "0.s", 0 },
		{ "5s", 5000000000 },
		{ "-5s", -5000000000 },
		{ "+5s", 5000000000 },
		{ "00001s", 1000000000 },
		{ "1.5s", 1500000000 },
		{ ".5s", 500000000 },
		{ "5.s", 5000000000 },
		{ "500ms", 500000000 },
		{ "12us", 12000 },
		{ "12\xc2\xb5s", 12000 },
		{ "12\xce\xbcs", 12000 },
		{ "1h30m", 5400000000000 },
		{ "1m1m", 120000000000 },
		{ "39h9m14.425s", 140954425000000 },
		{ "1ns1us1ms1s1m1h", 3661001001001 },
		{ "9007199254740993ns", 9007199254740993 },
		{ "9223372036854775807ns", INT64_MAX },
		{ "-9223372036854775808ns", INT64_MIN },
		{ "9223372036854775.807us", INT64_MAX },
		{ "-9223372036854775.808us", INT64_MIN },
		{ "2562047h47m16.854775807s", INT64_MAX },
		{ "-2562047h47m16.854775808s", INT64_MIN },
		{ "1.7976931348623157s", 1797693134 },
		{ "0.3333333333333333333h", 1200000000000 },
		{ "0.9223372036854775807999h", 3320413933267 },
		{ "0.100000000000000000000h", 360000000000 },
		{ "0.830103483285477580700h", 2988372539827 },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		int64_t ns = 99;

		assert_int_equal(num_parse_duration(rows[i].text, strlen(rows[i].text), &ns), 0);
		assert_int_equal(ns, rows[i].expected);
	}
}

static void test_parse_duration__bad(void **state)
{
	static const char *const rows[] = {
		"",    "-",    "+",    ".",      "-.",  "1",     "3",    "1x",
		"1 s", " 1s",  "1s ",  "s",      ".s",  "++1s",  "--1s", "1S",
		"1d",  "1e3s", "1_0s", "1.2.3s", "0s0", "1h-1m", "-",    "0x1s",
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		int64_t ns = 99;

		assert_int_equal(num_parse_duration(rows[i], strlen(rows[i]), &ns), -EINVAL);
		assert_int_equal(ns, 99);
	}
}

static void test_parse_duration__too_large(void **state)
{
	static const char *const rows[] = {
		"9223372036854775808ns",
		"-9223372036854775809ns",
		"9223372036854775.808us",
		"2562047h47m16.854775808s",
		"3000000h",
		"9223372036854775808h",
		"18446744073709551617ns",
		"99999999999999999999999999ns",
		"9223372036s854775808ns",
		/* wraps around to 0 in Go */
		"9223372036854775808ns9223372036854775808ns",
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		int64_t ns = 99;

		assert_int_equal(num_parse_duration(rows[i], strlen(rows[i]), &ns), -ERANGE);
		assert_int_equal(ns, 99);
	}
}

static void test_parse_duration__needs_no_nul(void **state)
{
	int64_t ns;

	(void)state;
	assert_int_equal(num_parse_duration("15msec", 4, &ns), 0);
	assert_int_equal(ns, 15000000);
	assert_int_equal(num_parse_duration("1s\0", 3, &ns), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_duration__good),
		cmocka_unit_test(test_parse_duration__bad),
		cmocka_unit_test(test_parse_duration__too_large),
		cmocka_unit_test(test_parse_duration__needs_no_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
