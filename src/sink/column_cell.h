/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_COLUMN_CELL_H
#define SRC_SINK_COLUMN_CELL_H

/*
 * A text in a column: just so many cells of a terminal, cut with an ellipsis or filled with blanks. Characters of two
 * cells and of none are counted as the terminal counts them, and nothing that a terminal would obey gets through. It
 * owns nothing. Widths of characters are those of the thread's locale, which sink/columns sets.
 */

#include "base/str.h"
#include "sink/event_sink.h"

struct cell_format {
	uint16_t width;
	bool is_right;
	bool is_cut;  /* otherwise a longer text pushes the rest of the line */
	bool is_last; /* no blanks behind it */
	enum ellipsis ellipsis;
};

void column_cell_add(struct strbuf *out, const struct cell_format *format, const char *text,
		     size_t len);
/* Cells that the text takes. */
size_t column_cell_width(const char *text, size_t len);

#endif
