/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/condition.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "filter/field_name.h"

#define MAX_SHOWN 64

/* ---- texts to values ------------------------------------------------------------------------ */

struct maker {
	struct arena *arena;
	const struct field *field;
	enum field_type type; /* the widest of the field's kind */
	struct err *err;
};

/* Numbers and truth values may have blanks around them, texts keep theirs. */
static struct condition_text trim(const struct condition_text *text, size_t *ret_len)
{
	struct condition_text trimmed = *text;
	size_t blanks = strspn(text->text, " ");
	size_t len;

	trimmed.text += blanks;
	trimmed.at.column += trimmed.at.column ? (uint32_t)blanks : 0;
	len = strlen(trimmed.text);
	while (len > 0 && trimmed.text[len - 1] == ' ')
		len--;
	*ret_len = len;
	return trimmed;
}

static bool has_base(const char *text)
{
	text += *text == '-' || *text == '+';
	return text[0] == '0' && isalpha((unsigned char)text[1]);
}

static int out_of_range(const struct maker *maker, const struct condition_text *text)
{
	return err__set(maker->err, -EINVAL, &text->at, "%.*s does not fit field '%s', a %s",
			MAX_SHOWN, text->text, maker->field->name,
			field_type_name(maker->field->type));
}

static int no_number(const struct maker *maker, const struct condition_text *text)
{
	return err__set(maker->err, -EINVAL, &text->at,
			"'%.*s' is no number; field '%s' is a %s and needs one", MAX_SHOWN,
			text->text, maker->field->name, field_type_name(maker->field->type));
}

/* Bits of a field's type as it is declared: a U8 holds 8. */
static unsigned int bits_of(enum field_type type)
{
	static const unsigned int bits[] = {
		[FIELD_TYPE_U8] = 8,   [FIELD_TYPE_S8] = 8,   [FIELD_TYPE_U16] = 16,
		[FIELD_TYPE_S16] = 16, [FIELD_TYPE_U32] = 32, [FIELD_TYPE_S32] = 32,
	};

	return (size_t)type < array_size(bits) && bits[type] ? bits[type] : 64;
}

static int make_unsigned(const struct maker *maker, const struct condition_text *text,
			 struct value *value)
{
	size_t len;
	struct condition_text number = trim(text, &len);
	int r = has_base(number.text) ? num_parse_u64_go(number.text, len, &value->u64)
				      : num_parse_u64(number.text, len, &value->u64);
	unsigned int bits = bits_of(maker->field->type);
	int64_t negative;

	if (r == -EINVAL && num_parse_i64(number.text, len, &negative) == 0)
		r = -ERANGE;
	if (r == 0 && bits < 64 && value->u64 >> bits)
		r = -ERANGE;
	return r == -ERANGE ? out_of_range(maker, &number) : r < 0 ? no_number(maker, &number) : 0;
}

static int make_signed(const struct maker *maker, const struct condition_text *text,
		       struct value *value)
{
	size_t len;
	struct condition_text number = trim(text, &len);
	int r = has_base(number.text) ? num_parse_i64_go(number.text, len, &value->s64)
				      : num_parse_i64(number.text, len, &value->s64);
	unsigned int bits = bits_of(maker->field->type);
	int64_t most = (int64_t)(UINT64_MAX >> (65 - bits));

	if (r == 0 && (value->s64 > most || value->s64 < -most - 1))
		r = -ERANGE;
	return r == -ERANGE ? out_of_range(maker, &number) : r < 0 ? no_number(maker, &number) : 0;
}

static int make_float(const struct maker *maker, const struct condition_text *text,
		      struct value *value)
{
	size_t len;
	struct condition_text number = trim(text, &len);

	return num_parse_double(number.text, len, &value->f64) < 0 ? no_number(maker, &number) : 0;
}

static int make_bool(const struct maker *maker, const struct condition_text *text,
		     struct value *value)
{
	static const struct {
		const char *text;
		uint64_t value;
	} words[] = { { "true", 1 }, { "1", 1 }, { "false", 0 }, { "0", 0 } };
	size_t len;
	struct condition_text word = trim(text, &len);

