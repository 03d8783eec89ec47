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
	ROW("\x00\x00\x00\x00", DECODE_OK, "----------"),
	ROW("\xa4\x01\x00\x00", DECODE_OK, "-rw-r--r--"),
	ROW("\xff\x01\x00\x00", DECODE_OK, "-rwxrwxrwx"),
	ROW("\xed\x89\x00\x00", DECODE_OK, "-rwxr-xr-x"),
	ROW("\x01\x40\x00\x00", DECODE_OK, "---------x"),
	ROW("\x00\x01", DECODE_OK, "-r--------"),
	ROW("", -EINVAL, "got 0 bytes; it takes 1, 2, 4 or 8"),
	ROW("abc", -EINVAL, "got 3 bytes; it takes 1, 2, 4 or 8"),
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("file_mode", &env, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
