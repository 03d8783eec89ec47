/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/event_filter.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "filter/condition.h"
#include "filter/expression.h"
#include "filter/field_name.h"

/* What ends the name of a field. */
#define OPERATOR_BYTES "!~<>="

struct event_filter {
	struct arena arena;             /* owned; texts and lists of the conditions */
	struct condition *conditions;   /* arena; what they own is given back one by one */
	struct filter_condition *plain; /* arena; the same without IN and NOT_IN */
	uint32_t condition_count, plain_count;
	struct expression *expression; /* owned or NULL */
};

static int no_memory(const struct loc *at, struct err *err)
{
	return err__set(err, -ENOMEM, at, "no memory for a filter");
}

struct event_filter *event_filter__free(struct event_filter *filter)
{
	if (!filter)
		return NULL;
	for (uint32_t i = 0; i < filter->condition_count; i++)
		condition__done(&filter->conditions[i]);
	expression__free(filter->expression);
	arena__done(&filter->arena);
	free(filter);
	return NULL;
}

static void event_filter_freep(struct event_filter **filter)
{
	*filter = event_filter__free(*filter);
}

/* Room for so many conditions. */
static struct event_filter *event_filter_new(uint32_t count)
{
	struct event_filter *filter = new_zero(struct event_filter);

	if (!filter)
		return NULL;
	filter->conditions = arena_array(&filter->arena, struct condition, (size_t)count + 1);
	filter->plain = arena_array(&filter->arena, struct filter_condition, (size_t)count + 1);
	return filter->conditions && filter->plain ? filter : event_filter__free(filter);
}

static void add(struct event_filter *filter, const struct condition *condition)
{
	bool is_list = condition->plain.op == MATCH_OP_IN || condition->plain.op == MATCH_OP_NOT_IN;

	filter->conditions[filter->condition_count++] = *condition;
	if (!is_list)
		filter->plain[filter->plain_count++] = condition->plain;
}

/* ---- conditions as flags write them --------------------------------------------------------- */

/* One condition of the text; without its escapes. */
struct part {
	char *text;    /* owned by whoever cuts */
	struct loc at; /* of its first byte */
	size_t name_len;
	enum match_op op;
	const char *value;
};

/* Longer ones first. */
static const struct {
	const char *text;
	enum match_op op;
} operators[] = {
	{ "==", MATCH_OP_EQUAL },         { "!=", MATCH_OP_NOT_EQUAL },
	{ ">=", MATCH_OP_GREATER_EQUAL }, { "<=", MATCH_OP_LESS_EQUAL },
	{ "!~", MATCH_OP_NOT_REGEXP },    { "=", MATCH_OP_EQUAL },
	{ ">", MATCH_OP_GREATER },        { "<", MATCH_OP_LESS },
	{ "~", MATCH_OP_REGEXP },
};

static bool is_escaped_comma(const char *text)
{
	return text[0] == '\\' && text[1] == ',';
}

/* Bytes up to the comma that ends the condition. */
static size_t part_length(const char *text)
{
	size_t len = 0;

	while (text[len] && text[len] != ',')
		len += is_escaped_comma(text + len) ? 2 : 1;
	return len;
}

static uint32_t count_parts(const char *text)
{
	uint32_t count = 1;

	for (text += part_length(text); *text; text += part_length(text)) {
		count++;
		text++;
	}
	return count;
}

static void copy_unescaped(char *to, const char *from, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		i += is_escaped_comma(from + i);
		*to++ = from[i];
	}
	*to = '\0';
}

/* Name, operator and value. Blanks around the name mean nothing. */
static int cut_part(struct part *part, struct err *err)
{
	const char *start = part->text + strspn(part->text, " ");
	size_t len = strcspn(start, OPERATOR_BYTES);
	const char *sign = start + len;
	struct loc at;

	part->at = loc_behind(&part->at, (size_t)(start - part->text));
	part->text = (char *)start;
	while (len > 0 && start[len - 1] == ' ')
		len--;
	part->name_len = len;
	at = loc_behind(&part->at, (size_t)(sign - start));
	if (*start == '\0')
		return err__set(err, -EINVAL, &part->at,
				"a condition is missing; write field OP value");
	for (size_t i = 0; i < array_size(operators); i++) {
		size_t sign_len = strlen(operators[i].text);

		if (strncmp(sign, operators[i].text, sign_len) != 0)
			continue;
		part->op = operators[i].op;
		part->value = sign + sign_len;
		return 0;
	}
	return err__set(err, -EINVAL, &at,
			"'%.64s' has no comparison; write field OP value, OP is one of "
			"== != > >= < <= ~ !~",
			start);
}

static int add_part(struct event_filter *filter, const struct schema *schema, struct part *part,
		    struct err *err)
{
	struct condition_text value;
	struct condition condition;
	uint32_t field;
	int r = cut_part(part, err);

