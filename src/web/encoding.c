/* SPDX-License-Identifier: Apache-2.0 */
#include "web/encoding.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t"

struct span {
	const char *text;
	size_t len;
};

static struct span trim(struct span span)
{
	while (span.len > 0 && strchr(BLANKS, span.text[0])) {
		span.text++;
		span.len--;
	}
	while (span.len > 0 && strchr(BLANKS, span.text[span.len - 1]))
		span.len--;
	return span;
}

/* Takes the part before the separator (or all) off the front of *rest. */
static struct span next_part(struct span *rest, char separator)
{
	const char *end = memchr(rest->text, separator, rest->len);
	struct span part = { rest->text, end ? (size_t)(end - rest->text) : rest->len };
	size_t used = end ? part.len + 1 : part.len;

	rest->text += used;
	rest->len -= used;
	return trim(part);
}

static bool span_is(struct span span, const char *word)
{
	return span.len == strlen(word) && strncasecmp(span.text, word, span.len) == 0;
}

/* "q=0", "q=0." and "q=0.000" refuse; anything else, also nonsense, is a wish. */
static bool is_refusal(struct span parameter)
{
	if (parameter.len < 3 || strncasecmp(parameter.text, "q=", 2) != 0)
		return false;
	for (size_t i = 2; i < parameter.len; i++)
		if (parameter.text[i] != '0' && parameter.text[i] != '.')
			return false;
	return true;
}

bool encoding_accepts_gzip(const char *accept_encoding)
{
	if (!accept_encoding)
		return false;

	struct span rest = { accept_encoding, strlen(accept_encoding) };
	bool any_is_welcome = false;

	while (rest.len > 0) {
		struct span item = next_part(&rest, ',');
		struct span name = next_part(&item, ';');
		bool is_welcome = true;

		while (item.len > 0)
			if (is_refusal(next_part(&item, ';')))
				is_welcome = false;
		/* A word about gzip itself outweighs "*" wherever it stands. */
		if (span_is(name, "gzip") || span_is(name, "x-gzip"))
			return is_welcome;
		if (span_is(name, "*"))
			any_is_welcome = is_welcome;
	}
	return any_is_welcome;
}
