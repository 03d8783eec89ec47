/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define GUARD '#'
#define FIRST_EXPONENT (-1074)

static const char *const powers_of_two[] = {
#include "pow2_text.inc"
};

static void assert_double(double value, const char *expected)
{
	char buf[NUM_DOUBLE_MAX_LEN + 1];
	size_t len;

	memset(buf, GUARD, sizeof(buf));
	len = num_format_double(buf, value);
	assert_true(len <= NUM_DOUBLE_MAX_LEN);
	assert_int_equal(buf[NUM_DOUBLE_MAX_LEN], GUARD);
	buf[len] = '\0';
	assert_string_equal(buf, expected);
}

static void test_format_double__all_powers_of_two(void **state)
{
	(void)state;
	assert_int_equal(array_size(powers_of_two), 1023 - FIRST_EXPONENT + 1);
	for (int i = 0; i < (int)array_size(powers_of_two); i++)
		assert_double(ldexp(1, i + FIRST_EXPONENT), powers_of_two[i]);
}

/* Printing with more and more digits until it reads back gives one digit too many for these: the
 * interval below a power of two is half as wide as the one above. */
static void test_format_double__powers_of_two_that_are_traps(void **state)
{
	static const struct {
		int exponent;
		const char *expected;
	} rows[] = {
		{ -1017, "7.120236347223045e-307" }, { -1007, "7.291122019556398e-304" },
		{ -957, "8.209073602596753e-289" },  { -921, "5.641232424577593e-278" },
		{ -808, "5.858190679279809e-244" },  { -791, "7.678447687145631e-239" },
		{ -788, "6.142758149716505e-238" },  { -778, "6.290184345309701e-235" },
		{ -705, "5.940911144672375e-213" },  { -695, "6.083493012144512e-210" },
		{ -662, "5.225680706521042e-200" },  { -652, "5.351097043477547e-197" },
		{ -549, "5.426657103235053e-166" },  { -509, "5.966672584960166e-154" },
		{ -496, "4.887898181599368e-150" },  { -489, "6.256509672447191e-148" },
		{ -383, "5.075883674631299e-116" },  { -366, "6.653062250012736e-111" },
		{ -296, "7.854549544476363e-90" },   { -140, "7.174648137343064e-43" },
		{ -97, "6.310887241768095e-30" },    { -77, "6.617444900424222e-24" },
		{ -44, "5.684341886080802e-14" },    { -24, "5.960464477539063e-08" },
		{ 89, "6.189700196426902e+26" },     { 122, "5.316911983139664e+36" },
		{ 132, "5.444517870735016e+39" },    { 172, "5.986310706507379e+51" },
		{ 182, "6.129982163463556e+54" },    { 275, "6.070840288205404e+82" },
		{ 305, "6.518515124270356e+91" },    { 345, "7.167183174968974e+103" },
		{ 378, "6.156563468186638e+113" },   { 398, "6.455624695217272e+119" },
		{ 405, "8.263199609878108e+121" },   { 481, "6.243497100631985e+144" },
		{ 534, "5.623642243178996e+160" },   { 544, "5.758609657015292e+163" },
		{ 554, "5.896816288783659e+166" },   { 574, "6.183260036827614e+172" },
		{ 594, "6.483618076376552e+178" },   { 710, "5.386379163185535e+213" },
		{ 803, "5.334411546303884e+241" },   { 863, "6.150157786156811e+259" },
		{ 896, "5.282945311356653e+269" },   { 976, "6.386688990511104e+293" },
	};

	(void)state;
	assert_int_equal(array_size(rows), 46);
	for (size_t i = 0; i < array_size(rows); i++)
		assert_double(ldexp(1, rows[i].exponent), rows[i].expected);
}

