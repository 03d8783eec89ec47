/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/num.h"

#define GUARD '#'

static void assert_u64(uint64_t value, const char *expected)
{
	char buf[NUM_U64_MAX_LEN + 1];
	size_t len;

	memset(buf, GUARD, sizeof(buf));
	len = num_format_u64(buf, value);
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(buf, expected, len);
	assert_int_equal(buf[len], GUARD); /* nothing beyond, no NUL either */
}

static void assert_i64(int64_t value, const char *expected)
{
	char buf[NUM_U64_MAX_LEN + 1];
	size_t len;

	memset(buf, GUARD, sizeof(buf));
	len = num_format_i64(buf, value);
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(buf, expected, len);
	assert_int_equal(buf[len], GUARD);
}

static void test_format_u64__at_every_length(void **state)
{
	uint64_t power = 1;
	char low[32], high[32];

	(void)state;
	assert_u64(0, "0");
	assert_u64(UINT64_MAX, "18446744073709551615");
	for (int digits = 1; digits <= 20; digits++) {
		memset(low, '0', sizeof(low));
		low[0] = '1';
		low[digits] = '\0';
		assert_u64(power, low);
		memset(high, '9', sizeof(high));
		high[digits - 1] = '\0';
		if (digits > 1)
			assert_u64(power - 1, high);
		power *= 10;
	}
}

static void test_format_u64__every_pair_of_digits_in_every_place(void **state)
{
	(void)state;
	assert_u64(1234567890123456789ULL, "1234567890123456789");
	assert_u64(9876543210987654321ULL, "9876543210987654321");
	assert_u64(10203040506070809ULL, "10203040506070809");
	for (uint64_t pair = 0; pair < 100; pair++) {
		char expected[24];

		for (int i = 0; i < 9; i++) {
			expected[1 + 2 * i] = (char)('0' + pair / 10);
			expected[2 + 2 * i] = (char)('0' + pair % 10);
		}
		expected[0] = '7';
		expected[19] = '\0';
		assert_u64(7000000000000000000ULL + pair * 10101010101010101ULL, expected);
	}
}

static void test_format_i64__has_a_sign(void **state)
{
	(void)state;
	assert_i64(0, "0");
	assert_i64(-1, "-1");
	assert_i64(42, "42");
	assert_i64(INT64_MAX, "9223372036854775807");
	assert_i64(INT64_MIN, "-9223372036854775808");
}

static void test_format_hex__in_memory_order(void **state)
{
	static const uint8_t bytes[] = { 0x00, 0x0f, 0xf0, 0xab };
	char buf[9];

	(void)state;
	buf[8] = GUARD;
	assert_int_equal(num_format_hex(buf, bytes, sizeof(bytes)), 8);
	assert_memory_equal(buf, "000ff0ab#", 9);
	assert_int_equal(num_format_hex(buf, bytes, 0), 0);
}

static void test_checked__sums_and_products(void **state)
{
	size_t result;

	(void)state;
	assert_false(num_add_size(SIZE_MAX - 1, 1, &result));
	assert_true(result == SIZE_MAX);
	assert_true(num_add_size(SIZE_MAX, 1, &result));
	assert_false(num_mul_size(SIZE_MAX / 2, 2, &result));
	assert_true(num_mul_size(SIZE_MAX / 2 + 1, 2, &result));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format_u64__at_every_length),
		cmocka_unit_test(test_format_u64__every_pair_of_digits_in_every_place),
		cmocka_unit_test(test_format_i64__has_a_sign),
		cmocka_unit_test(test_format_hex__in_memory_order),
		cmocka_unit_test(test_checked__sums_and_products),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
