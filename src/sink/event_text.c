/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/event_text.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/mem.h"
#include "base/str.h"

#define REPLACEMENT "\xef\xbf\xbd"

/*
 * What stands between the printable characters: C0 and C1 controls, marks that turn the direction of text (a name could
 * hide its end with them), line ends and byte order marks of Unicode, and what is no character at all. YAML refuses most
 * of them as well.
 */
static const struct {
	uint32_t first, last;
} harmful[] = {
	{ 0x0000, 0x001f }, { 0x007f, 0x009f }, { 0x061c, 0x061c },
	{ 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 },
	{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xfffe, 0xffff },
};

bool event_text_is_harmful(uint32_t character)
{
	for (size_t i = 0; i < array_size(harmful); i++)
		if (character <= harmful[i].last)
			return character >= harmful[i].first;
	return false;
}

uint32_t event_text_next(const char *text, size_t len, size_t *ret_step)
{
	static const uint8_t lead_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t step = str_utf8_step(text, len);
	uint32_t character;

	*ret_step = step ? step : 1;
	if (step == 0)
		return EVENT_TEXT_REPLACEMENT;
	character = (unsigned char)text[0] & lead_bits[step];
	for (size_t i = 1; i < step; i++)
		character = character << 6 | ((unsigned char)text[i] & 0x3f);
	return character;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

#ifdef __SSE2__

#define BLOCK 16

/* Copies a block; returns how many of its bytes, from the first on, are plain. Signed, what is no ASCII is below blank. */
static inline size_t copy_block(char *to, const char *text)
{
	__m128i bytes = _mm_loadu_si128((const __m128i_u *)text);
	__m128i others = _mm_cmplt_epi8(bytes, _mm_set1_epi8(' '));

	_mm_storeu_si128((__m128i_u *)to, bytes);
	others = _mm_or_si128(others, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
	others = _mm_or_si128(others, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
	others = _mm_or_si128(others, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));
	return (size_t)__builtin_ctz((unsigned int)_mm_movemask_epi8(others) | 1u << BLOCK);
}

#else

#define BLOCK 8

#define EACH_BYTE(value) ((uint64_t)(value)*0x0101010101010101ULL)
#define HIGH_BITS EACH_BYTE(0x80)

/* Not 0 if a byte of the word is 0, or may be, beside one that is. */
static uint64_t zero_bytes(uint64_t word)
{
	return (word - EACH_BYTE(1)) & ~word & HIGH_BITS;
}

/* Copies a block; returns its size when all of it is plain, otherwise how much is: at least 0. */
static inline size_t copy_block(char *to, const char *text)
{
	uint64_t word;
	size_t at = 0;

	memcpy(&word, text, sizeof(word));
	memcpy(to, &word, sizeof(word));
	if (!((word & HIGH_BITS) | ((word - EACH_BYTE(0x20)) & ~word & HIGH_BITS) |
	      zero_bytes(word ^ EACH_BYTE('"')) | zero_bytes(word ^ EACH_BYTE('\\')) |
	      zero_bytes(word ^ EACH_BYTE(0x7f))))
		return BLOCK;
	while (at < BLOCK && is_plain((unsigned char)text[at]))
		at++;
	return at;
}

#endif

/* Copies plain characters, a block at a time, up to the first other one; returns how many. */
static size_t copy_plain(char *to, const char *text, size_t len)
{
	size_t at = 0;

	while (len - at >= BLOCK) {
		size_t plain = copy_block(to + at, text + at);

		at += plain;
		if (plain < BLOCK)
			return at;
	}
	for (; at < len && is_plain((unsigned char)text[at]); at++)
		to[at] = text[at];
	return at;
}

static char *put_unicode_escape(char *to, uint32_t character)
{
	static const char digits[] = "0123456789abcdef";

	*to++ = '\\';
	*to++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*to++ = digits[character >> shift & 0xf];
	return to;
}

/* A character that is not plain. */
static char *put_other(char *to, const char *text, size_t len, size_t *ret_step)
{
	static const char short_forms[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
					    ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\' };
	uint32_t character = event_text_next(text, len, ret_step);

	if (character < array_size(short_forms) && short_forms[character]) {
		*to++ = '\\';
		*to++ = short_forms[character];
		return to;
	}
	if (event_text_is_harmful(character))
		return put_unicode_escape(to, character);
	if (character == EVENT_TEXT_REPLACEMENT) /* it was that, or invalid */
		text = REPLACEMENT;
	len = character == EVENT_TEXT_REPLACEMENT ? strlen(REPLACEMENT) : *ret_step;
	memcpy(to, text, len);
	return to + len;
}

char *event_text_quote(char *to, const char *text, size_t len)
{
	*to++ = '"';
	for (;;) {
		size_t step = copy_plain(to, text, len);

		to += step;
		text += step;
		len -= step;
		if (len == 0)
			break;
		to = put_other(to, text, len, &step);
		text += step;
		len -= step;
	}
	*to++ = '"';
	return to;
}

char *event_text_quote_field(char *to, const char *text, size_t size)
{
	/* A NUL is not plain either: of most fields the end is found while they are copied. */
	size_t plain = copy_plain(to + 1, text, size);

	if (plain < size && text[plain] != 0)
		return event_text_quote(to, text, strnlen(text, size));
	*to = '"';
	to[plain + 1] = '"';
	return to + plain + 2;
}
