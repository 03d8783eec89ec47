/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "rows.h"

static const struct decode_row rows[] = {
	ROW("ls\0-l\0/tmp\0\0\0\0", DECODE_OK, "ls\xc2\xa0-l\xc2\xa0/tmp"),
	ROW("sh\0-c\0\0a b", DECODE_OK,
	    "sh\xc2\xa0-c\xc2\xa0\xc2\xa0"
	    "a b"), /* one is empty, the last is cut */
	ROW("ls", DECODE_OK, "ls"),
	ROW("", DECODE_OK, ""),
	ROW("\0", DECODE_OK, ""),
	ROW("\0x", DECODE_OK, "\xc2\xa0x"),
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("words", &env, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
