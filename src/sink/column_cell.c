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

#define EACH_BYTE(value) ((uint64_t)(value)*0x0101010101010101ULL)

/* Whether every character is one byte and one cell: from blank to tilde. */
static bool is_simple(const char *text, size_t len)
{
	size_t at = 0;

	for (; len - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, text + at, sizeof(word));
		/* Below blank the subtraction borrows, above tilde the addition carries into the highest bit. */
		if ((word | (word - EACH_BYTE(' ')) | (word + EACH_BYTE(1))) & EACH_BYTE(0x80))
			return false;
	}
	for (; at < len; at++)
		if ((unsigned char)text[at] < ' ' || (unsigned char)text[at] > '~')
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

/* How much of a text that is too long is shown on either side of the ellipsis. */
struct cut {
	size_t start, end;
};

static struct cut cut_of(const struct cell_format *format)
{
	size_t cells = format->width;

	switch (format->ellipsis) {
	case ELLIPSIS_NONE:
		return (struct cut){ .start = cells };
	case ELLIPSIS_END:
		return (struct cut){ .start = cells - 1 };
	case ELLIPSIS_START:
		return (struct cut){ .end = cells - 1 };
	case ELLIPSIS_MIDDLE:
		break;
	}
	return (struct cut){ .start = cells / 2, .end = cells - 1 - cells / 2 };
}

/* Of a text in which every byte is a cell: one reservation, and no character is looked at. */
static void add_simple(struct strbuf *out, const struct cell_format *format, const char *text,
		       size_t len)
{
	bool is_cut = format->is_cut && len > format->width;
	struct cut cut = is_cut ? cut_of(format) : (struct cut){ .start = len };
	size_t blanks = len < format->width ? format->width - len : 0;
	char *to = strbuf__reserve(out, cut.start + cut.end + blanks + strlen(ELLIPSIS));

	if (!to)
		return;
	if (format->is_right) {
		memset(to, ' ', blanks);
		to += blanks;
	}
	memcpy(to, text, cut.start);
	to += cut.start;
	if (is_cut && format->ellipsis != ELLIPSIS_NONE) {
		memcpy(to, ELLIPSIS, strlen(ELLIPSIS));
		to += strlen(ELLIPSIS);
	}
	memcpy(to, text + len - cut.end, cut.end);
	to += cut.end;
	if (!format->is_right && !format->is_last) {
		memset(to, ' ', blanks);
		to += blanks;
	}
	out->len = (size_t)(to - out->data);
}

/* A text that takes more cells than there are; returns how many it got. */
static size_t add_cut(struct strbuf *out, const struct cell_format *format, const char *text,
		      size_t len, size_t total)
{
	struct cut cut = cut_of(format);
	size_t used = add_start(out, text, len, cut.start);

	if (format->ellipsis == ELLIPSIS_NONE)
		return used;
	strbuf__add_text(out, ELLIPSIS);
	return used + 1 + add_end(out, text, len, total, cut.end);
}

/* Of any other text: character by character. */
static void add_glyphs(struct strbuf *out, const struct cell_format *format, const char *text,
		       size_t len)
{
	size_t total = column_cell_width(text, len);
	size_t used = total;

	if (format->is_right && total < format->width)
		add_blanks(out, format->width - total);
	if (total > format->width && format->is_cut)
		used = add_cut(out, format, text, len, total);
	else
		(void)add_start(out, text, len, total); /* all of it */
	if (used < format->width && !format->is_last && !(format->is_right && used == total))
		add_blanks(out, format->width - used);
}

void column_cell_add(struct strbuf *out, const struct cell_format *format, const char *text,
		     size_t len)
{
	if (format->width == 0 && format->is_cut)
		return;
	if (is_simple(text, len))
		add_simple(out, format, text, len);
	else
		add_glyphs(out, format, text, len);
}
