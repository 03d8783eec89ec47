/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static void test_compile__makes_sets_of_texts(void **state)
{
	const struct match_row rows[] = {
		{ "string",
		  { ASK(EQUAL), VALUES(VALUE("a"), VALUE("b")) },
		  "text value 0 is \"a\", \"b\" (set 100)\n  count\nset 100: texts \"a\" \"b\"\n",
		  0 },
		{ "file",
		  { ASK(NOT_EQUAL), VALUES(VALUE("/etc/shadow")) },
		  "not text value 0 is \"/etc/shadow\" (set 100)",
		  0 },
		{ "path",
		  { ASK(PREFIX), VALUES(VALUE("/etc/")) },
		  "text value 0 begins with \"/etc/\" (set 100)\n  count\nset 100: prefixes",
		  0 },
		{ "dentry",
		  { ASK(NOT_PREFIX), VALUES(VALUE("/etc/")) },
		  "not text value 0 begins with",
		  0 },
		{ "char_buf",
		  { ASK(POSTFIX), VALUES(VALUE(".so")) },
		  "text value 1 ends with \".so\" (set 100)\n  count\nset 100: postfixes",
		  0 },
		{ "fd",
		  { ASK(NOT_POSTFIX), VALUES(VALUE(".so")) },
		  "not text value 0 ends with",
		  0 },
		{ "linux_binprm",
		  { ASK(SUBSTRING), VALUES(VALUE("lib")) },
		  "text value 0 has \"lib\" (set 100)\n  count\nset 100: substrings",
		  0 },
		{ "net_device",
		  { ASK(SUBSTRING_ANY_CASE), VALUES(VALUE("Lo")) },
		  "text value 0 has, in any case, \"Lo\"",
		  0 },
		{ "string", { ASK(EQUAL), VALUES(VALUE("a\0")) }, "is \"a\" (set", 0 },
		{ "char_buf", { ASK(EQUAL), VALUES(VALUE("a\0")) }, "is \"a\\x00\" (set", 0 },
		{ "sockaddr_un",
		  { ASK(EQUAL), VALUES(VALUE("/run/x")) },
		  "text value 0 is \"/run/x\"",
		  0 },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

static void test_compile__bounds_texts(void **state)
{
	const struct match_row rows[] = {
		{ "string",
		  { ASK(POSTFIX),
		    VALUES(VALUE(
			    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")) },
		  "ends with",
		  0 },
		{ "string",
		  { ASK(POSTFIX),
		    VALUES(VALUE(
			    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")) },
		  "values[0]: it is longer than 127 bytes",
		  -EINVAL },
		{ "string",
		  { ASK(SUBSTRING),
		    VALUES(VALUE(
			    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")) },
		  "has",
		  0 },
		{ "string",
		  { ASK(SUBSTRING),
		    VALUES(VALUE(
			    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")) },
		  "values[0]: it is longer than 99 bytes",
		  -EINVAL },
		{ "string", { ASK(EQUAL), VALUES(VALUE("")) }, "values[0]: it is empty", -EINVAL },
		{ "string", { ASK(EQUAL) }, "there are no values", -EINVAL },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__makes_sets_of_texts),
		TEST(test_compile__bounds_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
