/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/column_cell.h"

#include <wchar.h>

#include "sink/event_text.h"

#define ELLIPSIS "\xe2\x80\xa6"
#define REPLACEMENT "\xef\xbf\xbd"

/* A character as it is shown. */
struct glyph {
	const char *text; /* what is written for it */
	size_t len;
	size_t step;  /* bytes of the original */
	size_t cells; /* 0: it stands on the one before */
};

static struct glyph next_glyph(const char *text, size_t len)
{
	struct glyph glyph = { .text = text, .cells = 1 };
	uint32_t character = event_text_next(text, len, &glyph.step);
	int cells;

	glyph.len = glyph.step;
	if (character == '\t' || character == '\n' || character == '\r') {
		glyph.text = " ";
		glyph.len = 1;
		return glyph;
	}
	cells = character == EVENT_TEXT_REPLACEMENT || event_text_is_harmful(character)
			? -1
			: wcwidth((wchar_t)character);
	if (cells < 0) {
		glyph.text = REPLACEMENT;
		glyph.len = strlen(REPLACEMENT);
		return glyph;
	}
	glyph.cells = (size_t)cells;
	return glyph;
}

/* Whether every character is one byte and one cell. */
static bool is_simple(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	return true;
}

size_t column_cell_width(const char *text, size_t len)
{
	size_t cells = 0;

	if (is_simple(text, len))
		return len;
	while (len) {
		struct glyph glyph = next_glyph(text, len);

		cells += glyph.cells;
		text += glyph.step;
		len -= glyph.step;
	}
	return cells;
}

static void add_blanks(struct strbuf *out, size_t count)
{
	char *to = strbuf__reserve(out, count);

	if (!to || count == 0)
		return;
	memset(to, ' ', count);
	out->len += count;
}

/* Writes characters while they fit; returns the cells that they took. */
static size_t add_start(struct strbuf *out, const char *text, size_t len, size_t cells)
{
	size_t used = 0;

	while (len) {
		struct glyph glyph = next_glyph(text, len);

		if (glyph.cells > cells - used)
			break;
		strbuf__add(out, glyph.text, glyph.len);
		used += glyph.cells;
		text += glyph.step;
		len -= glyph.step;
	}
	return used;
}

/* The same for the last ones, of a text that takes `total` cells. */
static size_t add_end(struct strbuf *out, const char *text, size_t len, size_t total, size_t cells)
{
	while (len) {
		struct glyph glyph = next_glyph(text, len);

		if (total <= cells && glyph.cells > 0)
			return add_start(out, text, len, cells);
		total -= glyph.cells;
		text += glyph.step;
		len -= glyph.step;
	}
	return 0;
}

/* A text that takes more cells than there are; returns how many it got. */
static size_t add_cut(struct strbuf *out, const struct cell_format *format, const char *text,
		      size_t len, size_t total)
{
	size_t cells = format->width;
	size_t start = 0, end = 0, used;

	switch (format->ellipsis) {
	case ELLIPSIS_NONE:
		return add_start(out, text, len, cells);
	case ELLIPSIS_END:
		start = cells - 1;
		break;
	case ELLIPSIS_START:
		end = cells - 1;
		break;
	case ELLIPSIS_MIDDLE:
		start = cells / 2;
		end = cells - 1 - start;
		break;
	}
	used = add_start(out, text, len, start);
	strbuf__add_text(out, ELLIPSIS);
	return used + 1 + add_end(out, text, len, total, end);
}

void column_cell_add(struct strbuf *out, const struct cell_format *format, const char *text,
		     size_t len)
{
	size_t total = column_cell_width(text, len);
	size_t used;

	if (total <= format->width || !format->is_cut) {
		size_t blanks = total < format->width ? format->width - total : 0;

		if (format->is_right)
			add_blanks(out, blanks);
		if (total == len && is_simple(text, len))
			strbuf__add(out, text, len);
		else
			(void)add_start(out, text, len, total); /* all of it */
		if (!format->is_right && !format->is_last)
			add_blanks(out, blanks);
		return;
	}
	if (format->width == 0)
		return;
	used = add_cut(out, format, text, len, total);
	if (!format->is_last)
		add_blanks(out, format->width - used);
}
