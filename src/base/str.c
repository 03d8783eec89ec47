/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

#define FIRST_CAPACITY 256
#define MAX_NAME_LEN 63
#define MAX_EDITS 3

char *strbuf__reserve(struct strbuf *buf, size_t more)
{
	size_t need;

	if (buf->has_failed)
		return NULL;
	if (more <= buf->capacity - buf->len && buf->data)
		return buf->data + buf->len;
	if (num_add_size(buf->len, more, &need))
		goto failed;
	if (need < FIRST_CAPACITY)
		need = FIRST_CAPACITY;
	if (mem_grow((void **)(void *)&buf->data, &buf->capacity, need, 1) < 0)
		goto failed;
	return buf->data + buf->len;

failed:
	buf->has_failed = true;
	return NULL;
}

void strbuf__add(struct strbuf *buf, const void *bytes, size_t len)
{
	char *to = strbuf__reserve(buf, len);

	if (!to || !len)
		return;
	memcpy(to, bytes, len);
	buf->len += len;
}

void strbuf__add_text(struct strbuf *buf, const char *text)
{
	strbuf__add(buf, text, strlen(text));
}

void strbuf__add_char(struct strbuf *buf, char c)
{
	strbuf__add(buf, &c, 1);
}

void strbuf__add_u64(struct strbuf *buf, uint64_t value)
{
	char *to = strbuf__reserve(buf, NUM_U64_MAX_LEN);

	if (to)
		buf->len += num_format_u64(to, value);
}

void strbuf__vprintf(struct strbuf *buf, const char *format, va_list args)
{
	va_list again;
	char *to = strbuf__reserve(buf, 1);
	size_t room = buf->capacity - buf->len;
	int len;

	if (!to)
		return;
	va_copy(again, args);
	len = vsnprintf(to, room, format, args);
	if (len < 0) {
		buf->has_failed = true;
	} else if ((size_t)len < room) {
		buf->len += (size_t)len;
	} else {
		to = strbuf__reserve(buf, (size_t)len + 1);
		if (to) {
			(void)vsnprintf(to, (size_t)len + 1, format, again); /* measured */
			buf->len += (size_t)len;
		}
	}
	va_end(again);
}

void strbuf__printf(struct strbuf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	strbuf__vprintf(buf, format, args);
	va_end(args);
}

const char *strbuf__text(struct strbuf *buf)
{
	char *end = strbuf__reserve(buf, 1);

	if (!end)
		return "";
	*end = '\0';
	return buf->data;
}

int strbuf__status(const struct strbuf *buf)
{
	return buf->has_failed ? -ENOMEM : 0;
}

char *strbuf__take(struct strbuf *buf)
{
	char *end = strbuf__reserve(buf, 1);
	char *text = NULL;

	if (end) {
		*end = '\0';
		text = take_ptr(buf->data);
	}
	strbuf__done(buf);
	return text;
}

void strbuf__reset(struct strbuf *buf)
{
	buf->len = 0;
	buf->has_failed = false;
}

void strbuf__done(struct strbuf *buf)
{
	free(buf->data);
	*buf = (struct strbuf)STRBUF_INIT;
}

bool str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix)
{
	size_t text_len = strlen(text);
	size_t suffix_len = strlen(suffix);

	return suffix_len <= text_len &&
	       memcmp(text + text_len - suffix_len, suffix, suffix_len) == 0;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein distance of two texts of at most MAX_NAME_LEN bytes, by rows. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[MAX_NAME_LEN + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_len];
}

const char *str_nearest(const char *text, const char *const *names, size_t count)
{
	size_t text_len = strlen(text);
	/* Of a short word half may differ: three edits make any word of three letters out of any
	 * other. */
	size_t limit = text_len / 2 < MAX_EDITS ? (text_len + 1) / 2 : MAX_EDITS;
	const char *nearest = NULL;

	if (text_len > MAX_NAME_LEN)
		return NULL;
	for (size_t i = 0; i < count && limit > 0; i++) {
		size_t len = strlen(names[i]);
		size_t edits;

		if (len > MAX_NAME_LEN)
			continue;
		edits = edit_distance(text, text_len, names[i], len);
		if (edits < limit || (edits == limit && !nearest)) {
			nearest = names[i];
			limit = edits;
		}
	}
	return nearest;
}

char *str_printf(const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	return len < 0 ? NULL : text;
}
