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
	ROW("\x09\x00\x00\x00", DECODE_OK, "SIGKILL"),
	ROW("\x01\x00\x00\x00", DECODE_OK, "SIGHUP"),
	ROW("\x1f\x00\x00\x00", DECODE_OK, "SIGSYS"),
	ROW("\x00\x00\x00\x00", DECODE_OK, "signal#0"),
	ROW("\x20\x00\x00\x00", DECODE_OK, "signal#32"),
	ROW("\x40\x00\x00\x00", DECODE_OK, "signal#64"),
	ROW("\xff\xff\xff\xff", DECODE_OK, "signal#-1"),
	ROW("\x0f\x00", DECODE_OK, "SIGTERM"),
	ROW("", -EINVAL, "got 0 bytes; it takes 1, 2, 4 or 8"),
	ROW("abc", -EINVAL, "got 3 bytes; it takes 1, 2, 4 or 8"),
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("signal", &env, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
