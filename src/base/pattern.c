/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8

#include <ctype.h>
#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/*
 * PCRE2 understands more than RE2, and a few escapes differently. So the text is walked once and written anew:
 * what RE2 lacks is refused by name, what differs is translated, all else is copied.
 */

/* Far above what a label of a few hundred bytes needs, and still under a second when somebody tries. */
#define MATCH_STEP_LIMIT 1000000u
#define MATCH_HEAP_KIB 1024u
#define REPEAT_MAX 1000            /* RE2's own limit on {n,m} */
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD, as str_add_utf8() writes it */

struct pattern {
	pcre2_code *code;            /* owned */
	pcre2_match_data *match;     /* owned */
	pcre2_match_context *limits; /* owned */
	uint32_t group_count;
};

struct translator {
	const char *text;     /* borrowed; the pattern as written */
	size_t pos;           /* the next byte to look at */
	struct strbuf out;    /* owned; the same for PCRE2 */
	bool is_after_repeat; /* the last thing written was a repetition operator */
	const struct loc *at;
	struct err *err;
};

static int refuse(struct translator *tr, size_t pos, const char *what)
{
	return err__set(tr->err, -EINVAL, tr->at,
			"regular expression '%s': %s at offset %zu; RE2 syntax is expected",
			tr->text, what, pos);
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* \123, \012: up to three octal digits; a single digit other than 0 would be a back-reference. */
static int translate_digits(struct translator *tr, size_t start)
{
	const char *digits = tr->text + tr->pos;
	unsigned int value = 0;
	size_t count = 0;

	if (digits[0] != '0' && (!is_octal(digits[0]) || !is_octal(digits[1])))
		return refuse(tr, start, "a back-reference");
	while (count < 3 && is_octal(digits[count]))
		value = value * 8 + (unsigned int)(digits[count++] - '0');
	tr->pos += count;
	strbuf__printf(&tr->out, "\\x{%x}", value);
	return 0;
}

/* \Q...\E: every byte stands for itself. */
static void translate_quoted(struct translator *tr)
{
	const char *end = strstr(tr->text + tr->pos, "\\E");
	size_t len = end ? (size_t)(end - (tr->text + tr->pos)) : strlen(tr->text + tr->pos);

	for (size_t i = 0; i < len; i++) {
		char c = tr->text[tr->pos + i];

		if ((unsigned char)c < 0x80 && !isalnum((unsigned char)c))
			strbuf__add_char(&tr->out, '\\');
		strbuf__add_char(&tr->out, c);
	}
	tr->pos += len + (end ? 2 : 0);
}

/* The "{...}" behind \x, \p and \P: no repetition. */
static int translate_braces(struct translator *tr)
{
	const char *text = tr->text + tr->pos;
	size_t len = strcspn(text, "}");

	if (text[0] != '{')
		return 0;
	if (text[len] == '\0')
		return refuse(tr, tr->pos, "a '{' without its '}'");
	strbuf__add(&tr->out, text, len + 1);
	tr->pos += len + 1;
	return 0;
}

/* The escape at pos (the byte after the backslash). */
static int translate_escape(struct translator *tr, bool is_in_class)
{
	size_t start = tr->pos - 1;
	char c = tr->text[tr->pos];

	if (c == '\0')
		return refuse(tr, start, "a backslash at the end");
	if (c >= '0' && c <= '9')
		return translate_digits(tr, start);
	tr->pos++;
	if (c == 'Q' && !is_in_class) {
		translate_quoted(tr);
		return 0;
	}
	/* PCRE2 reads \v as any vertical space, and counts the vertical tab among \s; RE2 does neither. */
	if (c == 'v')
		strbuf__add_text(&tr->out, "\\x{b}");
	else if (c == 's')
		strbuf__add_text(&tr->out, is_in_class ? "\\t\\n\\f\\r " : "[\\t\\n\\f\\r ]");
	else if (c == 'S' && !is_in_class)
		strbuf__add_text(&tr->out, "[^\\t\\n\\f\\r ]");
	else if (strchr(is_in_class ? "afnrtxdDSwWpP" : "afnrtxdDwWpPAbBz", c) ||
		 ((unsigned char)c < 0x80 && !isalnum((unsigned char)c)))
		strbuf__printf(&tr->out, "\\%c", c);
	else
		return refuse(tr, start, "an unknown escape");
	return strchr("xpP", c) ? translate_braces(tr) : 0;
}

static int translate_class(struct translator *tr)
{
	size_t start = tr->pos - 1;
	const char *text = tr->text;
	bool is_first = true;

	strbuf__add_char(&tr->out, '[');
	if (text[tr->pos] == '^')
		strbuf__add_char(&tr->out, text[tr->pos++]);
	for (; text[tr->pos] != ']' || is_first; is_first = false) {
		char c = text[tr->pos];

		if (c == '\0')
			return refuse(tr, start, "a class without its closing ']'");
		if (c == '[' && text[tr->pos + 1] == ':') {
			const char *end = strstr(text + tr->pos + 2, ":]");
			size_t len = end ? (size_t)(end + 2 - (text + tr->pos)) : 0;

			if (!end)
				return refuse(tr, tr->pos, "a character class without its ':]'");
			strbuf__add(&tr->out, text + tr->pos, len);
			tr->pos += len;
			continue;
		}
		tr->pos++;
		if (c == '\\') {
			int r = translate_escape(tr, true);

			if (r < 0)
				return r;
		} else {
			/* A lone '[' would begin [. and [= for PCRE2. */
			if (c == '[' || (c == ']' && is_first))
				strbuf__add_char(&tr->out, '\\');
			strbuf__add_char(&tr->out, c);
		}
	}
	tr->pos++;
	strbuf__add_char(&tr->out, ']');
	return 0;
}

/* What may follow "(?": a name, or flags out of i m s U. The rest is look-around and the like. */
static int translate_group(struct translator *tr)
{
	const char *rest = tr->text + tr->pos;
	size_t start = tr->pos - 1;
	size_t len;

	strbuf__add_char(&tr->out, '(');
	if (rest[0] == '*')
		return refuse(tr, start, "a verb '(*'");
	if (rest[0] != '?')
		return 0;
	if (str_starts(rest, "?P<") || (rest[1] == '<' && rest[2] != '=' && rest[2] != '!')) {
		len = strcspn(rest, ">");
	} else {
		len = 1 + strspn(rest + 1, "imsU-");
		if (rest[len] != ':' && (rest[len] != ')' || len == 1))
			return refuse(tr, start, "a look-around or another group that RE2 lacks");
	}
	strbuf__add(&tr->out, rest, len);
	tr->pos += len;
	return 0;
}

/* The length of "{n}", "{n,}" or "{n,m}" at text; 0: the brace stands for itself. */
static size_t repeat_len(const char *text, bool *ret_is_too_large)
{
	char *end;
	unsigned long least = 0, most;

	*ret_is_too_large = false;
	if (!isdigit((unsigned char)text[1]))
		return 0;
	least = strtoul(text + 1, &end, 10);
	most = least;
	if (*end == ',' && isdigit((unsigned char)end[1]))
		most = strtoul(end + 1, &end, 10);
	else if (*end == ',')
		end++;
	if (*end != '}')
		return 0;
	*ret_is_too_large = least > REPEAT_MAX || most > REPEAT_MAX;
	return (size_t)(end + 1 - text);
}

static int translate_repeat(struct translator *tr, size_t len)
{
	const char *text = tr->text + tr->pos;

	if (tr->is_after_repeat)
		return refuse(tr, tr->pos, "a repetition of a repetition");
	strbuf__add(&tr->out, text, len);
	tr->pos += len;
	if (text[len] == '?') {
		strbuf__add_char(&tr->out, '?');
		tr->pos++;
	}
	tr->is_after_repeat = true;
	return 0;
}

static int translate_one(struct translator *tr)
{
	char c = tr->text[tr->pos];
	bool is_too_large = false;
	size_t len = c == '{' ? repeat_len(tr->text + tr->pos, &is_too_large) : 0;

	if (is_too_large)
		return refuse(tr, tr->pos, "a repetition of more than 1000");
	if (c == '*' || c == '+' || c == '?' || len)
		return translate_repeat(tr, len ? len : 1);
	tr->is_after_repeat = false;
	tr->pos++;
	switch (c) {
	case '\\':
		return translate_escape(tr, false);
	case '[':
		return translate_class(tr);
	case '(':
		return translate_group(tr);
	case '{': /* no repetition: RE2 takes it literally */
		strbuf__add_text(&tr->out, "\\{");
		return 0;
	default:
		strbuf__add_char(&tr->out, c);
		return 0;
	}
}

static int translate(struct translator *tr)
{
	/* Whatever PCRE2 was built with: '.' is all but the line feed. */
	strbuf__add_text(&tr->out, "(*LF)");
	while (tr->text[tr->pos]) {
		int r = translate_one(tr);

		if (r < 0)
			return r;
	}
	return strbuf__status(&tr->out);
}

static int compile(struct pattern *pattern, const char *text, const char *translated,
		   const struct loc *at, struct err *err)
{
	/* \C would split characters. With (?m) RE2's '^' also matches behind a last newline. */
	uint32_t flags = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_CIRCUMFLEX |
			 PCRE2_NEVER_BACKSLASH_C;
	PCRE2_UCHAR message[128];
	PCRE2_SIZE offset;
	int code;

	pattern->code = pcre2_compile((PCRE2_SPTR)translated, PCRE2_ZERO_TERMINATED, flags, &code,
				      &offset, NULL /* default context */);
	if (!pattern->code) {
		(void)pcre2_get_error_message(code, message, sizeof(message));
		return err__set(err, -EINVAL, at, "regular expression '%s': %s", text,
				(char *)message);
	}
	pattern->match = pcre2_match_data_create_from_pattern(pattern->code, NULL);
	pattern->limits = pcre2_match_context_create(NULL);
	if (!pattern->match || !pattern->limits)
		return err__set(err, -ENOMEM, at, "no memory for a regular expression");
	(void)pcre2_set_match_limit(pattern->limits, MATCH_STEP_LIMIT);
	(void)pcre2_set_heap_limit(pattern->limits, MATCH_HEAP_KIB);
	(void)pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT, &pattern->group_count);
	return 0;
}

