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
	{ "0", "NONE" }, { "1", "FIN" }, { "2", "SYN" }, { "3", "BOTH" }, { "-2147483648", "TOP" },
};

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };
	const struct step_spec step = { .decoder = "bits",
					.pairs = pairs,
					.pair_count = array_size(pairs) };
	static const struct decode_row rows[] = {
		ROW("\0\0\0\0", DECODE_OK, "NONE"),
		ROW("\x01\0\0\0", DECODE_OK, "FIN"),
		ROW("\x03", DECODE_OK, "FIN|SYN|BOTH"),
		ROW("\x02\0\0\x80", DECODE_OK, "SYN|TOP"),
		ROW("\x04", DECODE_OK, ""),
		ROW("", -EINVAL, "got 0 bytes; it takes 1, 2, 4 or 8"),
	};

	(void)state;
	assert_chain_rows(&step, 1, &env, rows, array_size(rows));
}

static void test_run__other_separator(void **state)
{
	const struct decode_env env = { 0 };
	const struct spec_text separator = { .text = ", " };
	const struct step_spec step = { .decoder = "bits",
					.pairs = pairs,
					.pair_count = 3,
					.patterns = &separator,
					.pattern_count = 1 };
	static const struct decode_row rows[] = { ROW("\x03", DECODE_OK, "FIN, SYN") };

	(void)state;
	assert_chain_rows(&step, 1, &env, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
		cmocka_unit_test(test_run__other_separator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
