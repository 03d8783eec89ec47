/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sink/column_cell.h"
#include "sink/column_layout.h"
#include "sink/column_value.h"
#include "sink/field_choice.h"
#include "sink/ops.h"

#define NO_STREAM UINT32_MAX
#define MORE_ROOM 4     /* of " +12" behind the header */
#define NUMBER_LEAST 11 /* digits of 32 bits with their sign */
#define TEXT_LEAST 8
#define GROWTH_MOST 2

/* Home instead of clearing the screen: what is drawn over does not flicker. */
#define CURSOR_HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"
#define BOLD "\033[1m"
#define NORMAL "\033[m"

struct column {
	char *title;    /* owned, in capitals */
	uint32_t field; /* that it shows */
	const struct column_style *style;
	struct cell_format format;
};

struct table {
	const struct event_stream *stream;
	struct column *columns; /* owned */
	struct column_width *widths;
	size_t count;
	size_t shown; /* for which there is room */
};

struct columns {
	uint16_t width, height; /* of the terminal, or 0 */
	bool is_colored;
	uint32_t last;   /* the stream whose header stands above what is written next */
	locale_t locale; /* that knows how wide a character is; 0: there is none */
	struct strbuf scratch;
	uint32_t table_count;
	struct table tables[];
};

/* ---- layout --------------------------------------------------------------------------------- */

static uint16_t clamp(uint32_t value, uint32_t min, uint32_t max)
{
	if (value > max)
		value = max;
	if (value < min)
		value = min;
	return value < UINT16_MAX ? (uint16_t)value : UINT16_MAX;
}

/* A number of which a part is missing misleads; of a text enough is left. */
static uint16_t min_width(const struct column *column, uint16_t wanted, uint32_t longest)
{
	if (column->style->min_width)
		return column->style->min_width;
	if (longest && longest <= NUMBER_LEAST)
		return clamp(longest, 0, wanted);
	return clamp(TEXT_LEAST, 0, wanted);
}

/* Numbers gain nothing by more room than their digits take; texts do, up to a point: gaps are hard to read across. */
static uint16_t max_width(const struct column *column, uint16_t wanted, uint32_t longest)
{
	uint32_t most = (uint32_t)wanted * GROWTH_MOST;

	if (column->style->max_width)
		return column->style->max_width;
	if (column->style->is_right)
		return wanted;
	return clamp(longest && longest < most ? longest : most, wanted, UINT16_MAX);
}

/* Not more than the field can fill, but the title. */
static uint16_t default_width(const struct column *column, uint32_t longest)
{
	uint32_t title = (uint32_t)strlen(column->title);

	if (column->style->min_width)
		return column->style->min_width;
	if (longest && longest < COLUMN_WIDTH_DEFAULT)
		return clamp(longest, title < COLUMN_WIDTH_DEFAULT ? title : COLUMN_WIDTH_DEFAULT,
			     COLUMN_WIDTH_DEFAULT);
	return COLUMN_WIDTH_DEFAULT;
}

static struct column_width bounds_of(const struct table *table, const struct column *column)
{
	const struct column_style *style = column->style;
	const struct field *field = &table->stream->schema->fields[column->field];
	uint32_t longest = column_value_longest(field, style);
	struct column_width width = { .wanted = style->width ? style->width
							     : default_width(column, longest) };

	width.is_number = style->is_right || (longest > 0 && longest <= NUMBER_LEAST);
	if (style->is_fixed) {
		width.min = width.max = width.wanted;
		return width;
	}
	width.max = max_width(column, width.wanted, longest);
	width.min = min_width(column, width.wanted, longest);
	if (width.min > width.max)
		width.min = width.max;
	width.wanted = clamp(width.wanted, width.min, width.max);
	return width;
}

static void lay_out(struct table *table, uint16_t width)
{
	table->shown = column_layout_fit(table->widths, table->count, width);
	if (table->shown < table->count)
		table->shown = column_layout_fit(table->widths, table->count,
						 width > MORE_ROOM ? width - MORE_ROOM : 1);
	for (size_t i = 0; i < table->shown; i++) {
		struct column *column = &table->columns[i];

		column->format = (struct cell_format){
			.width = table->widths[i].width,
			.is_right = column->style->is_right,
			.is_cut = width > 0,
			.is_last = i + 1 == table->count,
			.ellipsis = column->style->ellipsis,
		};
	}
}

