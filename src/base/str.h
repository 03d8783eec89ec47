/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_STR_H
#define SRC_BASE_STR_H

/*
 * Growable text and small string helpers. A strbuf owns its bytes; a failed growth is remembered
 * (has_failed) so that writers need not check each step: check once at the end. Sinks, pages and
 * error texts are built in it.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct strbuf {
	char *data; /* owned; not NUL-terminated unless strbuf__text() was called */
	size_t len;
	size_t capacity;
	bool has_failed; /* an allocation failed: the content is incomplete */
};

#define STRBUF_INIT { 0 }

/* Makes room for `more` bytes beyond len; returns the write position or NULL. Hot writers call it
 * once, write, and set len themselves. */
char *strbuf__reserve(struct strbuf *buf, size_t more);
void strbuf__add(struct strbuf *buf, const void *bytes, size_t len);
void strbuf__add_text(struct strbuf *buf, const char *text);
void strbuf__add_char(struct strbuf *buf, char c);
void strbuf__add_u64(struct strbuf *buf, uint64_t value);
void strbuf__printf(struct strbuf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void strbuf__vprintf(struct strbuf *buf, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
/* NUL-terminates and returns the text; "" when it failed or is empty. Borrowed until the next
 * change. */
const char *strbuf__text(struct strbuf *buf);
/* 0, or -ENOMEM when something was lost. */
int strbuf__status(const struct strbuf *buf);
/* Hands the bytes (NUL-terminated) to the caller; the buffer is empty afterwards. */
char *strbuf__take(struct strbuf *buf);
void strbuf__reset(struct strbuf *buf);
void strbuf__done(struct strbuf *buf);

static inline bool str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
/* Whether len bytes are valid UTF-8 as Go's utf8.Valid sees it (no surrogates, no overlongs, <=
 * 10FFFF). */
bool str_is_utf8(const char *bytes, size_t len);
/* Length of the valid UTF-8 sequence that the bytes start with (1 to 4), 0 when they start with
 * none. */
size_t str_utf8_step(const char *bytes, size_t len);
/* Copies len bytes into buf, replacing every invalid UTF-8 byte by U+FFFD; returns how many were
 * replaced. */
size_t str_add_utf8(struct strbuf *buf, const char *bytes, size_t len);
/* The entry of names[] nearest to text by edit distance (<= 3 edits), or NULL: for "did you
 * mean". */
const char *str_nearest(const char *text, const char *const *names, size_t count);
/* printf into fresh memory; NULL when there is none. */
char *str_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
