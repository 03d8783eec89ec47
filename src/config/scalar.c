/* SPDX-License-Identifier: Apache-2.0 */
#include "config/scalar.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

#define TAG_PREFIX "tag:yaml.org,2002:"
/* Longer than any number that is not made of leading zeros; what is longer is text. */
#define MAX_NUMBER_LEN 128

static const struct {
	const char *text;
	struct scalar scalar;
} words[] = {
	{ "", { .kind = SCALAR_NULL } },
	{ "~", { .kind = SCALAR_NULL } },
	{ "null", { .kind = SCALAR_NULL } },
	{ "Null", { .kind = SCALAR_NULL } },
	{ "NULL", { .kind = SCALAR_NULL } },
	{ "y", { .kind = SCALAR_BOOL, .truth = true } },
	{ "Y", { .kind = SCALAR_BOOL, .truth = true } },
	{ "yes", { .kind = SCALAR_BOOL, .truth = true } },
	{ "Yes", { .kind = SCALAR_BOOL, .truth = true } },
	{ "YES", { .kind = SCALAR_BOOL, .truth = true } },
	{ "true", { .kind = SCALAR_BOOL, .truth = true } },
	{ "True", { .kind = SCALAR_BOOL, .truth = true } },
	{ "TRUE", { .kind = SCALAR_BOOL, .truth = true } },
	{ "on", { .kind = SCALAR_BOOL, .truth = true } },
	{ "On", { .kind = SCALAR_BOOL, .truth = true } },
	{ "ON", { .kind = SCALAR_BOOL, .truth = true } },
	{ "n", { .kind = SCALAR_BOOL, .truth = false } },
	{ "N", { .kind = SCALAR_BOOL, .truth = false } },
	{ "no", { .kind = SCALAR_BOOL, .truth = false } },
	{ "No", { .kind = SCALAR_BOOL, .truth = false } },
	{ "NO", { .kind = SCALAR_BOOL, .truth = false } },
	{ "false", { .kind = SCALAR_BOOL, .truth = false } },
	{ "False", { .kind = SCALAR_BOOL, .truth = false } },
	{ "FALSE", { .kind = SCALAR_BOOL, .truth = false } },
	{ "off", { .kind = SCALAR_BOOL, .truth = false } },
	{ "Off", { .kind = SCALAR_BOOL, .truth = false } },
	{ "OFF", { .kind = SCALAR_BOOL, .truth = false } },
	{ ".nan", { .kind = SCALAR_FLOAT, .f64 = NAN } },
	{ ".NaN", { .kind = SCALAR_FLOAT, .f64 = NAN } },
	{ ".NAN", { .kind = SCALAR_FLOAT, .f64 = NAN } },
	{ ".inf", { .kind = SCALAR_FLOAT, .f64 = INFINITY } },
	{ ".Inf", { .kind = SCALAR_FLOAT, .f64 = INFINITY } },
	{ ".INF", { .kind = SCALAR_FLOAT, .f64 = INFINITY } },
	{ "+.inf", { .kind = SCALAR_FLOAT, .f64 = INFINITY } },
	{ "+.Inf", { .kind = SCALAR_FLOAT, .f64 = INFINITY } },
	{ "+.INF", { .kind = SCALAR_FLOAT, .f64 = INFINITY } },
	{ "-.inf", { .kind = SCALAR_FLOAT, .f64 = -INFINITY } },
	{ "-.Inf", { .kind = SCALAR_FLOAT, .f64 = -INFINITY } },
	{ "-.INF", { .kind = SCALAR_FLOAT, .f64 = -INFINITY } },
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t skip_digits(const char *text, size_t len, size_t from)
{
	while (from < len && is_digit(text[from]))
		from++;
	return from;
}

/* [-+]? (digits | digits.digits? | .digits) ([eE][-+]?digits)? : what go-yaml v2 takes for a float. */
static bool looks_like_float(const char *text, size_t len)
{
	size_t start = len > 0 && (text[0] == '-' || text[0] == '+') ? 1 : 0;
	size_t whole = skip_digits(text, len, start);
	size_t end = whole;

	if (end < len && text[end] == '.') {
		end = skip_digits(text, len, end + 1);
		if (whole == start && end == whole + 1)
			return false; /* a lone dot */
	} else if (whole == start) {
		return false;
	}
	if (end < len && (text[end] == 'e' || text[end] == 'E')) {
		size_t exponent = end + 1;

		if (exponent < len && (text[exponent] == '-' || text[exponent] == '+'))
			exponent++;
		end = skip_digits(text, len, exponent);
		if (end == exponent)
			return false;
	}
	return end == len;
}

static bool find_word(const struct node *node, struct scalar *ret_scalar)
{
	for (size_t i = 0; i < array_size(words); i++) {
		if (strlen(words[i].text) == node->text_len && str_eq(words[i].text, node->text)) {
			*ret_scalar = words[i].scalar;
			return true;
		}
	}
	return false;
}

/* Without the underscores, which may stand anywhere. Length, or 0 when it is too long for a number. */
static size_t copy_digits(const struct node *node, char *buf)
{
	size_t len = 0;

	for (size_t i = 0; i < node->text_len; i++) {
		if (node->text[i] == '_')
			continue;
		if (len == MAX_NUMBER_LEN)
			return 0;
		buf[len++] = node->text[i];
	}
	return len;
}

/* Numbers begin with a digit, a sign, or a dot; integers are tried first, so 08 is the float 8. */
static bool parse_number(const struct node *node, struct scalar *ret_scalar)
{
	char buf[MAX_NUMBER_LEN];
	size_t len;

	if (!is_digit(node->text[0]) && !strchr("+-.", node->text[0]))
		return false;
	len = copy_digits(node, buf);
	if (len == 0)
		return false;
	if (num_parse_i64_go(buf, len, &ret_scalar->s64) == 0) {
		ret_scalar->kind = SCALAR_INT;
		return true;
	}
	if (num_parse_u64_go(buf, len, &ret_scalar->u64) == 0) {
		ret_scalar->kind = SCALAR_UINT;
		return true;
	}
	ret_scalar->kind = SCALAR_FLOAT;
	return looks_like_float(buf, len) && num_parse_double(buf, len, &ret_scalar->f64) == 0;
}

/* The kinds that an explicit tag allows; SCALAR_INT stands for both integers. */
static const struct {
	const char *tag;
	enum scalar_kind kind;
	const char *help;
} tags[] = {
	{ TAG_PREFIX "bool", SCALAR_BOOL, "a truth value" },
	{ TAG_PREFIX "float", SCALAR_FLOAT, "a number" },
	{ TAG_PREFIX "int", SCALAR_INT, "a whole number" },
	{ TAG_PREFIX "null", SCALAR_NULL, "null" },
};

static void resolve(const struct node *node, struct scalar *ret_scalar)
{
	if (find_word(node, ret_scalar) || (node->text_len > 0 && parse_number(node, ret_scalar)))
		return;
	*ret_scalar = (struct scalar){ .kind = SCALAR_TEXT };
}

static bool satisfies_tag(struct scalar *scalar, enum scalar_kind kind)
{
	if (kind == SCALAR_INT)
		return scalar->kind == SCALAR_INT || scalar->kind == SCALAR_UINT;
	if (kind == SCALAR_FLOAT && scalar->kind == SCALAR_INT)
		*scalar = (struct scalar){ .kind = SCALAR_FLOAT, .f64 = (double)scalar->s64 };
	return scalar->kind == kind;
}

int scalar_parse(const struct node *node, struct scalar *ret_scalar, struct err *err)
{
	struct scalar scalar;

	*ret_scalar = (struct scalar){ .kind = SCALAR_TEXT };
	if (node->is_quoted)
		return 0;
	if (!node->tag) {
		resolve(node, ret_scalar);
		return 0;
	}
	for (size_t i = 0; i < array_size(tags); i++) {
		if (!str_eq(tags[i].tag, node->tag))
			continue;
		resolve(node, &scalar);
		if (!satisfies_tag(&scalar, tags[i].kind))
			return err__set(err, -EINVAL, &node->at,
					"\"%.64s\" has the tag of %s; drop the tag", node->text,
					tags[i].help);
		*ret_scalar = scalar;
		return 0;
	}
	return 0; /* !!str and tags of somebody's own: text */
}

bool node__is_null(const struct node *node)
{
	struct scalar scalar;

	return node->kind == NODE_SCALAR && scalar_parse(node, &scalar, NULL) == 0 &&
	       scalar.kind == SCALAR_NULL;
}