static void pattern_freep(struct pattern **pattern)
{
	*pattern = pattern__free(*pattern);
}

int pattern__compile(const char *text, const struct loc *at, struct pattern **ret_pattern,
		     struct err *err)
{
	__cleanup(pattern_freep) struct pattern *pattern = new_zero(struct pattern);
	struct translator tr = { .text = text, .at = at, .err = err };
	int r;

	if (!pattern)
		return err__set(err, -ENOMEM, at, "no memory for a regular expression");
	if (strlen(text) > PATTERN_MAX_BYTES)
		return err__set(err, -E2BIG, at, "a regular expression of more than %u bytes",
				PATTERN_MAX_BYTES);
	r = translate(&tr);
	if (r == -ENOMEM)
		(void)err__set(err, r, at, "no memory for a regular expression");
	if (r == 0)
		r = compile(pattern, text, strbuf__text(&tr.out), at, err);
	strbuf__done(&tr.out);
	if (r < 0)
		return r;
	*ret_pattern = take_ptr(pattern);
	return 0;
}

struct pattern *pattern__free(struct pattern *pattern)
{
	if (!pattern)
		return NULL;
	pcre2_match_context_free(pattern->limits);
	pcre2_match_data_free(pattern->match);
	pcre2_code_free(pattern->code);
	free(pattern);
	return NULL;
}

