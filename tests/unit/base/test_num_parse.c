/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define UNTOUCHED 99

static void test_parse_u64__table(void **state)
{
	static const struct {
		const char *text;
		int expected_status;
		uint64_t expected;
	} rows[] = {
		{ "0", 0, 0 },
		{ "007", 0, 7 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "00000000000000000000000000001", 0, 1 },
		{ "18446744073709551616", -ERANGE, UNTOUCHED },
		{ "99999999999999999999999", -ERANGE, UNTOUCHED },
		{ "99999999999999999999999x", -EINVAL, UNTOUCHED },
		{ "", -EINVAL, UNTOUCHED },
		{ "+1", -EINVAL, UNTOUCHED },
		{ "-1", -EINVAL, UNTOUCHED },
		{ " 1", -EINVAL, UNTOUCHED },
		{ "1 ", -EINVAL, UNTOUCHED },
		{ "0x1", -EINVAL, UNTOUCHED },
		{ "1_0", -EINVAL, UNTOUCHED },
		{ "1.0", -EINVAL, UNTOUCHED },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		uint64_t value = UNTOUCHED;

		assert_int_equal(num_parse_u64(rows[i].text, strlen(rows[i].text), &value),
				 rows[i].expected_status);
		assert_true(value == rows[i].expected);
	}
}

static void test_parse_bytes__table(void **state)
{
	static const struct {
		const char *text;
		int expected_status;
		uint64_t expected;
	} rows[] = {
		{ "0", 0, 0 },
		{ "4096", 0, 4096 },
		{ "64K", 0, 65536 },
		{ "64k", 0, 65536 },
		{ "3M", 0, 3145728 },
		{ "1G", 0, 1073741824 },
		{ "17179869183G", 0, 17179869183ull << 30 },
		{ "17179869184G", -ERANGE, UNTOUCHED },
		{ "99999999999999999999", -ERANGE, UNTOUCHED },
		{ "", -EINVAL, UNTOUCHED },
		{ "K", -EINVAL, UNTOUCHED },
		{ "-1K", -EINVAL, UNTOUCHED },
		{ "1KK", -EINVAL, UNTOUCHED },
		{ "1 M", -EINVAL, UNTOUCHED },
		{ "1T", -EINVAL, UNTOUCHED },
		{ "1.5M", -EINVAL, UNTOUCHED },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		uint64_t value = UNTOUCHED;

		assert_int_equal(num_parse_bytes(rows[i].text, strlen(rows[i].text), &value),
				 rows[i].expected_status);
		assert_true(value == rows[i].expected);
	}
}

static void test_parse_i64__table(void **state)
{
	static const struct {
		const char *text;
		int expected_status;
		int64_t expected;
	} rows[] = {
		{ "0", 0, 0 },
		{ "-0", 0, 0 },
		{ "+5", 0, 5 },
		{ "-5", 0, -5 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "-9223372036854775808", 0, INT64_MIN },
		{ "9223372036854775808", -ERANGE, UNTOUCHED },
		{ "-9223372036854775809", -ERANGE, UNTOUCHED },
		{ "99999999999999999999", -ERANGE, UNTOUCHED },
		{ "", -EINVAL, UNTOUCHED },
		{ "-", -EINVAL, UNTOUCHED },
		{ "+", -EINVAL, UNTOUCHED },
		{ "--1", -EINVAL, UNTOUCHED },
		{ "+-1", -EINVAL, UNTOUCHED },
		{ "- 1", -EINVAL, UNTOUCHED },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		int64_t value = UNTOUCHED;

		assert_int_equal(num_parse_i64(rows[i].text, strlen(rows[i].text), &value),
				 rows[i].expected_status);
		assert_true(value == rows[i].expected);
	}
}