/* ---- opening -------------------------------------------------------------------------------- */

/* Another field may be shown instead: "endpoint" of an address. */
static uint32_t shown_field(const struct event_stream *stream, uint32_t field)
{
	const char *replace = stream->styles[field].replace;
	int found = replace ? schema__find(stream->schema, replace) : -ENOENT;

	return found < 0 ? field : (uint32_t)found;
}

static int open_column(struct table *table, uint32_t field)
{
	const struct event_stream *stream = table->stream;
	const struct column_style *style = &stream->styles[field];
	struct column *column = &table->columns[table->count];
	const char *title = style->title ? style->title : stream->schema->fields[field].name;

	*column = (struct column){
		.title = strdup(title),
		.field = shown_field(stream, field),
		.style = style,
	};
	if (!column->title)
		return -ENOMEM;
	for (char *c = column->title; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	table->widths[table->count] = bounds_of(table, column);
	table->count++;
	return 0;
}

/* What stands behind all others may be as long as the line. */
static void widen_last(struct table *table)
{
	const struct column *column = &table->columns[table->count - 1];

	if (!column->style->is_fixed && !column->style->is_right && !column->style->max_width)
		table->widths[table->count - 1].max = UINT16_MAX;
}

static int open_table(struct table *table, const struct event_sink_options *options,
		      uint32_t stream, struct err *err)
{
	uint32_t *fields __cleanup(x_freep) = NULL;
	size_t count = 0;
	int r;

	table->stream = &options->streams[stream];
	r = field_choice_parse(options->fields, options, stream, &fields, &count, err);
	if (r < 0)
		return r;
	table->columns = new_array(struct column, count + 1);
	table->widths = new_array(struct column_width, count + 1);
	if (!table->columns || !table->widths)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = open_column(table, fields[i]);
	if (r == 0 && count > 0)
		widen_last(table);
	if (r == 0)
		lay_out(table, options->columns);
	return r;
}

static void close_table(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->columns[i].title);
	free(table->columns);
	free(table->widths);
}

static void close_state(void *state)
{
	struct columns *columns = state;

	for (uint32_t i = 0; i < columns->table_count; i++)
		close_table(&columns->tables[i]);
	if (columns->locale)
		freelocale(columns->locale);
	strbuf__done(&columns->scratch);
	free(columns);
}

