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
	ROW("regular string", DECODE_OK, "regular string"),
	ROW("null terminated string\0bananas after null", DECODE_OK, "null terminated string"),
	ROW("", DECODE_OK, ""),
	ROW("\0", DECODE_OK, ""),
	ROW("\0x", DECODE_OK, ""),
	ROW("x", DECODE_OK, "x"),
	ROW("\xff\xfe", DECODE_OK, "\xff\xfe"), /* UTF-8 is the sink's matter */
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("string", &env, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