/* Checked against Go 1.26's strconv.ParseUint(text, 0, 64), row by row. */
static void test_parse_u64_go__table(void **state)
{
	static const struct {
		const char *text;
		int expected_status;
		uint64_t expected;
	} rows[] = {
		{ "0", 0, 0 },
		{ "00", 0, 0 },
		{ "07", 0, 7 },
		{ "017", 0, 15 },
		{ "0_7", 0, 7 },
		{ "00_1", 0, 1 },
		{ "1_0", 0, 10 },
		{ "1_000_000", 0, 1000000 },
		{ "0X1f", 0, 31 },
		{ "0xFf", 0, 255 },
		{ "0x_1f", 0, 31 },
		{ "0x1_f", 0, 31 },
		{ "0b101", 0, 5 },
		{ "0B1_1", 0, 3 },
		{ "0o17", 0, 15 },
		{ "0O17", 0, 15 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "0xffffffffffffffff", 0, UINT64_MAX },
		{ "01777777777777777777777", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, UNTOUCHED },
		{ "0x10000000000000000", -ERANGE, UNTOUCHED },
		{ "02000000000000000000000", -ERANGE, UNTOUCHED },
		{ "1_844_674_407_370_9551616", -ERANGE, UNTOUCHED },
		{ "", -EINVAL, UNTOUCHED },
		{ "_", -EINVAL, UNTOUCHED },
		{ "08", -EINVAL, UNTOUCHED },
		{ "019", -EINVAL, UNTOUCHED },
		{ "0_8", -EINVAL, UNTOUCHED },
		{ "0_", -EINVAL, UNTOUCHED },
		{ "_0", -EINVAL, UNTOUCHED },
		{ "_1", -EINVAL, UNTOUCHED },
		{ "1_", -EINVAL, UNTOUCHED },
		{ "1__0", -EINVAL, UNTOUCHED },
		{ "0x", -EINVAL, UNTOUCHED },
		{ "0x_", -EINVAL, UNTOUCHED },
		{ "0x1f_", -EINVAL, UNTOUCHED },
		{ "0x__1", -EINVAL, UNTOUCHED },
		{ "0_0x1", -EINVAL, UNTOUCHED },
		{ "0xg", -EINVAL, UNTOUCHED },
		{ "0b", -EINVAL, UNTOUCHED },
		{ "0b_", -EINVAL, UNTOUCHED },
		{ "0b2", -EINVAL, UNTOUCHED },
		{ "0o", -EINVAL, UNTOUCHED },
		{ "0o8", -EINVAL, UNTOUCHED },
		{ "12a", -EINVAL, UNTOUCHED },
		{ "1e3", -EINVAL, UNTOUCHED },
		{ "1.0", -EINVAL, UNTOUCHED },
		{ "+1", -EINVAL, UNTOUCHED },
		{ "-1", -EINVAL, UNTOUCHED },
		{ " 1", -EINVAL, UNTOUCHED },
		{ "1 ", -EINVAL, UNTOUCHED },
		{ "1\xff", -EINVAL, UNTOUCHED },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		uint64_t value = UNTOUCHED;

		assert_int_equal(num_parse_u64_go(rows[i].text, strlen(rows[i].text), &value),
				 rows[i].expected_status);
		assert_true(value == rows[i].expected);
	}
}

/* Checked against Go 1.26's strconv.ParseInt(text, 0, 64), row by row. */
static void test_parse_i64_go__table(void **state)
{
	static const struct {
		const char *text;
		int expected_status;
		int64_t expected;
	} rows[] = {
		{ "+1", 0, 1 },
		{ "-1", 0, -1 },
		{ "-0b11", 0, -3 },
		{ "+0x7f", 0, 127 },
		{ "-0_1", 0, -1 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "-0x8000000000000000", 0, INT64_MIN },
		{ "0x8000000000000000", -ERANGE, UNTOUCHED },
		{ "18446744073709551615", -ERANGE, UNTOUCHED },
		{ "18446744073709551616", -ERANGE, UNTOUCHED },
		{ "-9223372036854775809", -ERANGE, UNTOUCHED },
		{ "", -EINVAL, UNTOUCHED },
		{ "-", -EINVAL, UNTOUCHED },
		{ "-_1", -EINVAL, UNTOUCHED },
		{ "--1", -EINVAL, UNTOUCHED },
		{ "+-1", -EINVAL, UNTOUCHED },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		int64_t value = UNTOUCHED;

		assert_int_equal(num_parse_i64_go(rows[i].text, strlen(rows[i].text), &value),
				 rows[i].expected_status);
		assert_true(value == rows[i].expected);
	}
}

