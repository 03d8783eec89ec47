/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/column_layout.h"

static size_t gaps_of(size_t count)
{
	return count > 0 ? (count - 1) * COLUMN_GAP : 0;
}

static uint16_t least_of(const struct column_width *column)
{
	return column->min < COLUMN_LEAST ? column->min : COLUMN_LEAST;
}

static size_t sum_of_least(const struct column_width *columns, size_t count)
{
	size_t sum = gaps_of(count);

	for (size_t i = 0; i < count; i++)
		sum += least_of(&columns[i]);
	return sum;
}

static size_t sum_of_min(const struct column_width *columns, size_t count)
{
	size_t sum = gaps_of(count);

	for (size_t i = 0; i < count; i++)
		sum += columns[i].min;
	return sum;
}

/* A line of columns whose widths are still to be found, and what of it the others leave them. */
struct rest {
	size_t cells;
	size_t wanted;
};

/* What is left for the columns that have no width yet (0). */
static struct rest rest_of(const struct column_width *columns, size_t count, size_t cells)
{
	struct rest rest = { .cells = cells };

	for (size_t i = 0; i < count; i++) {
		if (!columns[i].width)
			rest.wanted += columns[i].wanted;
		else if (columns[i].width < rest.cells)
			rest.cells -= columns[i].width;
		else
			rest.cells = 0;
	}
	return rest;
}

/*
 * Those that the ratio would push over a bound get the bound. Only one side at a time, the one that takes more cells
 * away or gives more back: a column at its bound changes the ratio for the rest. False: there was none.
 */
static bool settle_at_bounds(struct column_width *columns, size_t count, const struct rest *rest)
{
	int64_t excess = 0;
	bool is_any = false;

	for (size_t i = 0; i < count; i++) {
		const struct column_width *column = &columns[i];
		size_t share = column->width ? 0 : column->wanted * rest->cells / rest->wanted;
		size_t min = column->min;

		if (column->width)
			continue;
		if (share < min)
			excess += (int64_t)(min - share);
		else if (share > column->max)
			excess -= (int64_t)(share - column->max);
	}
	for (size_t i = 0; i < count; i++) {
		struct column_width *column = &columns[i];
		size_t share = column->width ? 0 : column->wanted * rest->cells / rest->wanted;
		uint16_t min = column->min;

		if (column->width)
			continue;
		if (excess >= 0 && share <= min)
			column->width = min;
		else if (excess <= 0 && share >= column->max)
			column->width = column->max;
		is_any |= column->width != 0;
	}
	return is_any;
}

/* The columns that have no width yet, by one ratio; the cells that rounding leaves go to the first ones. */
static void share_out(struct column_width *columns, size_t count, const struct rest *rest)
{
	size_t left = rest->cells;

	for (size_t i = 0; i < count; i++)
		if (!columns[i].width)
			left -= columns[i].wanted * rest->cells / rest->wanted;
	for (size_t i = 0; i < count; i++) {
		struct column_width *column = &columns[i];

		if (column->width)
			continue;
		column->width = (uint16_t)(column->wanted * rest->cells / rest->wanted);
		if (left > 0 && column->width < column->max) {
			column->width++;
			left--;
		}
	}
}

static void fit(struct column_width *columns, size_t count, size_t cells)
{
	for (size_t i = 0; i < count; i++)
		columns[i].width = 0;
	for (;;) {
		struct rest rest = rest_of(columns, count, cells);

		if (rest.wanted == 0)
			return;
		if (!settle_at_bounds(columns, count, &rest)) {
			share_out(columns, count, &rest);
			return;
		}
	}
}

/* The widest column that may give way: texts as long as there is one; NULL: none. */
static struct column_width *widest(struct column_width *columns, size_t count)
{
	struct column_width *found = NULL;

	for (size_t i = 0; i < count; i++) {
		struct column_width *column = &columns[i];

		if (column->width <= least_of(column))
			continue;
		if (!found || (found->is_number && !column->is_number) ||
		    (found->is_number == column->is_number && column->width >= found->width))
			found = column;
	}
	return found;
}

/* Less than the least: the widest give way, so that short ones stay whole. */
static void squeeze(struct column_width *columns, size_t count, size_t available)
{
	size_t sum = sum_of_min(columns, count);
	struct column_width *column;

	for (size_t i = 0; i < count; i++)
		columns[i].width = columns[i].min;
	for (; sum > available && (column = widest(columns, count)); sum--)
		column->width--;
}

size_t column_layout_fit(struct column_width *columns, size_t count, size_t available)
{
	size_t shown = count;

	if (available == 0) {
		for (size_t i = 0; i < count; i++)
			columns[i].width = columns[i].wanted;
		return count;
	}
	while (shown > 1 && sum_of_least(columns, shown) > available)
		shown--;
	if (sum_of_min(columns, shown) > available)
		squeeze(columns, shown, available);
	else
		fit(columns, shown, available - gaps_of(shown));
	for (size_t i = shown; i < count; i++)
		columns[i].width = 0;
	return shown;
}
