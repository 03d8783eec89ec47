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
	ROW("\x7f\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	    DECODE_OK, "127.0.0.1"),
	ROW("\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	    DECODE_OK, "2001:db8::1"),
	ROW("\x7f\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	    DECODE_OK, ""),
	ROW("\x7f\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	    DECODE_OK, ""),
	ROW("", -EINVAL, "got 0 bytes; it takes 32"),
	ROW("0123456789abcdef0123456789abcde", -EINVAL, "got 31 bytes; it takes 32"),
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("l3endpoint_addr", &env, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
