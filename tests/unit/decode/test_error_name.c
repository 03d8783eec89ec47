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
	ROW("\x00\x00\x00\x00", DECODE_OK, ""),
	ROW("\x02\x00\x00\x00", DECODE_OK, "ENOENT"),
	ROW("\xfe\xff\xff\xff", DECODE_OK, "ENOENT"),
	ROW("\x5f\x00\x00\x00", DECODE_OK, "ENOTSUP"),
	ROW("\x85\x00\x00\x00", DECODE_OK, "EHWPOISON"),
	ROW("\x86\x00\x00\x00", DECODE_OK, "error#134"),
	ROW("\x29\x00\x00\x00", DECODE_OK, "error#41"),
	ROW("\x0b\x00\x00\x00\x00\x00\x00\x00", DECODE_OK, "EAGAIN"),
	ROW("\x01", DECODE_OK, "EPERM"),
	ROW("\x00\x00\x00\x00\x00\x00\x00\x80", DECODE_OK, "error#-9223372036854775808"),
	ROW("\xff\xff\xff\x7f", DECODE_OK, "error#2147483647"),
	ROW("", -EINVAL, "got 0 bytes; it takes 1, 2, 4 or 8"),
	ROW("abc", -EINVAL, "got 3 bytes; it takes 1, 2, 4 or 8"),
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("error_name", &env, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
