/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "rows.h"

static const struct step_pair pairs[] = {
	{ "0", "ZERO" },  { "1", "ONE" },           { "1", "ALSO_ONE" },
	{ "-1", "LESS" }, { "4294967290", "MANY" },
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };
	const struct step_spec step = { .decoder = "enum",
					.pairs = pairs,
					.pair_count = array_size(pairs) };
	static const struct decode_row rows[] = {
		ROW("\0\0\0\0", DECODE_OK, "ZERO"),
		ROW("\x01\0\0\0", DECODE_OK, "ONE"),
		ROW("\x01", DECODE_OK, "ONE"),
		ROW("\xff\xff\xff\xff", DECODE_OK, "LESS"),
		ROW("\xff\xff\xff\xff\xff\xff\xff\xff", DECODE_OK, "LESS"),
		ROW("\xfa\xff\xff\xff", DECODE_OK, "MANY"),
		ROW("\x02\0\0\0", DECODE_OK, "UNKNOWN"),
		ROW("abc", -EINVAL, "got 3 bytes; it takes 1, 2, 4 or 8"),
	};

	(void)state;
	assert_chain_rows(&step, 1, &env, rows, array_size(rows));
}

static void test_run__nothing_has_a_name(void **state)
{
	const struct decode_env env = { 0 };
	static const struct decode_row rows[] = { ROW("\0", DECODE_OK, "UNKNOWN") };

	(void)state;
	assert_rows("enum", &env, rows, array_size(rows));
}

static void test_open__bad_value(void **state)
{
	static const struct step_pair bad[] = { { "0x1", "ONE" } };
	const struct step_spec step = {
		.at = { "x.yaml", 3, 1 }, .decoder = "enum", .pairs = bad, .pair_count = 1
	};

	(void)state;
	assert_open_fails(&step, 1, 4, -EINVAL,
			  "x.yaml:3:1: '0x1' is no number; names of values are 'NUMBER: NAME'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
		cmocka_unit_test(test_run__nothing_has_a_name),
		cmocka_unit_test(test_open__bad_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