static int open_state(const struct event_sink_options *options, void **ret_state, struct err *err)
{
	struct columns *columns =
		calloc(1, sizeof(*columns) + options->stream_count * sizeof(columns->tables[0]));
	int r = 0;

	if (!columns)
		return -ENOMEM;
	columns->width = options->columns;
	columns->height = options->rows;
	columns->is_colored = options->is_colored;
	columns->last = NO_STREAM;
	columns->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	for (uint32_t i = 0; r == 0 && i < options->stream_count; i++) {
		columns->table_count++;
		r = open_table(&columns->tables[i], options, i, err);
	}
	if (r < 0) {
		close_state(columns);
		return r;
	}
	*ret_state = columns;
	return 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Lines of a table that stays in place end where they end, whatever stood there before. */
static void end_line(bool is_in_place, struct strbuf *out)
{
	strbuf__add_text(out, is_in_place ? CLEAR_LINE "\n" : "\n");
}

static void write_header(const struct columns *columns, const struct table *table, bool is_in_place,
			 struct strbuf *out)
{
	if (columns->is_colored)
		strbuf__add_text(out, BOLD);
	for (size_t i = 0; i < table->shown; i++) {
		const struct column *column = &table->columns[i];

		if (i > 0)
			strbuf__add_char(out, ' ');
		column_cell_add(out, &column->format, column->title, strlen(column->title));
	}
	if (table->shown < table->count) /* the terminal is too narrow for the others */
		strbuf__printf(out, " +%zu", table->count - table->shown);
	if (columns->is_colored)
		strbuf__add_text(out, NORMAL);
	end_line(is_in_place, out);
}

static void write_record(struct columns *columns, const struct table *table,
			 const struct record *record, struct strbuf *out)
{
	for (size_t i = 0; i < table->shown; i++) {
		const struct column *column = &table->columns[i];
		struct column_text text = column_value_get(record, column->field, column->style,
							   &columns->scratch);

		if (i > 0)
			strbuf__add_char(out, ' ');
		column_cell_add(out, &column->format, text.text, text.len);
	}
}

/* A whole screen: what does not fit on it is counted, not scrolled away. */
static void write_screen(struct columns *columns, const struct table *table,
			 const struct record *records, size_t count, struct strbuf *out)
{
	/* The header is above them, and the cursor stands below. */
	size_t room = columns->height > 3 ? columns->height - 2u : 1;
	size_t shown = count <= room ? count : room - 1;

	strbuf__add_text(out, CURSOR_HOME);
	write_header(columns, table, true, out);
	for (size_t i = 0; i < shown; i++) {
		write_record(columns, table, &records[i], out);
		end_line(true, out);
	}
	if (shown < count) {
		strbuf__printf(out, "… %zu more", count - shown);
		end_line(true, out);
	}
	strbuf__add_text(out, CLEAR_BELOW);
}

static void write_lines(struct columns *columns, uint32_t stream, const struct record *records,
			size_t count, struct strbuf *out)
{
	const struct table *table = &columns->tables[stream];

	/* A table that comes again has its header again, with a blank line before it. */
	if (columns->last != NO_STREAM && (columns->last != stream || table->stream->clears_screen))
		strbuf__add_char(out, '\n');
	if (columns->last != stream || table->stream->clears_screen)
		write_header(columns, table, false, out);
	for (size_t i = 0; i < count; i++) {
		write_record(columns, table, &records[i], out);
		end_line(false, out);
	}
	columns->last = stream;
}

/* Widths of characters are asked of the locale. */
static locale_t begin_widths(const struct columns *columns)
{
	return columns->locale ? uselocale(columns->locale) : (locale_t)0;
}

static void end_widths(locale_t before)
{
	if (before)
		uselocale(before);
}

static void begin(void *state, struct strbuf *out)
{
	struct columns *columns = state;
	locale_t before = begin_widths(columns);

	if (columns->table_count == 1 && columns->last == NO_STREAM &&
	    !columns->tables[0].stream->is_batch) {
		write_header(columns, &columns->tables[0], false, out);
		columns->last = 0;
	}
	end_widths(before);
}

static void write_records(void *state, uint32_t stream, const struct record *records, size_t count,
			  struct strbuf *out)
{
	struct columns *columns = state;
	const struct table *table = &columns->tables[stream];
	/* One screen, one table: several would take it from each other. */
	bool is_screen = table->stream->clears_screen && columns->height > 0 &&
			 columns->table_count == 1;
	locale_t before = begin_widths(columns);

	if (is_screen)
		write_screen(columns, table, records, count, out);
	else if (count > 0 || table->stream->is_batch)
		write_lines(columns, stream, records, count, out);
	end_widths(before);
}

static void resize(void *state, uint16_t width, uint16_t height)
{
	struct columns *columns = state;

	if (columns->width == width && columns->height == height)
		return;
	columns->width = width;
	columns->height = height;
	for (uint32_t i = 0; i < columns->table_count; i++)
		lay_out(&columns->tables[i], width);
	columns->last = NO_STREAM; /* the header has to be of the new widths */
}

static bool reads_field(const void *state, uint32_t stream, uint32_t field)
{
	const struct columns *columns = state;
	const struct table *table = &columns->tables[stream];

	for (size_t i = 0; i < table->count; i++)
		if (table->columns[i].field == field)
			return true;
	return false;
}

const struct event_sink_ops sink_columns_ops = {
	.open = open_state,
	.begin = begin,
	.write = write_records,
	.resize = resize,
	.reads = reads_field,
	.close = close_state,
};