	for (size_t i = 0; i < array_size(words); i++)
		if (strlen(words[i].text) == len && memcmp(words[i].text, word.text, len) == 0) {
			value->u64 = words[i].value;
			return 0;
		}
	return err__set(maker->err, -EINVAL, &word.at,
			"'%.*s' is no truth value; field '%s' is true or false", MAX_SHOWN,
			word.text, maker->field->name);
}

static int make_text(const struct maker *maker, const struct condition_text *text,
		     struct value *value)
{
	value->bytes.len = strlen(text->text);
	value->bytes.data = arena__strndup(maker->arena, text->text, value->bytes.len);
	return value->bytes.data
		       ? 0
		       : err__set(maker->err, -ENOMEM, &text->at, "no memory for a condition");
}

static int make_value(const struct maker *maker, const struct condition_text *text,
		      struct value *ret_value)
{
	static int (*const makes[])(const struct maker *maker, const struct condition_text *text,
				    struct value *value) = {
		[FIELD_TYPE_U64] = make_unsigned, [FIELD_TYPE_S64] = make_signed,
		[FIELD_TYPE_F64] = make_float,    [FIELD_TYPE_BOOL] = make_bool,
		[FIELD_TYPE_STRING] = make_text,
	};

	*ret_value = (struct value){ .type = maker->type };
	return makes[maker->type](maker, text, ret_value);
}

/* ---- what goes together --------------------------------------------------------------------- */

enum needs { NEEDS_NOTHING, NEEDS_ORDER, NEEDS_TEXT };

/* What a comparison accepts: of lists any value of them is enough. */
static const struct comparison {
	bool is_known;
	bool on_less, on_equal, on_greater;
	bool is_list, is_negated;
	enum needs needs;
} comparisons[] = {
	[MATCH_OP_EQUAL] = { .is_known = true, .on_equal = true },
	[MATCH_OP_NOT_EQUAL] = { .is_known = true, .on_equal = true, .is_negated = true },
	[MATCH_OP_LESS] = { .is_known = true, .on_less = true, .needs = NEEDS_ORDER },
	[MATCH_OP_LESS_EQUAL] = { .is_known = true,
				  .on_less = true,
				  .on_equal = true,
				  .needs = NEEDS_ORDER },
	[MATCH_OP_GREATER] = { .is_known = true, .on_greater = true, .needs = NEEDS_ORDER },
	[MATCH_OP_GREATER_EQUAL] = { .is_known = true,
				     .on_greater = true,
				     .on_equal = true,
				     .needs = NEEDS_ORDER },
	[MATCH_OP_IN] = { .is_known = true, .on_equal = true, .is_list = true },
	[MATCH_OP_NOT_IN] = { .is_known = true,
			      .on_equal = true,
			      .is_list = true,
			      .is_negated = true },
	[MATCH_OP_REGEXP] = { .is_known = true, .needs = NEEDS_TEXT },
	[MATCH_OP_NOT_REGEXP] = { .is_known = true, .is_negated = true, .needs = NEEDS_TEXT },
};

static int check(const struct maker *maker, enum match_op op, const struct loc *at,
		 uint32_t text_count)
{
	const char *name = maker->field->name;

	if ((size_t)op >= array_size(comparisons) || !comparisons[op].is_known)
		return err__set(maker->err, -EOPNOTSUPP, at,
				"field '%s' cannot be compared this way", name);
	if (!comparisons[op].is_list && text_count != 1)
		return err__set(maker->err, -EINVAL, at,
				"field '%s' is compared with %u values; name one", name,
				text_count);
	if (comparisons[op].needs == NEEDS_TEXT && maker->type != FIELD_TYPE_STRING)
		return err__set(maker->err, -EINVAL, at,
				"field '%s' is a %s; regular expressions are for texts", name,
				field_type_name(maker->field->type));
	if (comparisons[op].needs == NEEDS_ORDER && maker->type == FIELD_TYPE_BOOL)
		return err__set(maker->err, -EINVAL, at,
				"field '%s' is true or false and has no order; use == or !=", name);
	return 0;
}

