/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static void test_compile__takes_numbers(void **state)
{
	const struct match_row rows[] = {
		{ "int",
		  { ASK(EQUAL), VALUES(VALUE("5"), VALUE("0x10"), VALUE("010"), VALUE("-1")) },
		  "number value 0 in -1 5 8 16\n",
		  0 },
		{ "int",
		  { ASK(NOT_EQUAL), VALUES(VALUE("5")) },
		  "when not number value 0 in 5\n",
		  0 },
		{ "int8",
		  { ASK(EQUAL), VALUES(VALUE("-128"), VALUE("127")) },
		  "number value 0 in -128 127\n",
		  0 },
		{ "int8",
		  { ASK(EQUAL), VALUES(VALUE("128")) },
		  "values[0]: '128' does not fit into a signed integer of 8 bits",
		  -EINVAL },
		{ "uint16", { ASK(EQUAL), VALUES(VALUE("65535")) }, "in 65535\n", 0 },
		{ "uint16",
		  { ASK(EQUAL), VALUES(VALUE("65536")) },
		  "does not fit into an unsigned integer of 16 bits",
		  -EINVAL },
		{ "uint32", { ASK(EQUAL), VALUES(VALUE("-1")) }, "does not fit", -EINVAL },
		{ "uint64",
		  { ASK(EQUAL), VALUES(VALUE("18446744073709551615")) },
		  "in 18446744073709551615\n",
		  0 },
		{ "uint64",
		  { ASK(EQUAL), VALUES(VALUE("18446744073709551616")) },
		  "does not fit",
		  -EINVAL },
		{ "int64",
		  { ASK(EQUAL), VALUES(VALUE("-9223372036854775808")) },
		  "in -9223372036854775808\n",
		  0 },
		{ "int", { ASK(EQUAL), VALUES(VALUE("five")) }, "'five' is no number", -EINVAL },
		{ "int",
		  { ASK(EQUAL), VALUES(VALUE("1:5")) },
		  "'1:5' is a range; operators InRange and InMap take ranges",
		  -EINVAL },
		{ "int", { ASK(EQUAL), VALUES(VALUE("")) }, "'' is no number", -EINVAL },
		{ "int", { ASK(EQUAL) }, "there are no values", -EINVAL },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

static void test_compile__takes_ranges(void **state)
{
	const struct match_row rows[] = {
		{ "int", { ASK(RANGE), VALUES(VALUE("-5:5")) }, "number value 0 in -5:5\n", 0 },
		{ "int",
		  { ASK(NOT_RANGE), VALUES(VALUE("1:2"), VALUE("2:9")) },
		  "when not number value 0 in 1:9\n",
		  0 },
		{ "int", { ASK(RANGE), VALUES(VALUE("9:1")) }, "in 1:9\n", 0 },
		{ "int",
		  { ASK(RANGE), VALUES(VALUE("5")) },
		  "'5' is no range; one is min:max",
		  -EINVAL },
		{ "int",
		  { ASK(IN), VALUES(VALUE("1"), VALUE("2"), VALUE("3"), VALUE("7:9")) },
		  "in 1:3 7:9\n",
		  0 },
		{ "uint64",
		  { ASK(IN), VALUES(VALUE("0:18446744073709551615"), VALUE("5")) },
		  "in 0:18446744073709551615\n",
		  0 },
		{ "int64",
		  { ASK(NOT_IN), VALUES(VALUE("-9223372036854775808:9223372036854775807")) },
		  "not number value 0 in -9223372036854775808:9223372036854775807\n",
		  0 },
		{ "int",
		  { ASK(IN), VALUES(VALUE("1:x")) },
		  "is no number, nor a range min:max",
		  -EINVAL },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

static void test_compile__compares_with_the_easiest_of_several(void **state)
{
	const struct match_row rows[] = {
		{ "int",
		  { ASK(GREATER), VALUES(VALUE("7"), VALUE("-3")) },
		  "number value 0 greater than -3\n",
		  0 },
		{ "int",
		  { ASK(LESS), VALUES(VALUE("7"), VALUE("-3")) },
		  "number value 0 less than 7\n",
		  0 },
		{ "uint32",
		  { ASK(MASK), VALUES(VALUE("0x10"), VALUE("0x80000000")) },
		  "number value 0 any bit of 0x80000010\n",
		  0 },
		{ "int", { ASK(MASK), VALUES(VALUE("0xffffffff")) }, "any bit of 0xffffffff\n", 0 },
		{ "int", { ASK(MASK), VALUES(VALUE("-1")) }, "any bit of 0xffffffff\n", 0 },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

static void test_compile__takes_many_numbers_as_a_set(void **state)
{
	const struct match_row rows[] = {
		{ "int",
		  { ASK(IN), VALUES(VALUE("0"), VALUE("2"), VALUE("4"), VALUE("6"), VALUE("8"),
				    VALUE("10"), VALUE("12"), VALUE("14"), VALUE("16"), VALUE("18"),
				    VALUE("20"), VALUE("22"), VALUE("24"), VALUE("26"), VALUE("28"),
				    VALUE("30"), VALUE("32")) },
		  "number value 0 in (set 100)\n  count\nset 100: numbers 0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 32\n",
		  0 },
		{ "uint64",
		  { ASK(IN), VALUES(VALUE("0"), VALUE("2"), VALUE("4"), VALUE("6"), VALUE("8"),
				    VALUE("10"), VALUE("12"), VALUE("14"), VALUE("16"), VALUE("18"),
				    VALUE("20"), VALUE("22"), VALUE("24"), VALUE("26"), VALUE("28"),
				    VALUE("30"), VALUE("100:1000000")) },
		  "the values are more than 16 ranges and more than 65536 numbers",
		  -EINVAL },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

static void test_compile__takes_names_of_capabilities(void **state)
{
	const struct match_row rows[] = {
		{ "kernel_cap_t",
		  { ASK(EQUAL), VALUES(VALUE("CAP_CHOWN,CAP_SYS_ADMIN")) },
		  "number value 0 in 2097153\n",
		  0 },
		{ "cap_effective",
		  { ASK(MASK), VALUES(VALUE("cap_chown"), VALUE("0x8")) },
		  "any bit of 0x9\n",
		  0 },
		{ "cap_effective",
		  { ASK(MASK), VALUES(VALUE("CAP_CHOWN, CAP_WHAT")) },
		  "'CAP_WHAT' is no capability",
		  -EINVAL },
		{ "capability", { ASK(EQUAL), VALUES(VALUE("CAP_SYS_ADMIN")) }, "in 21\n", 0 },
		{ "capability",
		  { ASK(EQUAL), VALUES(VALUE("CAP_SYS_ADMI")) },
		  "'CAP_SYS_ADMI' is no number; nearest is 'CAP_SYS_ADMIN'",
		  -EINVAL },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__takes_numbers),
		TEST(test_compile__takes_ranges),
		TEST(test_compile__compares_with_the_easiest_of_several),
		TEST(test_compile__takes_many_numbers_as_a_set),
		TEST(test_compile__takes_names_of_capabilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