uint32_t pattern__group_count(const struct pattern *pattern)
{
	return pattern->group_count;
}

/* Of valid UTF-8. */
static int match_text(struct pattern *pattern, const char *text, size_t len, size_t start)
{
	int r = pcre2_match(pattern->code, (PCRE2_SPTR)text, len, start, PCRE2_NO_UTF_CHECK,
			    pattern->match, pattern->limits);

	switch (r) {
	case PCRE2_ERROR_NOMATCH:
		return 0;
	case PCRE2_ERROR_MATCHLIMIT:
	case PCRE2_ERROR_DEPTHLIMIT:
	case PCRE2_ERROR_HEAPLIMIT:
		return -E2BIG;
	case PCRE2_ERROR_NOMEMORY:
		return -ENOMEM;
	default:
		return r > 0 ? 1 : -EINVAL;
	}
}

/* Where a byte of the repaired text stood in the original. */
static size_t original_offset(const char *text, size_t len, size_t repaired_offset)
{
	size_t at = 0;
	size_t repaired = 0;

	while (at < len && repaired < repaired_offset) {
		size_t step = str_utf8_step(text + at, len - at);

		repaired += step ? step : strlen(REPLACEMENT);
		at += step ? step : 1;
	}
	return at;
}

/* RE2 reads each byte that is no UTF-8 as one U+FFFD, which '.' matches; PCRE2 would match nothing there. */
static int match_repaired(struct pattern *pattern, const char *text, size_t len)
{
	struct strbuf repaired = STRBUF_INIT;
	PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(pattern->match);
	int r;

	(void)str_add_utf8(&repaired, text, len);
	r = strbuf__status(&repaired);
	if (r == 0)
		r = match_text(pattern, repaired.data, repaired.len, 0);
	for (uint32_t i = 0; r > 0 && i < 2 * (pattern->group_count + 1); i++) {
		if (offsets[i] != PCRE2_UNSET)
			offsets[i] = original_offset(text, len, offsets[i]);
	}
	strbuf__done(&repaired);
	return r;
}

int pattern__match(struct pattern *pattern, const char *text, size_t len)
{
	return str_is_utf8(text, len) ? match_text(pattern, text, len, 0)
				      : match_repaired(pattern, text, len);
}

int pattern__match_from(struct pattern *pattern, const char *text, size_t len, size_t start)
{
	return match_text(pattern, text, len, start);
}

struct pattern_span pattern__group(const struct pattern *pattern, uint32_t index)
{
	const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(pattern->match);
	struct pattern_span span = { PATTERN_UNSET, PATTERN_UNSET };

	if (index <= pattern->group_count && offsets[2 * index] != PCRE2_UNSET) {
		span.start = offsets[2 * index];
		span.end = offsets[2 * index + 1];
	}
	return span;
}
