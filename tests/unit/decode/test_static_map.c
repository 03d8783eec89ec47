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
	{ "1", "overwritten" }, { "1", "read" },   { "2", "write" },
	{ "0x10", "sixteen" },  { "", "nothing" },
};

static void assert_map_rows(const struct step_spec *step, const struct decode_row *rows,
			    size_t count)
{
	const struct decode_env env = { 0 };

	assert_chain_rows(step, 1, &env, rows, count);
}

static void test_run__rows(void **state)
{
	const struct step_spec step = {
		.decoder = "static_map",
		.pairs = pairs,
		.pair_count = array_size(pairs),
		.has_pairs = true,
	};
	static const struct decode_row rows[] = {
		ROW("1", DECODE_OK, "read"),
		ROW("2", DECODE_OK, "write"),
		ROW("3", DECODE_OK, "unknown:3"),
		ROW("0x10", DECODE_OK, "sixteen"), /* keys are text */
		ROW("16", DECODE_OK, "unknown:16"),
		ROW("", DECODE_OK, "nothing"),
	};

	(void)state;
	assert_map_rows(&step, rows, array_size(rows));
}

static void test_run__unknown_is_allowed(void **state)
{
	const struct step_spec step = {
		.decoder = "static_map",
		.pairs = pairs,
		.pair_count = array_size(pairs),
		.has_pairs = true,
		.allows_unknown = true,
	};
	static const struct decode_row rows[] = {
		ROW("1", DECODE_OK, "read"),
		ROW("3", DECODE_OK, "3"),
	};

	(void)state;
	assert_map_rows(&step, rows, array_size(rows));
}

static void test_run__no_map(void **state)
{
	const struct step_spec step = { .decoder = "static_map" };
	static const struct decode_row rows[] = {
		ROW("1", DECODE_OK, "empty mapping"),
		ROW("", DECODE_OK, "empty mapping"),
	};

	(void)state;
	assert_map_rows(&step, rows, array_size(rows));
}

static void test_run__empty_map(void **state)
{
	const struct step_spec step = { .decoder = "static_map", .has_pairs = true };
	static const struct decode_row rows[] = { ROW("1", DECODE_OK, "unknown:1") };

	(void)state;
	assert_map_rows(&step, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
		cmocka_unit_test(test_run__unknown_is_allowed),
		cmocka_unit_test(test_run__no_map),
		cmocka_unit_test(test_run__empty_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
