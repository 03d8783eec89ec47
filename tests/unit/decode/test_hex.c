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
	ROW("\x01", DECODE_OK, "01"),
	ROW("\x01\x02", DECODE_OK, "0102"),
	ROW("\xde\xad\xbe\xef", DECODE_OK, "deadbeef"),
	ROW("", DECODE_OK, ""),
	ROW("\0\xff", DECODE_OK, "00ff"),
	ROW("0123456789abcdef0123456789abcdef", DECODE_OK,
	    "3031323334353637383961626364656630313233343536373839616263646566"),
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("hex", &env, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
