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
	ROW("0", DECODE_OK, "unknown:0"),
	ROW("1", DECODE_OK, "EPERM"),
	ROW("11", DECODE_OK, "EAGAIN"),
	ROW("32", DECODE_OK, "EPIPE"),
	ROW("35", DECODE_OK, "EDEADLK"),
	ROW("41", DECODE_OK, "unknown:41"),
	ROW("58", DECODE_OK, "unknown:58"),
	ROW("95", DECODE_OK, "ENOTSUP"),
	ROW("104", DECODE_OK, "ECONNRESET"),
	ROW("117", DECODE_OK, "EFSCORRUPTED"),
	ROW("133", DECODE_OK, "EHWPOISON"),
	ROW("134", DECODE_OK, "unknown:134"),
	ROW("512", DECODE_OK, "unknown:512"),
	ROW("1000", DECODE_OK, "unknown:1000"),
	ROW("-1", DECODE_OK, "unknown:-1"),
	ROW("", -EINVAL, "'' is no decimal number; put 'uint' before this decoder"),
	ROW("1x", -EINVAL, "'1x' is no decimal number"),
	ROW("\x01\0\0\0", -EINVAL, "'?\?\?\?' is no decimal number"),
	ROW("18446744073709551615", -ERANGE, "does not fit a signed 64-bit number"),
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("errno", &env, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