	if (r == 0)
		r = field_name_find(schema, part->text, part->name_len, FIELD_CASE_EXACT, &part->at,
				    &field, err);
	if (r < 0)
		return r;
	value.text = part->value;
	value.at = loc_behind(&part->at, (size_t)(part->value - part->text));
	r = condition_make(&filter->arena, schema, field, part->op, &part->at, &value, 1,
			   &condition, err);
	if (r == 0)
		add(filter, &condition);
	return r;
}

static int check_text(const char *text, const struct loc *at, struct err *err)
{
	if (strlen(text) > EVENT_FILTER_MAX_BYTES)
		return err__set(err, -E2BIG, at, "a filter of %zu bytes; the most is %u",
				strlen(text), EVENT_FILTER_MAX_BYTES);
	return 0;
}

static int check_count(uint32_t count, const struct loc *at, struct err *err)
{
	if (count > EVENT_FILTER_MAX_CONDITIONS)
		return err__set(err, -E2BIG, at, "a filter of %u conditions; the most is %u", count,
				EVENT_FILTER_MAX_CONDITIONS);
	return 0;
}

int event_filter_parse(const char *text, const struct loc *at, const struct schema *schema,
		       struct event_filter **ret_filter, struct err *err)
{
	__cleanup(event_filter_freep) struct event_filter *filter = NULL;
	uint32_t count = *text ? count_parts(text) : 0;
	const char *from = text;
	int r = check_text(text, at, err);

	if (r == 0)
		r = check_count(count, at, err);
	if (r < 0)
		return r;
	filter = event_filter_new(count);
	if (!filter)
		return no_memory(at, err);
	for (uint32_t i = 0; i < count; i++) {
		size_t len = part_length(from);
		struct part part = { .text = arena__alloc(&filter->arena, len + 1),
				     .at = loc_behind(at, (size_t)(from - text)) };

		if (!part.text)
			return no_memory(at, err);
		copy_unescaped(part.text, from, len);
		r = add_part(filter, schema, &part, err);
		if (r < 0)
			return r;
		from += len + 1;
	}
	*ret_filter = take_ptr(filter);
	return 0;
}

/* ---- conditions of specs -------------------------------------------------------------------- */

static int add_spec(struct event_filter *filter, const struct schema *schema,
		    const struct when_spec *spec, struct err *err)
{
	struct condition_text *values = arena_array(&filter->arena, struct condition_text,
						    (size_t)spec->value_count + 1);
	struct condition condition;
	uint32_t field;
	int r;

	if (!values)
		return no_memory(&spec->at, err);
	r = field_name_find(schema, spec->field, strlen(spec->field), FIELD_CASE_ANY, &spec->at,
			    &field, err);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < spec->value_count; i++)
		values[i] = (struct condition_text){ spec->values[i].text, spec->values[i].at };
	r = condition_make(&filter->arena, schema, field, spec->op, &spec->at, values,
			   spec->value_count, &condition, err);
	if (r == 0)
		add(filter, &condition);
	return r;
}

int event_filter_bind(const struct when_spec *conditions, uint32_t count,
		      const struct schema *schema, struct event_filter **ret_filter,
		      struct err *err)
{
	__cleanup(event_filter_freep) struct event_filter *filter = NULL;
	int r = check_count(count, count ? &conditions->at : NULL, err);

	if (r < 0)
		return r;
	filter = event_filter_new(count);
	if (!filter)
		return no_memory(NULL, err);
	for (uint32_t i = 0; i < count; i++) {
		r = add_spec(filter, schema, &conditions[i], err);
		if (r < 0)
			return r;
	}
	*ret_filter = take_ptr(filter);
	return 0;
}

/* ---- expressions ---------------------------------------------------------------------------- */

int event_filter_parse_expression(const char *text, const struct loc *at,
				  const struct schema *schema, struct event_filter **ret_filter,
				  struct err *err)
{
	__cleanup(event_filter_freep) struct event_filter *filter = NULL;
	int r = check_text(text, at, err);

	if (r < 0)
		return r;
	filter = event_filter_new(0);
	if (!filter)
		return no_memory(at, err);
	r = expression_compile(text, at, schema, &filter->expression, err);
	if (r < 0)
		return r;
	*ret_filter = take_ptr(filter);
	return 0;
}

/* ---- asking --------------------------------------------------------------------------------- */

int event_filter__match(struct event_filter *filter, const struct record *record)
{
	for (uint32_t i = 0; i < filter->condition_count; i++) {
		int r = condition__run(&filter->conditions[i], record);

		if (r <= 0)
			return r;
	}
	return filter->expression ? expression__run(filter->expression, record) : 1;
}

const struct filter_condition *event_filter__conditions(const struct event_filter *filter,
							uint32_t *ret_count, bool *ret_is_whole)
{
	if (filter->expression)
		return expression__conditions(filter->expression, ret_count, ret_is_whole);
	*ret_count = filter->plain_count;
	*ret_is_whole = filter->plain_count == filter->condition_count;
	return filter->plain;
}

bool event_filter__reads(const struct event_filter *filter, uint32_t field)
{
	for (uint32_t i = 0; i < filter->condition_count; i++)
		if (filter->conditions[i].plain.field == field)
			return true;
	return filter->expression && expression__reads(filter->expression, field);
}
