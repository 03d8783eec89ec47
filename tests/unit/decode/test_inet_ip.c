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
	ROW("\x01\x02\x03\x04", DECODE_OK, "1.2.3.4"),
	ROW("\xff\xff\xff\xff", DECODE_OK, "255.255.255.255"),
	ROW("\x24\x00\xcb\x00\x00\x04\x10\x24\x00\x00\x00\x00\xa2\x9e\xfd\x8f", DECODE_OK,
	    "2400:cb00:4:1024::a29e:fd8f"),
	ROW("\0\0\0\0\0\0\0\0\0\0\xff\xff\x01\x02\x03\x04", DECODE_OK, "1.2.3.4"),
	ROW("\0\0\0\0\0\0\0\0\0\0\0\0\x01\x02\x03\x04", DECODE_OK, "::102:304"),
	ROW("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", DECODE_OK, "::"),
	ROW("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", DECODE_OK, "::1"),
	ROW("\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0", DECODE_OK, "1::"),
	/* The first of equally long runs; a single zero group stays. */
	ROW("\0\x01\0\0\0\0\0\x01\0\0\0\0\0\x01\0\x01", DECODE_OK, "1::1:0:0:1:1"),
	ROW("\0\x01\0\0\0\x01\0\x01\0\x01\0\x01\0\x01\0\x01", DECODE_OK, "1:0:1:1:1:1:1:1"),
	ROW("\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\xAB\xCD", DECODE_OK, "fe80::abcd"),
	ROW("", DECODE_OK, "<nil>"),
	ROW("\x01\x02\x03", DECODE_OK, "?010203"),
	ROW("\x01\x02\x03\x04\xff", DECODE_OK, "?01020304ff"),
	ROW("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", DECODE_OK, "?0000000000000000000000000000000000"),
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("inet_ip", &env, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
