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
	ROW("\x01", DECODE_OK, "1"),
	ROW("\x02\0", DECODE_OK, "2"),
	ROW("\x04\0\0\0", DECODE_OK, "4"),
	ROW("\x08\0\0\0\0\0\0\0", DECODE_OK, "8"),
	ROW("\x00\xb6\xc2\x5b\x85\xff\xff\xff", DECODE_OK, "18446743546968061440"),
	ROW("\xff\xff\xff\xff\xff\xff\xff\xff", DECODE_OK, "18446744073709551615"),
	ROW("\xff", DECODE_OK, "255"),
	ROW("\xff\xff", DECODE_OK, "65535"),
	ROW("\xff\xff\xff\xff", DECODE_OK, "4294967295"),
	ROW("", -EINVAL, "decoder 'uint' got 0 bytes; it takes 1, 2, 4 or 8"),
	ROW("\x01\x02\x03", -EINVAL, "got 3 bytes"),
	ROW("\x01\x02\x03\x04\x05\x06\x07\x08\x09", -EINVAL, "got 9 bytes"),
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };

	(void)state;
	assert_rows("uint", &env, rows, array_size(rows));
}

static void test_open__refuses_size(void **state)
{
	const struct step_spec step = { .at = { "x.yaml", 7, 9 }, .decoder = "uint" };

	(void)state;
	assert_open_fails(&step, 1, 3, -EINVAL,
			  "x.yaml:7:9: decoder 'uint' got 3 bytes; it takes 1, 2, 4 or 8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
		cmocka_unit_test(test_open__refuses_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
