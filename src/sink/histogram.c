/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/histogram.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>

#include "base/num.h"
#include "sink/column_cell.h"

#define STARS_MOST 40
#define STARS_LEAST 8
#define VALUE_LEAST 10 /* cells of each end of a bucket */
#define COUNT_LEAST 8
/* "  ", " -> ", " : ", " |" and "|" */
#define FIXED_CELLS (2 + 4 + 3 + 2 + 1)
#define EXACT_MOST 9007199254740992.0 /* 2^53 */

#define BOLD "\033[1m"
#define NORMAL "\033[m"

#define NUMBER_SIZE 32

struct range {
	char first[NUMBER_SIZE], last[NUMBER_SIZE];
};

struct layout {
	const struct histogram_drawing *drawing;
	bool is_whole; /* all bounds are whole numbers, so that ranges name both of their ends */
	size_t rows;
	uint64_t most;
	uint16_t value_cells, count_cells, stars;
};

static bool is_whole(double bound)
{
	return fabs(bound) <= EXACT_MOST && bound == floor(bound);
}

static void format_bound(double bound, char text[NUMBER_SIZE])
{
	if (isinf(bound))
		(void)snprintf(text, NUMBER_SIZE, bound < 0 ? "-Inf" : "+Inf");
	else if (is_whole(bound))
		(void)snprintf(text, NUMBER_SIZE, "%.0f", bound);
	else
		(void)snprintf(text, NUMBER_SIZE, "%.6g", bound);
}

static struct range range_of(const struct layout *layout, size_t row)
{
	const struct histogram_drawing *drawing = layout->drawing;
	double last = drawing->bounds[row];
	double first = row > 0 ? drawing->bounds[row - 1] : fmin(0, last);
	struct range range;

	if (layout->is_whole && drawing->is_exclusive)
		last -= 1;
	else if (layout->is_whole && row > 0)
		first += 1;
	if (first > last)
		last = first; /* a bucket of nothing but one value */
	format_bound(first, range.first);
	format_bound(last, range.last);
	return range;
}

static uint16_t longer(uint16_t cells, const char *text)
{
	size_t len = strlen(text);

	return len > cells ? (uint16_t)len : cells;
}

static struct layout lay_out(const struct histogram_drawing *drawing, uint16_t columns)
{
	struct layout layout = { .drawing = drawing,
				 .is_whole = true,
				 .value_cells = VALUE_LEAST,
				 .count_cells = COUNT_LEAST,
				 .stars = STARS_MOST };
	char most[NUMBER_SIZE];
	unsigned int used;

	for (size_t i = 0; i < drawing->bucket_count; i++) {
		layout.is_whole &= is_whole(drawing->bounds[i]) || isinf(drawing->bounds[i]);
		if (drawing->counts[i] > 0)
			layout.rows = i + 1;
		if (drawing->counts[i] > layout.most)
			layout.most = drawing->counts[i];
	}
	for (size_t i = 0; i < layout.rows; i++) {
		struct range range = range_of(&layout, i);

		layout.value_cells = longer(layout.value_cells, range.first);
		layout.value_cells = longer(layout.value_cells, range.last);
	}
	(void)snprintf(most, sizeof(most), "%" PRIu64, layout.most);
	layout.count_cells = longer(layout.count_cells, most);
	used = FIXED_CELLS + 2u * layout.value_cells + layout.count_cells;
	if (columns > 0 && used + STARS_MOST > columns)
		layout.stars = columns > used + STARS_LEAST ? (uint16_t)(columns - used)
							    : STARS_LEAST;
	return layout;
}

static void add_harmless(struct strbuf *out, const char *text)
{
	const struct cell_format format = { .is_last = true };

	column_cell_add(out, &format, text, strlen(text));
}

static void add_title(const struct histogram_drawing *drawing, bool is_colored, struct strbuf *out)
{
	if (!drawing->name && drawing->label_count == 0)
		return;
	if (is_colored)
		strbuf__add_text(out, BOLD);
	if (drawing->name)
		add_harmless(out, drawing->name);
	for (size_t i = 0; i < drawing->label_count; i++) {
		strbuf__add_text(out, i > 0 ? ", " : drawing->name ? ": " : "");
		add_harmless(out, drawing->labels[i].name);
		strbuf__add_text(out, "=");
		add_harmless(out, drawing->labels[i].value);
	}
	strbuf__add_text(out, is_colored ? NORMAL "\n" : "\n");
}

static void add_header(const struct layout *layout, struct strbuf *out)
{
	const char *unit = layout->drawing->unit ? layout->drawing->unit : "value";
	const struct cell_format format = { .width = (uint16_t)(2 * layout->value_cells + 4),
					    .is_cut = true };

	strbuf__add_text(out, "  ");
	column_cell_add(out, &format, unit, strlen(unit));
	strbuf__printf(out, " : %-*s distribution\n", layout->count_cells, "count");
}

static void add_row(const struct layout *layout, size_t row, struct strbuf *out)
{
	uint64_t count = layout->drawing->counts[row];
	struct range range = range_of(layout, row);
	/* By long double: a count times the stars may be more than 64 bits. */
	int stars = (int)((long double)count * layout->stars / (long double)layout->most);

	strbuf__printf(out, "  %*s -> %-*s : %-*" PRIu64 " |", layout->value_cells, range.first,
		       layout->value_cells, range.last, layout->count_cells, count);
	for (int i = 0; i < layout->stars; i++)
		strbuf__add_char(out, i < stars ? '*' : ' ');
	strbuf__add_text(out, "|\n");
}

void histogram_draw(const struct histogram_drawing *drawing, uint16_t columns, bool is_colored,
		    struct strbuf *out)
{
	struct layout layout = lay_out(drawing, columns);
	/* Widths of characters depend on it; made anew, for nobody draws often. */
	locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = locale ? uselocale(locale) : (locale_t)0;

	add_title(drawing, is_colored, out);
	add_header(&layout, out);
	for (size_t i = 0; i < layout.rows; i++)
		add_row(&layout, i, out);
	if (before)
		uselocale(before);
	if (locale)
		freelocale(locale);
}
