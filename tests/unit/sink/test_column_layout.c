/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#include "base/mem.h"
#include "sink/column_layout.h"

#define MAX_COLUMNS 4
#define WIDE UINT16_MAX

struct layout_row {
	const char *what;
	size_t count;
	struct column_width columns[MAX_COLUMNS]; /* wanted, min, max */
	size_t available;
	size_t shown;
	uint16_t want[MAX_COLUMNS];
};

static const struct layout_row rows[] = {
	{ "no terminal",
	  2,
	  { { 10, 5, WIDE, false, 0 }, { 20, 5, WIDE, false, 0 } },
	  0,
	  2,
	  { 10, 20 } },
	{ "just right",
	  2,
	  { { 10, 5, WIDE, false, 0 }, { 20, 5, WIDE, false, 0 } },
	  31,
	  2,
	  { 10, 20 } },
	{ "grow by ratio",
	  2,
	  { { 10, 5, WIDE, false, 0 }, { 20, 5, WIDE, false, 0 } },
	  61,
	  2,
	  { 20, 40 } },
	{ "shrink by ratio",
	  2,
	  { { 10, 2, WIDE, false, 0 }, { 20, 2, WIDE, false, 0 } },
	  16,
	  2,
	  { 5, 10 } },
	{ "rounding leaves a cell",
	  2,
	  { { 10, 5, WIDE, false, 0 }, { 10, 5, WIDE, false, 0 } },
	  26,
	  2,
	  { 13, 12 } },
	{ "a fixed one",
	  2,
	  { { 10, 10, 10, false, 0 }, { 20, 5, WIDE, false, 0 } },
	  61,
	  2,
	  { 10, 50 } },
	{ "the greatest width",
	  3,
	  { { 10, 5, 12, false, 0 }, { 10, 5, WIDE, false, 0 }, { 20, 5, WIDE, false, 0 } },
	  74,
	  3,
	  { 12, 20, 40 } },
	{ "the least width",
	  3,
	  { { 10, 8, WIDE, false, 0 }, { 10, 1, WIDE, false, 0 }, { 20, 1, WIDE, false, 0 } },
	  22,
	  3,
	  { 8, 4, 8 } },
	{ "all at their greatest",
	  2,
	  { { 5, 5, 5, false, 0 }, { 6, 5, 7, false, 0 } },
	  80,
	  2,
	  { 5, 7 } },
	{ "less than the least: bounds give way",
	  2,
	  { { 20, 20, 20, false, 0 }, { 10, 10, WIDE, false, 0 } },
	  16,
	  2,
	  { 8, 7 } },
	{ "least of all three",
	  3,
	  { { 16, 8, WIDE, false, 0 }, { 16, 8, WIDE, false, 0 }, { 16, 8, WIDE, false, 0 } },
	  11,
	  3,
	  { 3, 3, 3 } },
	{ "no room for the last",
	  3,
	  { { 16, 8, WIDE, false, 0 }, { 16, 8, WIDE, false, 0 }, { 16, 8, WIDE, false, 0 } },
	  10,
	  2,
	  { 5, 4, 0 } },
	{ "room for nothing",
	  2,
	  { { 16, 8, WIDE, false, 0 }, { 16, 8, WIDE, false, 0 } },
	  1,
	  1,
	  { 3, 0 } },
	{ "one", 1, { { 16, 8, WIDE, false, 0 } }, 80, 1, { 80 } },
	{ "none", 0, { { 0, 0, 0, false, 0 } }, 80, 0, { 0 } },
};

static void test_fit__rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct layout_row row = rows[i];

		if (column_layout_fit(row.columns, row.count, row.available) != row.shown)
			fail_msg("%s: wrong number of columns", row.what);
		for (size_t k = 0; k < row.count; k++)
			if (row.columns[k].width != row.want[k])
				fail_msg("%s: column %zu is %u wide, not %u", row.what, k,
					 row.columns[k].width, row.want[k]);
	}
}

/* Whatever they want, the line is never wider than the terminal. */
static void test_fit__any_terminal(void **state)
{
	static const struct column_width wishes[] = {
		{ 16, 8, WIDE, false, 0 }, { 7, 7, 7, false, 0 },      { 30, 12, 40, false, 0 },
		{ 1, 0, 1, false, 0 },     { 300, 1, WIDE, false, 0 }, { 12, 12, 12, false, 0 },
		{ 8, 3, 9, false, 0 },
	};

	(void)state;
	for (size_t available = 1; available < 500; available++) {
		struct column_width columns[array_size(wishes)];
		size_t shown, sum;

		for (size_t i = 0; i < array_size(wishes); i++)
			columns[i] = wishes[i];
		shown = column_layout_fit(columns, array_size(wishes), available);
		sum = (shown - 1) * COLUMN_GAP;
		for (size_t i = 0; i < shown; i++) {
			assert_true(columns[i].width > 0 || wishes[i].min == 0);
			assert_true(columns[i].width <= wishes[i].max);
			sum += columns[i].width;
		}
		assert_true(sum <= available || (shown == 1 && sum <= COLUMN_LEAST));
		if (available >= 73 && available < 400) /* nothing is wasted */
			assert_int_equal(sum, available);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fit__rows),
		cmocka_unit_test(test_fit__any_terminal),
	};

	return cmocka_run_group_tests_name("sink/column_layout", tests, NULL, NULL);
}