static void test_format_double__table(void **state)
{
	static const struct {
		double value;
		const char *expected;
	} rows[] = {
		{ 0, "0" },
		{ -0.0, "-0" },
		{ 1, "1" },
		{ -1, "-1" },
		{ 10, "10" },
		{ 0.1, "0.1" },
		{ 0.3, "0.3" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 123.456, "123.456" },
		{ -123.456, "-123.456" },
		{ 100000, "100000" },
		{ 999999, "999999" },
		{ 999999.5, "999999.5" },
		{ 1000000, "1e+06" },
		{ -1000000, "-1e+06" },
		{ 1000000.5, "1.0000005e+06" },
		{ 1287408, "1.287408e+06" },
		{ 9007199254740991, "9.007199254740991e+15" },
		{ 9007199254740992, "9.007199254740992e+15" },
		{ 9007199254740994, "9.007199254740994e+15" },
		{ 18446744073709551615.0, "1.8446744073709552e+19" },
		{ 1e21, "1e+21" },
		{ 1e22, "1e+22" },
		{ 1e23, "1e+23" },
		{ 9.5e-3, "0.0095" },
		{ 1e-4, "0.0001" },
		{ 0.00012345678901234567, "0.00012345678901234567" },
		{ 0.0018239999999999999, "0.0018239999999999999" },
		{ 9.999999999999999e-05, "9.999999999999999e-05" },
		{ 1e-5, "1e-05" },
		{ 1.5e-9, "1.5e-09" },
		{ 1e-10, "1e-10" },
		{ 1e-100, "1e-100" },
		{ 5e-324, "5e-324" },
		{ 1e-323, "1e-323" },
		{ 2.2250738585072011e-308, "2.225073858507201e-308" },
		{ 2.2250738585072014e-308, "2.2250738585072014e-308" },
		{ 1.7976931348623157e+308, "1.7976931348623157e+308" },
		{ -1.7976931348623157e+308, "-1.7976931348623157e+308" },
		{ 4.35, "4.35" },
		{ 5.0e-20, "5e-20" },
		{ 2e-44, "2e-44" },
		{ 9.5367431640625e-07, "9.5367431640625e-07" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		assert_double(rows[i].value, rows[i].expected);
}

static void test_format_double__what_is_no_number(void **state)
{
	(void)state;
	assert_double(NAN, "NaN");
	assert_double(-NAN, "NaN");
	assert_double(INFINITY, "+Inf");
	assert_double(-INFINITY, "-Inf");
}

/* Reads back to the same bits, and no text with one digit less does. */
static void check_shortest(double value)
{
	char text[NUM_DOUBLE_MAX_LEN + 1];
	char shorter[NUM_DOUBLE_MAX_LEN + 1];
	int digits = 0;
	double again;

	text[num_format_double(text, value)] = '\0';
	again = strtod(text, NULL);
	assert_memory_equal(&again, &value, sizeof(value));

	for (const char *at = text; *at && *at != 'e'; at++)
		digits += *at >= '0' && *at <= '9' && (digits || *at != '0');
	if (digits < 2 || !strchr(text, 'e'))
		return;
	snprintf(shorter, sizeof(shorter), "%.*e", digits - 2, value);
	assert_true(strtod(shorter, NULL) != value);
}

static void test_format_double__reads_back_and_is_shortest(void **state)
{
	uint64_t random = 88172645463325252ULL;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		double value;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		memcpy(&value, &random, sizeof(value));
		if (isfinite(value))
			check_shortest(value);
	}
}

/* Every power of ten that the table holds is used by some exponent. */
static void test_format_double__every_binary_exponent(void **state)
{
	static const double mantissas[] = { 1.0, 1.0000000000000002, 1.3, 1.5, 1.9999999999999998 };

	(void)state;
	for (int exponent = FIRST_EXPONENT; exponent <= 1023; exponent++) {
		for (size_t i = 0; i < array_size(mantissas); i++)
			check_shortest(ldexp(mantissas[i], exponent));
	}
}

static void assert_integer(uint64_t value, const char *expected)
{
	char buf[NUM_DOUBLE_MAX_LEN + 1];

	buf[num_format_u64_as_double(buf, value)] = '\0';
	assert_string_equal(buf, expected);
	assert_double((double)value, expected);
}

static void test_format_u64_as_double__table(void **state)
{
	(void)state;
	assert_integer(0, "0");
	assert_integer(7, "7");
	assert_integer(100, "100");
	assert_integer(999999, "999999");
	assert_integer(1000000, "1e+06");
	assert_integer(1000001, "1.000001e+06");
	assert_integer(1200000, "1.2e+06");
	assert_integer(1287408, "1.287408e+06");
	assert_integer(100000000, "1e+08");
	assert_integer(123456789000000, "1.23456789e+14");
	assert_integer(1000000000000000, "1e+15");
	assert_integer((1ULL << 53) - 1, "9.007199254740991e+15");
	assert_integer(1ULL << 53, "9.007199254740992e+15");
	assert_integer((1ULL << 53) + 1, "9.007199254740992e+15");
	assert_integer((1ULL << 53) + 3, "9.007199254740996e+15");
	assert_integer(10000000000000000000ULL, "1e+19");
	assert_integer(UINT64_MAX, "1.8446744073709552e+19");
}

static void test_format_u64_as_double__agrees_with_the_double(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t value;
		char a[NUM_DOUBLE_MAX_LEN], b[NUM_DOUBLE_MAX_LEN];
		size_t len;

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		value = random >> (random >> 58);
		len = num_format_u64_as_double(a, value);
		assert_int_equal(num_format_double(b, (double)value), len);
		assert_memory_equal(a, b, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format_double__all_powers_of_two),
		cmocka_unit_test(test_format_double__powers_of_two_that_are_traps),
		cmocka_unit_test(test_format_double__table),
		cmocka_unit_test(test_format_double__what_is_no_number),
		cmocka_unit_test(test_format_double__reads_back_and_is_shortest),
		cmocka_unit_test(test_format_double__every_binary_exponent),
		cmocka_unit_test(test_format_u64_as_double__table),
		cmocka_unit_test(test_format_u64_as_double__agrees_with_the_double),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
