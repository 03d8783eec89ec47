/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/negotiate.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define CLAUSES_MAX 32 /* of an Accept header; more are not looked at */

struct span {
	const char *text;
	size_t len;
};

struct clause {
	struct span type, params;
	double quality;
};

#define FOR_EACH_ESCAPING(type)                                                                    \
	{                                                                                          \
		[NAME_ESCAPING_UNDERSCORES] = type "; charset=utf-8; escaping=underscores",        \
		[NAME_ESCAPING_ALLOW_UTF8] = type "; charset=utf-8; escaping=allow-utf-8",         \
		[NAME_ESCAPING_DOTS] = type "; charset=utf-8; escaping=dots",                      \
		[NAME_ESCAPING_VALUES] = type "; charset=utf-8; escaping=values",                  \
	}

static const char *const content_types[][NAME_ESCAPING_COUNT] = {
	[TEXT_FORMAT_PROMETHEUS] = FOR_EACH_ESCAPING("text/plain; version=0.0.4"),
	[TEXT_FORMAT_OPENMETRICS_0_0_1] =
		FOR_EACH_ESCAPING("application/openmetrics-text; version=0.0.1"),
	[TEXT_FORMAT_OPENMETRICS_1_0_0] =
		FOR_EACH_ESCAPING("application/openmetrics-text; version=1.0.0"),
};

const char *exposition_content_type(const struct exposition *exposition)
{
	return content_types[exposition->format][exposition->escaping];
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

/* What a clause may ask for. The first row of a type is what it means without a version. */
static const struct {
	const char *type, *version;
	enum text_format format;
} formats[] = {
	{ "text/plain", "0.0.4", TEXT_FORMAT_PROMETHEUS },
	{ "application/openmetrics-text", "0.0.1", TEXT_FORMAT_OPENMETRICS_0_0_1 },
	{ "application/openmetrics-text", "1.0.0", TEXT_FORMAT_OPENMETRICS_1_0_0 },
};

static bool find_format(const struct clause *clause, enum text_format *ret_format)
{
	struct span version = { "", 0 };

	if (clause->quality <= 0)
		return false;
	(void)find_param(clause, "version", &version);
	for (size_t i = 0; i < array_size(formats); i++) {
		if (is_word(clause->type, formats[i].type) &&
		    (version.len == 0 || is_word(version, formats[i].version))) {
			*ret_format = formats[i].format;
			return true;
		}
	}
	return false;
}

/* The scheme may stand in a clause for a format that is not spoken here: the last one named before the clause that is
 * chosen counts, as client_golang has it (expfmt/encode.go). */
void exposition_negotiate(const char *accept, bool prefers_openmetrics,
			  struct exposition *ret_exposition)
{
	struct exposition best = { TEXT_FORMAT_PROMETHEUS, NAME_ESCAPING_UNDERSCORES };
	struct clause clauses[CLAUSES_MAX];
	size_t count = accept ? parse_accept(accept, clauses) : 0;
	enum name_escaping escaping = NAME_ESCAPING_UNDERSCORES;
	bool is_chosen = false; /* unless the text format comes yet */

	for (size_t i = 0; i < count; i++) {
		enum text_format format;
		struct span word;

		if (find_param(&clauses[i], "escaping", &word))
			(void)name_escaping_find(word.text, word.len, &escaping);
		if (!find_format(&clauses[i], &format))
			continue;
		if (!is_chosen || format == TEXT_FORMAT_PROMETHEUS)
			best = (struct exposition){ format, escaping };
		is_chosen = true;
		if (prefers_openmetrics || format == TEXT_FORMAT_PROMETHEUS)
			break;
	}
	if (!is_chosen)
		best.escaping = escaping;
	*ret_exposition = best;
}
