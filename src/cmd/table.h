/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_TABLE_H
#define SRC_CMD_TABLE_H

/*
 * Text in columns: as wide as they need to be, the last one wrapped at blanks to the width of the terminal, or
 * put below the others where there is no room beside them.
 * The table owns copies of its cells. check, run and the help texts are printed with it.
 */

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"

#define TABLE_MAX_COLUMNS 10

struct table_row {
	const char *cells[TABLE_MAX_COLUMNS];
};

struct table {
	size_t column_count;
	struct arena arena;
	VEC(struct table_row) rows;
	bool has_header; /* the first row names the columns */
	bool has_failed; /* for want of memory: rows are missing */
};

#define TABLE_INIT(count)                                                                          \
	{                                                                                          \
		.column_count = (count)                                                            \
	}

/* column_count cells; NULL is an empty one. */
void table__add_row(struct table *table, const char *const *cells);
/* width 0: lines may be of any length. */
void table__write(const struct table *table, size_t width, struct strbuf *out);
void table__done(struct table *table);

/* Columns of the terminal that the descriptor is; 0: it is none, nothing needs to be wrapped. */
size_t terminal_width(int fd);

#endif
