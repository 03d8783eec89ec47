/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/label_selector.h"

#include <errno.h>

#include "base/mem.h"
#include "base/num.h"

/* As Kubernetes bounds them. */
#define NAME_MAX_LEN 63
#define PREFIX_MAX_LEN 253

enum requirement_kind { EXISTS, DOES_NOT_EXIST, IN, NOT_IN, GREATER, LESS };

struct requirement {
	enum requirement_kind kind;
	struct text_view key;
	const struct text_view *values;
	uint32_t value_count;
	int64_t number; /* of GREATER and LESS */
	const struct requirement *next;
};

struct label_selector {
	const struct requirement *first; /* all must hold */
};

struct parser {
	const char *at;
	struct arena *arena;
	struct err *err;
	const char *text;
};

/* ---- words ---- */

static bool is_letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
	return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.' || c == '/';
}

static void skip_blanks(struct parser *parser)
{
	while (*parser->at == ' ' || *parser->at == '\t' || *parser->at == '\n' ||
	       *parser->at == '\r')
		parser->at++;
}

static bool take(struct parser *parser, const char *sign)
{
	size_t len = strlen(sign);

	skip_blanks(parser);
	if (strncmp(parser->at, sign, len) != 0)
		return false;
	parser->at += len;
	return true;
}

/* May be empty. */
static struct text_view take_word(struct parser *parser)
{
	struct text_view word;

	skip_blanks(parser);
	word.data = parser->at;
	while (is_word(*parser->at))
		parser->at++;
	word.len = (size_t)(parser->at - word.data);
	return word;
}

static bool take_name(struct parser *parser, const char *name)
{
	const char *before = parser->at;
	struct text_view word = take_word(parser);

	if (word.len == strlen(name) && memcmp(word.data, name, word.len) == 0)
		return true;
	parser->at = before;
	return false;
}

static int refuse(struct parser *parser, const char *what)
{
	return err__set(parser->err, -EINVAL, NULL, "label selector '%s', byte %zu: %s",
			parser->text, (size_t)(parser->at - parser->text) + 1, what);
}

/* Letters, digits and, in between, '-', '_' and '.'. */
static bool is_name(const char *name, size_t len, size_t max)
{
	if (len == 0 || len > max || !is_letter_or_digit(name[0]) ||
	    !is_letter_or_digit(name[len - 1]))
		return false;
	return memchr(name, '/', len) == NULL;
}

static bool is_key(const struct text_view *key)
{
	const char *slash = key->len ? memchr(key->data, '/', key->len) : NULL;
	size_t prefix_len = slash ? (size_t)(slash - key->data) : 0;

	if (!slash)
		return is_name(key->data, key->len, NAME_MAX_LEN);
	return is_name(key->data, prefix_len, PREFIX_MAX_LEN) &&
	       is_name(slash + 1, key->len - prefix_len - 1, NAME_MAX_LEN);
}

static bool is_value(const struct text_view *value)
{
	return value->len == 0 || is_name(value->data, value->len, NAME_MAX_LEN);
}

/* ---- requirements ---- */

static int copy(struct parser *parser, struct text_view *text)
{
	if (text->len == 0)
		return 0;
	text->data = arena__memdup(parser->arena, text->data, text->len);
	return text->data ? 0 : -ENOMEM;
}

static int parse_values(struct parser *parser, struct requirement *requirement, bool is_list)
{
	size_t count = 1, i = 0;
	struct text_view *values;
	int r;

	for (const char *c = parser->at; is_list && *c && *c != ')'; c++)
		count += *c == ',';
	values = arena_array(parser->arena, struct text_view, count);
	if (!values)
		return -ENOMEM;
	do {
		values[i] = take_word(parser);
		if (!is_value(&values[i]))
			return refuse(parser, "this is no value of a label");
		r = copy(parser, &values[i]);
		if (r < 0)
			return r;
		i++;
	} while (is_list && i < count && take(parser, ","));
	requirement->values = values;
	requirement->value_count = (uint32_t)i;
	return 0;
}

