/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/pattern.h"
#include "base/str.h"
#include "config/ebpf_exporter/convert.h"

int start_table(struct writer *writer, const struct extra_text *extra, struct table *table)
{
	int r;

	table->map = text_or(&extra->map, table->name);
	r = convert_labels(writer, table);
	return r < 0 ? r : convert_condition(writer, &extra->condition, &table->condition);
}

/* ---- value ----------------------------------------------------------------------------------- */

static int check_place(struct writer *writer, const struct place_text *place,
		       const struct metric_spec *metric)
{
	bool is_size = place->size == 1 || place->size == 2 || place->size == 4 || place->size == 8;

	if (place->size != 0 && !is_size)
		return err_list__set(writer->errors, -EINVAL, &place->at,
				     "'size' of a value is %u; it must be 1, 2, 4 or 8",
				     place->size);
	if (metric->value == VALUE_KIND_SLOTS && place->size != 0 && place->size != 8)
		return err_list__set(writer->errors, -EINVAL, &place->at,
				     "buckets in the value have 8 bytes each; 'size' is %u",
				     place->size);
	if (place->is_signed && metric->kind != METRIC_KIND_GAUGE)
		return err_list__set(writer->errors, -EINVAL, &place->at,
				     "only the value of a gauge can be 'signed'");
	return 0;
}

/* By place, or by the name of a member, which complete() looks up. */
static int convert_value(struct writer *writer, const struct node *node, struct metric_spec *metric)
{
	/* Upstream does not look at it at all, so nothing in it has to be forgiven. */
	struct binder binder = { .arena = writer->arena,
				 .errors = writer->errors,
				 .is_strict = true };
	struct place_text place = { .size = 0 };
	int r;

	if (!node)
		return 0;
	if (node->kind == NODE_SCALAR && node->text[0] != '\0') {
		metric->value_field = node->text;
		metric->cell.at = node->at;
		return 0;
	}
	if (node->kind != NODE_MAP)
		return err_list__set(
			writer->errors, -EINVAL, &node->at,
			"'value' is %s; it must be the name of a member, or {offset:, size:, signed:}",
			node__describe(node));
	r = binder__run(&binder, node, &place_text_type, &place);
	if (r == 0)
		r = check_place(writer, &place, metric);
	metric->cell = (struct cell_spec){
		.at = place.at,
		.offset = place.offset,
		.size = place.size ? place.size : 8,
		.is_signed = place.is_signed,
	};
	return r;
}

/* ---- when ------------------------------------------------------------------------------------ */

static bool compares_numbers(enum match_op op)
{
	return op == MATCH_OP_LESS || op == MATCH_OP_LESS_EQUAL || op == MATCH_OP_GREATER ||
	       op == MATCH_OP_GREATER_EQUAL;
}

static bool takes_list(enum match_op op)
{
	return op == MATCH_OP_IN || op == MATCH_OP_NOT_IN;
}

/* One text, or a list of them where the comparison takes one. */
static int convert_when_values(struct writer *writer, const struct node *node,
			       struct when_spec *when)
{
	const struct node *const *nodes = node && node->kind == NODE_LIST ? node->items : &node;
	uint32_t count = node && node->kind == NODE_LIST ? node->count : 1;
	struct spec_text *values = arena_array(writer->arena, struct spec_text, count);

	if (!values)
		return -ENOMEM;
	if (!node)
		return err_list__set(writer->errors, -EINVAL, &when->at,
				     "'value' is empty; write what to compare with");
	if (node->kind == NODE_LIST && !takes_list(when->op))
		return err_list__set(writer->errors, -EINVAL, &node->at,
				     "'value' is a list; only op 'in' and 'not in' take one");
	for (uint32_t i = 0; i < count; i++) {
		if (nodes[i]->kind != NODE_SCALAR || strlen(nodes[i]->text) != nodes[i]->text_len)
			return err_list__set(writer->errors, -EINVAL, &nodes[i]->at,
					     "a value to compare with is %s; it must be text",
					     nodes[i]->kind == NODE_SCALAR
						     ? "text with a NUL byte"
						     : node__describe(nodes[i]));
		values[i] = (struct spec_text){ .text = nodes[i]->text, .at = nodes[i]->at };
	}
	when->values = values;
	when->value_count = count;
	return 0;
}

static int check_number(struct writer *writer, const struct table *table,
			const struct when_spec *when)
{
	uint32_t size = table->fields[when->label->field].size;
	const struct spec_text *value = &when->values[0];
	uint64_t u64;
	int64_t s64;
	int r;

	if (size != 1 && size != 2 && size != 4 && size != 8)
		return err_list__set(
			writer->errors, -EINVAL, &when->at,
			"label '%s' has %u bytes; only numbers of 1, 2, 4 or 8 can be compared so",
			when->field, size);
	r = when->is_signed ? num_parse_i64_go(value->text, strlen(value->text), &s64)
			    : num_parse_u64_go(value->text, strlen(value->text), &u64);
	if (r < 0)
		return err_list__set(writer->errors, -EINVAL, &value->at,
				     "\"%.64s\" is no whole number%s", value->text,
				     when->is_signed ? "" : " from 0; signed: true takes others");
	return 0;
}

