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
	ROW("", DECODE_OK, "."),
	ROW("\x03"
	    "com",
	    DECODE_OK, "com"),
	ROW("\x07"
	    "example"
	    "\x03"
	    "com",
	    DECODE_OK, "example.com"),
	ROW("\x05"
	    "com",
	    DECODE_OK,
	    "\x05"
	    "com"), /* runs past the end: as it is */
	ROW("\x03"
	    "com"
	    "\0",
	    DECODE_OK, "com."),
	ROW("\0", DECODE_OK, "."),
	ROW("\x03"
	    "com"
	    "\xc0\x0c",
	    DECODE_OK,
	    "\x03"
	    "com"
	    "\xc0\x0c"), /* a pointer */
	ROW("\xff", DECODE_OK, "\xff"),
	ROW("\x01"
	    "a"
	    "\x01",
	    DECODE_OK,
	    "\x01"
	    "a"
	    "\x01"),
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("dname", &env, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
