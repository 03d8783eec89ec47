/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/compact_text.h"

#include <stdarg.h>

#include "sink/event_text.h"

int compact_printer__init(struct compact_printer *printer, bool is_colored, struct err *err)
{
	*printer = (struct compact_printer){ .is_colored = is_colored };
	/* What Go calls printable: letters, marks, numbers, punctuation, symbols and the blank. */
	return pattern__compile("^[\\pL\\pM\\pN\\pP\\pS ]*$", NULL, &printer->printable, err);
}

void compact_printer__done(struct compact_printer *printer)
{
	printer->printable = pattern__free(printer->printable);
}

void compact__begin(struct compact_printer *printer, enum compact_color color)
{
	if (printer->is_colored)
		strbuf__printf(printer->out, "\x1b[%um", (unsigned int)color);
}

void compact__end(struct compact_printer *printer)
{
	if (printer->is_colored)
		strbuf__add_text(printer->out, "\x1b[0m");
}

static bool is_graphic(const struct text_view *text)
{
	for (size_t i = 0; i < text->len; i++)
		if ((unsigned char)text->data[i] <= ' ' || (unsigned char)text->data[i] >= 0x7f)
			return false;
	return true;
}

static bool is_printable(const struct compact_printer *printer, const char *bytes, size_t len)
{
	return str_is_utf8(bytes, len) && pattern__match(printer->printable, bytes, len) > 0;
}

static void add_escape(struct strbuf *out, uint32_t character)
{
	static const char letters[] = "abtnvfr"; /* of 7 to 13 */

	if (character >= '\a' && character <= '\r')
		strbuf__printf(out, "\\%c", letters[character - '\a']);
	else if (character < ' ' || character == 0x7f)
		strbuf__printf(out, "\\x%02x", character);
	else if (character < 0x10000)
		strbuf__printf(out, "\\u%04x", character);
	else
		strbuf__printf(out, "\\U%08x", character);
}

static void add_quoted(struct compact_printer *printer, const struct text_view *text)
{
	struct strbuf *out = printer->out;
	size_t step;

	strbuf__add_char(out, '"');
	for (size_t i = 0; i < text->len; i += step) {
		const char *at = text->data + i;
		uint32_t character = event_text_next(at, text->len - i, &step);

		if (str_utf8_step(at, text->len - i) == 0)
			strbuf__printf(out, "\\x%02x", (unsigned char)*at);
		else if (character == '"' || character == '\\')
			strbuf__printf(out, "\\%c", (char)character);
		else if ((character >= ' ' && character < 0x7f) ||
			 (character > 0x7f && is_printable(printer, at, step)))
			strbuf__add(out, at, step);
		else
			add_escape(out, character);
	}
	strbuf__add_char(out, '"');
}

void compact__add_text(struct compact_printer *printer, const struct text_view *text)
{
	if (is_graphic(text) || is_printable(printer, text->data, text->len))
		strbuf__add(printer->out, text->data, text->len);
	else
		add_quoted(printer, text);
}

void compact__add_word(struct compact_printer *printer, const struct text_view *text)
{
	if (text->len > 0 && memchr(text->data, ' ', text->len))
		add_quoted(printer, text);
	else
		compact__add_text(printer, text);
}

void compact__add_colored(struct compact_printer *printer, enum compact_color color,
			  const struct text_view *word)
{
	compact__begin(printer, color);
	compact__add_word(printer, word);
	compact__end(printer);
}

void compact__printf_colored(struct compact_printer *printer, enum compact_color color,
			     const char *format, ...)
{
	va_list args;

	compact__begin(printer, color);
	va_start(args, format);
	strbuf__vprintf(printer->out, format, args);
	va_end(args);
	compact__end(printer);
}

void compact__add_label(struct compact_printer *printer, const char *emoji, const char *label)
{
	compact__printf_colored(printer, COMPACT_BLUE, "%s %-7s", emoji, label);
}
