/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_COLUMN_LAYOUT_H
#define SRC_SINK_COLUMN_LAYOUT_H

/*
 * How wide each column of a table is, given what each wants and how wide the terminal is. Plain arithmetic that owns
 * nothing. sink/columns calls it when a table is made and when the terminal changes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Cells between two columns. */
#define COLUMN_GAP 1
/* Narrower than that a column says nothing. */
#define COLUMN_LEAST 3

struct column_width {
	uint16_t wanted; /* between min and max */
	uint16_t min, max;
	bool is_number; /* of which a part misleads: texts give way first */
	uint16_t width; /* what it gets */
};

/*
 * Gives every column its width, so that the line is just `available` cells wide where the bounds allow: all columns
 * grow or shrink by one ratio, and what hits a bound stays there. Where the least of all is too much, the widest give
 * way down to COLUMN_LEAST, texts before numbers; then columns at the end get nothing. Returns how many columns there
 * is room for, at least 1. available 0: everybody gets what it wants.
 */
size_t column_layout_fit(struct column_width *columns, size_t count, size_t available);

#endif
