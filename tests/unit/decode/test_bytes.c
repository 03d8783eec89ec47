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
	ROW("\x00\x00\x00\x00\x00\x00\x00\x00", DECODE_OK, "0 B"),
	ROW("\x09\x00\x00\x00\x00\x00\x00\x00", DECODE_OK, "9 B"),
	ROW("\x52\x00\x00\x00\x00\x00\x00\x00", DECODE_OK, "82 B"),
	ROW("\xe7\x03\x00\x00\x00\x00\x00\x00", DECODE_OK, "999 B"),
	ROW("\xe8\x03\x00\x00\x00\x00\x00\x00", DECODE_OK, "1.0 kB"),
	ROW("\x00\x04\x00\x00\x00\x00\x00\x00", DECODE_OK, "1.0 kB"),
	ROW("\xe1\x04\x00\x00\x00\x00\x00\x00", DECODE_OK, "1.2 kB"),
	ROW("\xe2\x04\x00\x00\x00\x00\x00\x00", DECODE_OK, "1.3 kB"),
	ROW("\xdd\x26\x00\x00\x00\x00\x00\x00", DECODE_OK, "9.9 kB"),
	ROW("\xde\x26\x00\x00\x00\x00\x00\x00", DECODE_OK, "10 kB"),
	ROW("\x4e\x61\xbc\x00\x00\x00\x00\x00", DECODE_OK, "12 MB"),
	ROW("\x00\x40\x42\x0f\x00\x00\x00\x00", DECODE_OK, "256 MB"),
	ROW("\x3f\x42\x0f\x00\x00\x00\x00\x00", DECODE_OK, "1000 kB"),
	ROW("\x00\x50\x39\x27\x8c\x04\x00\x00", DECODE_OK, "5.0 TB"),
	ROW("\xff\xff\xff\xff\xff\xff\xff\xff", DECODE_OK, "18 EB"),
	ROW("\xff\xff\xff\xff", DECODE_OK, "4.3 GB"),
	ROW("", -EINVAL, "got 0 bytes; it takes 1, 2, 4 or 8"),
	ROW("abc", -EINVAL, "got 3 bytes; it takes 1, 2, 4 or 8"),
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("bytes", &env, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