static int check_pattern(struct writer *writer, const struct spec_text *text)
{
	struct pattern *pattern = NULL;
	struct err err = ERR_INIT;
	int r = pattern__compile(text->text, &text->at, &pattern, &err);

	if (r < 0)
		err_list__add(writer->errors, &err);
	err__done(&err);
	pattern__free(pattern);
	return r;
}

static int check_when(struct writer *writer, const struct table *table,
		      const struct when_spec *when)
{
	if (compares_numbers(when->op))
		return check_number(writer, table, when);
	if (when->is_signed)
		return err_list__set(writer->errors, -EINVAL, &when->at,
				     "'signed' is for <, <=, > and >=, which compare numbers");
	if (when->op == MATCH_OP_REGEXP || when->op == MATCH_OP_NOT_REGEXP)
		return check_pattern(writer, &when->values[0]);
	return 0;
}

static const struct label_spec *find_label(const struct table *table, const char *name)
{
	for (uint32_t i = 0; i < table->labels->count; i++)
		if (str_eq(table->label_specs[i].name, name))
			return &table->label_specs[i];
	return NULL;
}

static int convert_when(struct writer *writer, const struct when_text *text,
			const struct table *table, const struct metric_spec *metric,
			struct when_spec *ret_when)
{
	const struct label_spec *label = find_label(table, text->label.text);
	int r;

	if (!label)
		return err_list__set(writer->errors, -ENOENT, &text->label.at,
				     "'when' asks for label '%.64s', which '%s' does not have",
				     text->label.text, table->name);
	if (metric->value == VALUE_KIND_KEY_BUCKET && label->field == table->labels->count - 1)
		return err_list__set(writer->errors, -EINVAL, &text->label.at,
				     "label '%s' is the bucket; 'when' cannot take some of them",
				     label->name);
	*ret_when = (struct when_spec){
		.at = text->at,
		.field = label->name,
		.label = label,
		.op = (enum match_op)text->op,
		.is_signed = text->is_signed,
	};
	r = convert_when_values(writer, text->value, ret_when);
	return r < 0 ? r : check_when(writer, table, ret_when);
}

static int convert_whens(struct writer *writer, const struct bind_list *list,
			 const struct table *table, struct metric_spec *metric)
{
	const struct when_text *texts = list->items;
	struct when_spec *whens = arena_array(writer->arena, struct when_spec, list->count);
	int first = 0;

	if (!whens)
		return -ENOMEM;
	for (uint32_t i = 0; i < list->count && first != -ENOMEM; i++) {
		int r = convert_when(writer, &texts[i], table, metric, &whens[i]);

		if (first == 0 || r == -ENOMEM)
			first = r;
	}
	metric->when = whens;
	metric->when_count = list->count;
	return first;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* As OpenMetrics writes it, behind "# UNIT". */
static bool is_unit(const char *text)
{
	return text[strspn(text,
			   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] ==
	       '\0';
}

static int check_bounds(struct writer *writer, const struct extra_text *extra,
			const struct table *table)
{
	const char *unit = text_or(&extra->unit, "");

	if (extra->limit < 0)
		return err_list__set(writer->errors, -EINVAL, &table->at,
				     "'limit' of '%s' is %lld; it must be 0 (the default) or more",
				     table->name, (long long)extra->limit);
	if (extra->ttl < 0)
		return err_list__set(writer->errors, -EINVAL, &table->at,
				     "'ttl' of '%s' is negative; it must be 0 (for ever) or more",
				     table->name);
	if (!is_unit(unit))
		return err_list__set(
			writer->errors, -EINVAL, &extra->unit.at,
			"'unit' is \"%.64s\"; use letters, digits and _, such as seconds", unit);
	return 0;
}

static int convert_overflow(struct writer *writer, const struct spec_text *overflow,
			    const struct metric_spec *metric)
{
	const char *map = text_or(overflow, NULL);

	if (map && metric->kind == METRIC_KIND_GAUGE)
		return err_list__set(writer->errors, -EINVAL, &overflow->at,
				     "'overflow' is for what is added to; a gauge is set");
	writer->streams[metric->stream].overflow_map = map;
	return 0;
}

int convert_extra(struct writer *writer, const struct extra_text *extra, const struct table *table,
		  struct metric_spec *metric)
{
	int results[4];

	metric->unit = text_or(&extra->unit, NULL);
	metric->limit = extra->limit > 0 ? (uint64_t)extra->limit : 0;
	metric->ttl_ns = extra->ttl;
	metric->skips_zeros = extra->skip_zeros;
	results[0] = check_bounds(writer, extra, table);
	results[1] = convert_value(writer, extra->value, metric);
	results[2] = convert_whens(writer, &extra->when, table, metric);
	results[3] = convert_overflow(writer, &extra->overflow, metric);
	for (size_t i = 0; i < array_size(results); i++)
		if (results[i] < 0)
			return results[i];
	return 0;
}
