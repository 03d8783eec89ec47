/* SPDX-License-Identifier: Apache-2.0 */
#include "config/dialect.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const struct dialect dialects[] = {
#define DIALECT(id, help_)                                                                         \
	{ .name = #id, .help = help_, .parse = id##_parse, .complete = id##_complete },
#include "config/dialect.def"
#undef DIALECT
};

const struct dialect *dialect_find(const char *name)
{
	for (size_t i = 0; i < array_size(dialects); i++)
		if (str_eq(dialects[i].name, name))
			return &dialects[i];
	return NULL;
}

/* Kinds of manifests that a dialect reads; the first letters are enough. */
static const struct {
	const char *kind;
	const char *dialect;
} kinds[] = {
	{ "TracingPolicy", "tracing_policy" },
};

/* Whether it is the value of a key "kind" that is the first thing on its line: with or without quotes, in JSON too. */
static bool is_kind(const char *text, const char *value)
{
	static const char key[] = "kind";
	const char *end = value;

	while (end > text && strchr(" \t\"':", end[-1]))
		end--;
	if ((size_t)(end - text) < strlen(key) || end == value ||
	    memcmp(end - strlen(key), key, strlen(key)) != 0)
		return false;
	for (end -= strlen(key); end > text && strchr(" \t\"'{,", end[-1]);)
		end--;
	return end == text || end[-1] == '\n';
}

const struct dialect *dialect_of_text(const char *text)
{
	for (size_t i = 0; i < array_size(kinds); i++)
		for (const char *found = text; (found = strstr(found, kinds[i].kind)); found++)
			if (is_kind(text, found))
				return dialect_find(kinds[i].dialect);
	return NULL;
}

const struct dialect *dialect_list(size_t *ret_count)
{
	*ret_count = array_size(dialects);
	return dialects;
}

int spec__keep_warnings(struct spec *spec, const struct err_list *warnings)
{
	struct spec_text *texts = arena_array(&spec->arena, struct spec_text, warnings->len);

	if (!texts)
		return -ENOMEM;
	for (size_t i = 0; i < warnings->len; i++) {
		const struct err *err = &warnings->items[i];

		texts[i].text = arena__strdup(&spec->arena, err->text ? err->text : "");
		if (!texts[i].text)
			return -ENOMEM;
		texts[i].at = (struct loc){ spec->origin, err->at.line, err->at.column };
	}
	spec->warnings = texts;
	spec->warning_count = (uint32_t)warnings->len;
	return 0;
}
