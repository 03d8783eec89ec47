/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "sink/prometheus.h"

#define CLAUSES_MAX 32 /* of an Accept header; more are not looked at */

struct span {
	const char *text;
	size_t len;
};

struct clause {
	struct span type, params;
	double quality;
};

static const char *const content_types[] = {
	[NAME_ESCAPING_UNDERSCORES] =
		"text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
	[NAME_ESCAPING_ALLOW_UTF8] =
		"text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8",
	[NAME_ESCAPING_DOTS] = "text/plain; version=0.0.4; charset=utf-8; escaping=dots",
	[NAME_ESCAPING_VALUES] = "text/plain; version=0.0.4; charset=utf-8; escaping=values",
};

const char *prometheus__content_type(enum name_escaping escaping)
{
	return content_types[escaping];
}

static struct span trim(const char *text, size_t len)
{
	while (len > 0 && *text == ' ') {
		text++;
		len--;
	}
	while (len > 0 && text[len - 1] == ' ')
		len--;
	return (struct span){ text, len };
}

/* Cuts *rest at the first separator: what was before it, trimmed. */
static struct span next_part(struct span *rest, char separator)
{
	const char *cut = memchr(rest->text, separator, rest->len);
	size_t len = cut ? (size_t)(cut - rest->text) : rest->len;
	struct span part = trim(rest->text, len);

	rest->text += cut ? len + 1 : len;
	rest->len -= cut ? len + 1 : len;
	return part;
}

static bool is_word(struct span span, const char *word)
{
	return span.len == strlen(word) && memcmp(span.text, word, span.len) == 0;
}

static bool find_param(const struct clause *clause, const char *name, struct span *ret_value)
{
	struct span rest = clause->params;

	while (rest.len > 0) {
		struct span value = next_part(&rest, ';');

		if (is_word(next_part(&value, '='), name)) {
			*ret_value = trim(value.text, value.len);
			return true;
		}
	}
	return false;
}

static struct clause parse_clause(struct span text)
{
	struct span type = next_part(&text, ';');
	struct clause clause = { .type = type, .params = text, .quality = 1 };
	struct span quality;

	if (find_param(&clause, "q", &quality) &&
	    num_parse_double(quality.text, quality.len, &clause.quality) < 0)
		clause.quality = 0;
	return clause;
}

/* Best first, those of the same quality in their order. */
static size_t parse_accept(const char *accept, struct clause *clauses)
{
	struct span rest = { accept, strlen(accept) };
	size_t count = 0;

	while (rest.len > 0 && count < CLAUSES_MAX) {
		struct clause clause = parse_clause(next_part(&rest, ','));
		size_t at = count++;

		for (; at > 0 && clauses[at - 1].quality < clause.quality; at--)
			clauses[at] = clauses[at - 1];
		clauses[at] = clause;
	}
	return count;
}

static bool is_our_format(const struct clause *clause)
{
	struct span version = { "", 0 };

	if (!is_word(clause->type, "text/plain"))
		return false;
	(void)find_param(clause, "version", &version); /* none: any will do */
	return version.len == 0 || is_word(version, "0.0.4");
}

/* The scheme may stand in a clause for a format that is not spoken here: the last one named
 * before the clause that is chosen counts, as client_golang has it (expfmt/encode.go). */
enum name_escaping prometheus__negotiate(const char *accept)
{
	enum name_escaping escaping = NAME_ESCAPING_UNDERSCORES;
	struct clause clauses[CLAUSES_MAX];
	size_t count = accept ? parse_accept(accept, clauses) : 0;

	for (size_t i = 0; i < count; i++) {
		struct span word;

		if (find_param(&clauses[i], "escaping", &word))
			(void)name_escaping_find(word.text, word.len, &escaping);
		if (is_our_format(&clauses[i]))
			break;
	}
	return escaping;
}
