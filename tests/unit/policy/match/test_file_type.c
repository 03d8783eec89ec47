/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static void test_compile__makes_a_mask_of_types(void **state)
{
	const struct match_row rows[] = {
		{ "file",
		  { ASK(FILE_TYPE), VALUES(VALUE("reg"), VALUE("regular"), VALUE("dir")) },
		  "file type value 0 mask 0x110\n",
		  0 },
		{ "path",
		  { ASK(NOT_FILE_TYPE), VALUES(VALUE("sock"), VALUE("pipe")) },
		  "not file type value 0 mask 0x1002\n",
		  0 },
		{ "file",
		  { ASK(FILE_TYPE), VALUES(VALUE("REG")) },
		  "'REG' is no type of a file",
		  -EINVAL },
		{ "file", { ASK(FILE_TYPE) }, "there are no values", -EINVAL },
		{ "string",
		  { ASK(FILE_TYPE), VALUES(VALUE("reg")) },
		  "operator FileType does not go with type 'string'",
		  -EINVAL },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__makes_a_mask_of_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
