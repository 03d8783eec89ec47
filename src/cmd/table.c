/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/table.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP 2
/* Narrower than that the last column goes below the others. */
#define MIN_LAST_WIDTH 24
#define BELOW_INDENT 4

/* Columns on the screen, as far as one per character goes: names and messages are no CJK prose. */
static size_t text_width(const char *text, size_t len)
{
	size_t width = 0;

	for (size_t i = 0; i < len; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			width++;
	return width;
}

void table__add_row(struct table *table, const char *const *cells)
{
	struct table_row row;

	for (size_t i = 0; i < table->column_count; i++) {
		row.cells[i] = arena__strdup(&table->arena, cells[i] ? cells[i] : "");
		if (!row.cells[i])
			table->has_failed = true;
	}
	if (!table->has_failed && vec_push(&table->rows, row) < 0)
		table->has_failed = true;
}

static void measure(const struct table *table, size_t *widths)
{
	for (size_t column = 0; column < table->column_count; column++) {
		widths[column] = 0;
		vec_for_each(&table->rows, row) {
			size_t width = text_width(row->cells[column], strlen(row->cells[column]));

			if (width > widths[column])
				widths[column] = width;
		}
	}
}

static void add_blanks(struct strbuf *out, size_t count)
{
	while (count-- > 0)
		strbuf__add_char(out, ' ');
}

/* Words, broken into lines of at most `width` columns that begin `indent` columns from the left. */
static void add_wrapped(struct strbuf *out, const char *text, size_t indent, size_t width)
{
	size_t used = 0;

	while (*text) {
		size_t len = strcspn(text, " ");
		size_t columns = text_width(text, len);

		if (used > 0 && used + 1 + columns > width) {
			strbuf__add_char(out, '\n');
			add_blanks(out, indent);
			used = 0;
		}
		if (used > 0) {
			strbuf__add_char(out, ' ');
			used++;
		}
		strbuf__add(out, text, len);
		used += columns;
		text += len;
		text += strspn(text, " ");
	}
}

/* The last of the columns before `end` with something in it: nothing is padded behind it. */
static size_t last_filled(const struct table_row *row, size_t end)
{
	size_t last = end - 1;

	while (last > 0 && row->cells[last][0] == '\0')
		last--;
	return last;
}

static void add_cells(struct strbuf *out, const struct table_row *row, const size_t *widths,
		      size_t end)
{
	size_t last = last_filled(row, end);

	for (size_t column = 0; column <= last; column++) {
		const char *cell = row->cells[column];

		strbuf__add_text(out, cell);
		if (column < last)
			add_blanks(out, widths[column] + GAP - text_width(cell, strlen(cell)));
	}
}

static void add_beside(struct strbuf *out, const struct table *table, const struct table_row *row,
		       const size_t *widths, size_t indent, size_t width)
{
	size_t last = table->column_count - 1;

	if (width == 0 || row->cells[last][0] == '\0') {
		add_cells(out, row, widths, table->column_count);
		return;
	}
	for (size_t column = 0; column < last; column++) {
		const char *cell = row->cells[column];

		strbuf__add_text(out, cell);
		add_blanks(out, widths[column] + GAP - text_width(cell, strlen(cell)));
	}
	add_wrapped(out, row->cells[last], indent, width - indent);
}

static void add_below(struct strbuf *out, const struct table *table, const struct table_row *row,
		      const size_t *widths, size_t width)
{
	size_t last = table->column_count - 1;

	add_cells(out, row, widths, last);
	if (row->cells[last][0] == '\0' || (table->has_header && row == table->rows.items))
		return;
	strbuf__add_char(out, '\n');
	add_blanks(out, BELOW_INDENT);
	add_wrapped(out, row->cells[last], BELOW_INDENT,
		    width > BELOW_INDENT ? width - BELOW_INDENT : 1);
}

void table__write(const struct table *table, size_t width, struct strbuf *out)
{
	size_t widths[TABLE_MAX_COLUMNS];
	size_t indent = 0;

	measure(table, widths);
	for (size_t column = 0; column + 1 < table->column_count; column++)
		indent += widths[column] + GAP;

	bool is_beside = width == 0 || table->column_count == 1 ||
			 indent + widths[table->column_count - 1] <= width ||
			 indent + MIN_LAST_WIDTH <= width;

	vec_for_each(&table->rows, row) {
		if (is_beside)
			add_beside(out, table, row, widths, indent, width);
		else
			add_below(out, table, row, widths, width);
		strbuf__add_char(out, '\n');
	}
	if (table->has_failed)
		out->has_failed = true;
}

void table__done(struct table *table)
{
	vec_done(&table->rows);
	arena__done(&table->arena);
}

size_t terminal_width(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