static void test_parse_double__good(void **state)
{
	static const struct {
		const char *text;
		double expected;
	} rows[] = {
		{ "1", 1 },
		{ "1.", 1 },
		{ ".1", 0.1 },
		{ "0.1", 0.1 },
		{ "+1.5", 1.5 },
		{ "-1.5", -1.5 },
		{ "-0", -0.0 },
		{ "1e5", 1e5 },
		{ "1E+5", 1e5 },
		{ "1e-5", 1e-5 },
		{ "1e-400", 0 },
		{ "5e-324", 5e-324 },
		{ "1.7976931348623157e308", 1.7976931348623157e308 },
		{ "123456789012345678901234567890", 1.2345678901234568e29 },
		{ "inf", INFINITY },
		{ "+Infinity", INFINITY },
		{ "-INF", -INFINITY },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		double value = UNTOUCHED;

		assert_int_equal(num_parse_double(rows[i].text, strlen(rows[i].text), &value), 0);
		assert_memory_equal(&value, &rows[i].expected, sizeof(value));
	}
}

static void test_parse_double__nan(void **state)
{
	double value = UNTOUCHED;

	(void)state;
	assert_int_equal(num_parse_double("NaN", 3, &value), 0);
	assert_true(isnan(value));
	assert_int_equal(num_parse_double("-nan", 4, &value), -EINVAL);
}

static void test_parse_double__bad(void **state)
{
	static const struct {
		const char *text;
		int expected_status;
	} rows[] = {
		{ "", -EINVAL },
		{ "+", -EINVAL },
		{ ".", -EINVAL },
		{ "-.", -EINVAL },
		{ "e5", -EINVAL },
		{ ".e5", -EINVAL },
		{ "1e", -EINVAL },
		{ "1e+", -EINVAL },
		{ "0.1e", -EINVAL },
		{ "1e5x", -EINVAL },
		{ "1.2.3", -EINVAL },
		{ "--1", -EINVAL },
		{ " 1", -EINVAL },
		{ "1 ", -EINVAL },
		{ "infx", -EINVAL },
		{ "in", -EINVAL },
		{ "nan(1)", -EINVAL },
		{ "0x1p4", -EINVAL },
		{ "1_0", -EINVAL },
		{ "1,5", -EINVAL },
		{ "1e400", -ERANGE },
		{ "-1e400", -ERANGE },
		{ "1.7976931348623159e308", -ERANGE },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		double value = UNTOUCHED;

		assert_int_equal(num_parse_double(rows[i].text, strlen(rows[i].text), &value),
				 rows[i].expected_status);
		assert_true(value == UNTOUCHED);
	}
}

static void test_parse_double__is_bounded(void **state)
{
	char text[5000];
	double value;

	(void)state;
	memset(text, '0', sizeof(text));
	assert_int_equal(num_parse_double(text, 1000, &value), 0);
	assert_int_equal(num_parse_double(text, sizeof(text), &value), -EINVAL);
}

static void test_parse__needs_no_nul(void **state)
{
	uint64_t number;
	double value;

	(void)state;
	assert_int_equal(num_parse_u64("1234", 2, &number), 0);
	assert_int_equal(number, 12);
	assert_int_equal(num_parse_u64_go("0x1234", 4, &number), 0);
	assert_int_equal(number, 0x12);
	assert_int_equal(num_parse_double("1.25e3", 3, &value), 0);
	assert_true(value == 1.2);
	assert_int_equal(num_parse_u64("1\0", 2, &number), -EINVAL);
	assert_int_equal(num_parse_double("1\0", 2, &value), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_u64__table),
		cmocka_unit_test(test_parse_bytes__table),
		cmocka_unit_test(test_parse_i64__table),
		cmocka_unit_test(test_parse_u64_go__table),
		cmocka_unit_test(test_parse_i64_go__table),
		cmocka_unit_test(test_parse_double__good),
		cmocka_unit_test(test_parse_double__nan),
		cmocka_unit_test(test_parse_double__bad),
		cmocka_unit_test(test_parse_double__is_bounded),
		cmocka_unit_test(test_parse__needs_no_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
