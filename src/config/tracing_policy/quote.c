/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/tracing_policy/tracing_policy.h"

/* What Go does not print as it is, beyond ASCII: the common part of Unicode's controls, blanks and private letters. */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x80, 0xa0 },     { 0xad, 0xad },       { 0x2000, 0x200f },    { 0x2028, 0x202f },
	{ 0x205f, 0x206f }, { 0x3000, 0x3000 },   { 0xe000, 0xf8ff },    { 0xfeff, 0xfeff },
	{ 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff }, { 0xf0000, 0x10ffff },
};

static uint32_t code_point(const char *text, size_t step)
{
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t code = step == 1 ? bytes[0] : bytes[0] & (0xffu >> (step + 1));

	for (size_t i = 1; i < step; i++)
		code = code << 6 | (bytes[i] & 0x3fu);
	return code;
}

static bool is_hidden(uint32_t code)
{
	for (size_t i = 0; i < array_size(hidden); i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return true;
	return false;
}

static void add_ascii(struct strbuf *out, char c)
{
	static const char plain[] = "\a\b\f\n\r\t\v\\\"", letters[] = "abfnrtv\\\"";
	const char *found = memchr(plain, c, sizeof(plain) - 1);

	if (found)
		strbuf__printf(out, "\\%c", letters[found - plain]);
	else if (c < ' ' || c == 0x7f)
		strbuf__printf(out, "\\x%02x", (unsigned int)(unsigned char)c);
	else
		strbuf__add_char(out, c);
}

const char *go_quote(struct arena *arena, const char *text, size_t max_len)
{
	struct strbuf out = STRBUF_INIT;
	size_t len = strnlen(text, max_len);
	const char *result;

	for (size_t i = 0, step; i < len; i += step) {
		step = str_utf8_step(text + i, len - i);
		if (step == 0) {
			step = 1;
			strbuf__printf(&out, "\\x%02x", (unsigned int)(unsigned char)text[i]);
		} else if (step == 1) {
			add_ascii(&out, text[i]);
		} else if (is_hidden(code_point(text + i, step))) {
			uint32_t code = code_point(text + i, step);

			strbuf__printf(&out, code > 0xffff ? "\\U%08x" : "\\u%04x", code);
		} else {
			strbuf__add(&out, text + i, step);
		}
	}
	result = strbuf__status(&out) == 0 ? arena__strdup(arena, strbuf__text(&out)) : NULL;
	strbuf__done(&out);
	return result;
}
