/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/match.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/pattern.h"
#include "base/str.h"
#include "record/record.h"

struct match {
	const struct when_spec *spec; /* borrowed */
	const struct comparison *comparison;
	struct pattern *pattern; /* owned or NULL */
	uint64_t number;         /* of a comparison of numbers; its bits when signed */
};

typedef int (*match_fn)(struct match *match, const void *data, size_t len);
typedef int (*match_open_fn)(struct match *match, struct err *err);

struct comparison {
	const char *name; /* as configs write it */
	match_fn run;
	match_open_fn open; /* or NULL */
	bool is_negated;    /* the opposite of what run says */
	bool is_on_bytes;
	bool is_greater, is_or_equal; /* of numbers */
};

/* ---- texts ----------------------------------------------------------------------------------- */

static bool is_same(const struct spec_text *value, const void *data, size_t len)
{
	return strlen(value->text) == len && memcmp(value->text, data, len) == 0;
}

/* Of several values one is enough. */
static int run_equal(struct match *match, const void *data, size_t len)
{
	for (uint32_t i = 0; i < match->spec->value_count; i++)
		if (is_same(&match->spec->values[i], data, len))
			return 1;
	return 0;
}

static int run_prefix(struct match *match, const void *data, size_t len)
{
	for (uint32_t i = 0; i < match->spec->value_count; i++) {
		size_t prefix_len = strlen(match->spec->values[i].text);

		if (prefix_len <= len && memcmp(match->spec->values[i].text, data, prefix_len) == 0)
			return 1;
	}
	return 0;
}

static int open_pattern(struct match *match, struct err *err)
{
	const struct spec_text *value = match->spec->values;

	return pattern__compile(value->text, &value->at, &match->pattern, err);
}

static int run_pattern(struct match *match, const void *data, size_t len)
{
	return pattern__match(match->pattern, data, len);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static int open_number(struct match *match, struct err *err)
{
	const struct spec_text *value = match->spec->values;
	int64_t s64 = 0;
	int r = match->spec->is_signed
			? num_parse_i64_go(value->text, strlen(value->text), &s64)
			: num_parse_u64_go(value->text, strlen(value->text), &match->number);

	if (r < 0)
		return err__set(err, -EINVAL, &value->at, "\"%.64s\" is no whole number",
				value->text);
	if (match->spec->is_signed)
		match->number = (uint64_t)s64;
	return 0;
}

/* Its bits, the sign carried up to the 64th. */
static int read_number(const void *data, size_t len, bool is_signed, uint64_t *ret_number)
{
	int64_t s64 = 0;
	int r;

	if (!is_signed)
		return bytes_get_uint(data, len, ret_number);
	r = bytes_get_int(data, len, &s64);
	*ret_number = (uint64_t)s64;
	return r;
}

static int run_number(struct match *match, const void *data, size_t len)
{
	const struct comparison *comparison = match->comparison;
	bool is_signed = match->spec->is_signed;
	uint64_t number = 0;
	bool is_greater;
	int r = read_number(data, len, is_signed, &number);

	if (r < 0)
		return r;
	if (number == match->number)
		return comparison->is_or_equal;
	is_greater = is_signed ? (int64_t)number > (int64_t)match->number : number > match->number;
	return is_greater == comparison->is_greater;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define NUMBER(name_, is_greater_, is_or_equal_)                                                   \
	{                                                                                          \
		.name = (name_), .run = run_number, .open = open_number, .is_on_bytes = true,      \
		.is_greater = (is_greater_), .is_or_equal = (is_or_equal_)                         \
	}

/* Those without a function are for policies. */
static const struct comparison comparisons[] = {
	[MATCH_OP_EQUAL] = { .name = "=", .run = run_equal },
	[MATCH_OP_NOT_EQUAL] = { .name = "!=", .run = run_equal, .is_negated = true },
	[MATCH_OP_LESS] = NUMBER("<", false, false),
	[MATCH_OP_LESS_EQUAL] = NUMBER("<=", false, true),
	[MATCH_OP_GREATER] = NUMBER(">", true, false),
	[MATCH_OP_GREATER_EQUAL] = NUMBER(">=", true, true),
	[MATCH_OP_IN] = { .name = "in", .run = run_equal },
	[MATCH_OP_NOT_IN] = { .name = "not in", .run = run_equal, .is_negated = true },
	[MATCH_OP_PREFIX] = { .name = "prefix", .run = run_prefix },
	[MATCH_OP_NOT_PREFIX] = { .name = "not prefix", .run = run_prefix, .is_negated = true },
	[MATCH_OP_REGEXP] = { .name = "regexp", .run = run_pattern, .open = open_pattern },
	[MATCH_OP_NOT_REGEXP] = { .name = "not regexp",
				  .run = run_pattern,
				  .open = open_pattern,
				  .is_negated = true },
};

int match__new(const struct when_spec *spec, struct match **ret_match, struct err *err)
{
	struct match *match;
	int r = 0;

	if ((size_t)spec->op >= array_size(comparisons) || !comparisons[spec->op].run)
		return err__set(err, -EOPNOTSUPP, &spec->at,
				"field '%s' cannot be compared this way in a metric", spec->field);
	if (comparisons[spec->op].open && spec->value_count != 1)
		return err__set(err, -EINVAL, &spec->at,
				"field '%s' is compared with %u values; name one", spec->field,
				spec->value_count);
	match = new_zero(struct match);
	if (!match)
		return err__set(err, -ENOMEM, &spec->at, "no memory for a condition");
	match->spec = spec;
	match->comparison = &comparisons[spec->op];
	if (match->comparison->open)
		r = match->comparison->open(match, err);
	if (r < 0) {
		match__free(match);
		return r;
	}
	*ret_match = match;
	return 0;
}

struct match *match__free(struct match *match)
{
	if (match)
		pattern__free(match->pattern);
	free(match);
	return NULL;
}

const char *match_op_name(enum match_op op)
{
	return (size_t)op < array_size(comparisons) && comparisons[op].name ? comparisons[op].name
									    : "?";
}

bool match__wants_text(const struct match *match)
{
	return !match->comparison->is_on_bytes;
}

int match__run(struct match *match, const void *data, size_t len)
{
	int r = match->comparison->run(match, data, len);

	return r < 0 ? r : (r != 0) != match->comparison->is_negated;
}
