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
	ROW("\x00\x00\x00\x00\x00\x00\x00\x00", DECODE_OK, "0ns"),
	ROW("\xe7\x03\x00\x00\x00\x00\x00\x00", DECODE_OK, "999ns"),
	ROW("\xe8\x03\x00\x00\x00\x00\x00\x00", DECODE_OK, "1.00µs"),
	ROW("\x39\x30\x00\x00\x00\x00\x00\x00", DECODE_OK, "12.35µs"),
	ROW("\x00\x73\x55\x00\x00\x00\x00\x00", DECODE_OK, "5.60ms"),
	ROW("\xff\xc9\x9a\x3b\x00\x00\x00\x00", DECODE_OK, "1000.00ms"),
	ROW("\x00\xca\x9a\x3b\x00\x00\x00\x00", DECODE_OK, "1s"),
	ROW("\x00\x2f\x68\x59\x00\x00\x00\x00", DECODE_OK, "1.5s"),
	ROW("\x01\xca\x9a\x3b\x00\x00\x00\x00", DECODE_OK, "1.000000001s"),
	ROW("\x00\x04\x6b\xf4\x14\x00\x00\x00", DECODE_OK, "1m30s"),
	ROW("\x00\xa0\xb8\x30\x46\x03\x00\x00", DECODE_OK, "1h0m0s"),
	ROW("\x00\x27\x68\x82\x54\x03\x00\x00", DECODE_OK, "1h1m1.5s"),
	ROW("\xff\xff\xff\xff\xff\xff\xff\xff", DECODE_OK, "5124095h34m33.709551615s"),
	ROW("", -EINVAL, "got 0 bytes; it takes 1, 2, 4 or 8"),
	ROW("abc", -EINVAL, "got 3 bytes; it takes 1, 2, 4 or 8"),
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("duration", &env, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