static int parse_list(struct parser *parser, struct requirement *requirement)
{
	int r;

	if (!take(parser, "("))
		return refuse(parser, "a '(' was expected");
	r = parse_values(parser, requirement, true);
	if (r < 0)
		return r;
	return take(parser, ")") ? 0 : refuse(parser, "a ',' or ')' was expected");
}

static int parse_number(struct parser *parser, struct requirement *requirement)
{
	struct text_view word = take_word(parser);

	if (num_parse_i64(word.data, word.len, &requirement->number) < 0)
		return refuse(parser, "a whole number was expected");
	return 0;
}

/* What stands behind a key. */
static int parse_comparison(struct parser *parser, struct requirement *requirement)
{
	static const struct {
		const char *sign;
		enum requirement_kind kind;
	} signs[] = {
		{ "==", IN }, { "=", IN }, { "!=", NOT_IN }, { ">", GREATER }, { "<", LESS }
	};

	for (size_t i = 0; i < array_size(signs); i++) {
		if (!take(parser, signs[i].sign))
			continue;
		requirement->kind = signs[i].kind;
		return signs[i].kind == GREATER || signs[i].kind == LESS
			       ? parse_number(parser, requirement)
			       : parse_values(parser, requirement, false);
	}
	requirement->kind = EXISTS;
	if (take_name(parser, "in"))
		requirement->kind = IN;
	else if (take_name(parser, "notin"))
		requirement->kind = NOT_IN;
	return requirement->kind == EXISTS ? 0 : parse_list(parser, requirement);
}

static int parse_requirement(struct parser *parser, struct requirement *requirement)
{
	bool is_absent = take(parser, "!");
	int r;

	requirement->key = take_word(parser);
	if (!is_key(&requirement->key))
		return refuse(parser, "the name of a label was expected");
	r = copy(parser, &requirement->key);
	if (r < 0)
		return r;
	if (!is_absent)
		return parse_comparison(parser, requirement);
	requirement->kind = DOES_NOT_EXIST;
	return 0;
}

int label_selector_parse(const char *text, struct arena *arena,
			 const struct label_selector **ret_selector, struct err *err)
{
	struct parser parser = { .at = text, .arena = arena, .err = err, .text = text };
	struct label_selector *selector = arena_new(arena, struct label_selector);

	if (!selector)
		return -ENOMEM;
	skip_blanks(&parser);
	while (*parser.at) {
		struct requirement *requirement = arena_new(arena, struct requirement);
		int r = requirement ? parse_requirement(&parser, requirement) : -ENOMEM;

		if (r < 0)
			return r;
		requirement->next = selector->first;
		selector->first = requirement;
		skip_blanks(&parser);
		if (*parser.at && !take(&parser, ","))
			return refuse(&parser, "a ',' was expected");
		if (parser.at[-1] == ',' && !*parser.at)
			return refuse(&parser, "the name of a label was expected");
	}
	*ret_selector = selector;
	return 0;
}

/* ---- matching ---- */

static bool is_equal(const struct text_view *a, const struct text_view *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static const struct text_view *find(const struct text_view *key, const struct text_pair *labels,
				    uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (is_equal(&labels[i].key, key))
			return &labels[i].value;
	return NULL;
}

static bool has_value(const struct requirement *requirement, const struct text_view *value)
{
	for (uint32_t i = 0; i < requirement->value_count; i++)
		if (is_equal(&requirement->values[i], value))
			return true;
	return false;
}

static bool requirement__match(const struct requirement *requirement, const struct text_view *value)
{
	int64_t number;

	switch (requirement->kind) {
	case EXISTS:
		return value != NULL;
	case DOES_NOT_EXIST:
		return value == NULL;
	case IN:
		return value && has_value(requirement, value);
	case NOT_IN:
		return !value || !has_value(requirement, value);
	case GREATER:
	case LESS:
		if (!value || num_parse_i64(value->data, value->len, &number) < 0)
			return false;
		return requirement->kind == GREATER ? number > requirement->number
						    : number < requirement->number;
	}
	return false;
}

bool label_selector__match(const struct label_selector *selector, const struct text_pair *labels,
			   uint32_t count)
{
	const struct requirement *requirement = selector->first;

	while (requirement &&
	       requirement__match(requirement, find(&requirement->key, labels, count)))
		requirement = requirement->next;
	return !requirement;
}
