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
	ROW("\x06\x00", DECODE_OK, "TCP"),
	ROW("\x11\x00", DECODE_OK, "UDP"),
	ROW("\x3a\x00", DECODE_OK, "IPv6-ICMP"),
	ROW("\x00\x00", DECODE_OK, "HOPOPT"),
	ROW("\x84\x00", DECODE_OK, "SCTP"),
	ROW("\xc8\x00", DECODE_OK, "proto#200"),
	ROW("\xff\xff", DECODE_OK, "proto#65535"),
	ROW("\x06", DECODE_OK, "TCP"),
	ROW("", -EINVAL, "got 0 bytes; it takes 1, 2, 4 or 8"),
	ROW("abc", -EINVAL, "got 3 bytes; it takes 1, 2, 4 or 8"),
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("l4proto", &env, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