static int make_values(const struct maker *maker, const struct condition_text *texts,
		       uint32_t count, struct condition *condition)
{
	struct value *values = arena_array(maker->arena, struct value, (size_t)count + 1);

	if (!values)
		return err__set(maker->err, -ENOMEM, NULL, "no memory for a condition");
	for (uint32_t i = 0; i < count; i++) {
		int r = make_value(maker, &texts[i], &values[i]);

		if (r < 0)
			return r;
	}
	condition->values = values;
	condition->value_count = count;
	condition->plain.value = count ? values[0] : (struct value){ .type = maker->type };
	return 0;
}

int condition_make(struct arena *arena, const struct schema *schema, uint32_t field,
		   enum match_op op, const struct loc *at, const struct condition_text *texts,
		   uint32_t text_count, struct condition *ret_condition, struct err *err)
{
	const struct maker maker = { .arena = arena,
				     .field = &schema->fields[field],
				     .type = field_widest_type(&schema->fields[field]),
				     .err = err };
	struct condition condition = { .plain = { .field = field, .op = op } };
	int r;

	if (maker.type == FIELD_TYPE_BYTES)
		return field_refuse_bytes(schema, field, at, err);
	r = check(&maker, op, at, text_count);
	if (r == 0)
		r = make_values(&maker, texts, text_count, &condition);
	if (r == 0 && comparisons[op].needs == NEEDS_TEXT)
		r = pattern__compile(texts[0].text, &texts[0].at, &condition.pattern, err);
	if (r < 0)
		return r;
	*ret_condition = condition;
	return 0;
}

void condition__done(struct condition *condition)
{
	condition->pattern = pattern__free(condition->pattern);
}

/* ---- running -------------------------------------------------------------------------------- */

static int compare_texts(const struct value *a, const struct value *b)
{
	size_t len = a->bytes.len < b->bytes.len ? a->bytes.len : b->bytes.len;
	int r = len ? memcmp(a->bytes.data, b->bytes.data, len) : 0;

	if (r == 0)
		return a->bytes.len == b->bytes.len ? 0 : a->bytes.len < b->bytes.len ? -1 : 1;
	return r < 0 ? -1 : 1;
}

#define COMPARE(a, b) ((a) < (b) ? -1 : (a) > (b) ? 1 : (a) == (b) ? 0 : 2)

int value_compare(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return 2;
	switch (a->type) {
	case FIELD_TYPE_S64:
		return COMPARE(a->s64, b->s64);
	case FIELD_TYPE_F64:
		return COMPARE(a->f64, b->f64);
	case FIELD_TYPE_STRING:
	case FIELD_TYPE_BYTES:
	case FIELD_TYPE_STRUCT:
		return compare_texts(a, b);
	default: /* U64 and BOOL; record__get() hands out no other */
		return COMPARE(a->u64, b->u64);
	}
}

static bool holds(const struct comparison *comparison, const struct value *value,
		  const struct value *wanted)
{
	int order = value_compare(value, wanted);

	return (order == -1 && comparison->on_less) || (order == 0 && comparison->on_equal) ||
	       (order == 1 && comparison->on_greater);
}

int condition__run(const struct condition *condition, const struct record *record)
{
	const struct comparison *comparison = &comparisons[condition->plain.op];
	struct value value;
	int r = record__get(record, condition->plain.field, &value);

	if (r < 0)
		return r;
	if (value.type != condition->plain.value.type)
		return -EINVAL;
	if (condition->pattern) {
		r = pattern__match(condition->pattern, value.bytes.len ? value.bytes.data : "",
				   value.bytes.len);
		return r < 0 ? r : (r != 0) != comparison->is_negated;
	}
	for (uint32_t i = 0; i < condition->value_count; i++)
		if (holds(comparison, &value, &condition->values[i]))
			return !comparison->is_negated;
	return comparison->is_negated;
}
