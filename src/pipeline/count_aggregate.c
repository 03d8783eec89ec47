/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A metric of events in the words of ir/: what the kernel counts by, and the interpreter where it does not.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "filter/event_filter.h"
#include "pipeline/count.h"
#include "pipeline/stream.h"

struct count_aggregate *count_aggregate__new(void)
{
	return new_zero(struct count_aggregate);
}

struct count_aggregate *count_aggregate__free(struct count_aggregate *aggregate)
{
	if (!aggregate)
		return NULL;
	free(aggregate->boundaries);
	free(aggregate->is_repeated);
	free(aggregate);
	return NULL;
}

/* ---- conditions ------------------------------------------------------------------------------------- */

static const struct {
	enum match_op op;
	enum aggregate_op is;
	bool is_of_numbers;
} ops[] = {
	{ MATCH_OP_EQUAL, AGGREGATE_OP_EQUAL, false },
	{ MATCH_OP_NOT_EQUAL, AGGREGATE_OP_NOT_EQUAL, false },
	{ MATCH_OP_LESS, AGGREGATE_OP_LESS, true },
	{ MATCH_OP_LESS_EQUAL, AGGREGATE_OP_LESS_EQUAL, true },
	{ MATCH_OP_GREATER, AGGREGATE_OP_GREATER, true },
	{ MATCH_OP_GREATER_EQUAL, AGGREGATE_OP_GREATER_EQUAL, true },
};

static bool is_integer(enum field_type type)
{
	return (type >= FIELD_TYPE_U8 && type <= FIELD_TYPE_S64) || type == FIELD_TYPE_BOOL;
}

static bool is_signed(enum field_type type)
{
	return type >= FIELD_TYPE_S8 && type <= FIELD_TYPE_S64;
}

/* A number that the field cannot have is nothing to compare its bytes with. */
static bool fits(uint64_t number, const struct field *field)
{
	unsigned int shift = 64 - 8 * field->size;

	if (is_signed(field->type))
		return (uint64_t)((int64_t)(number << shift) >> shift) == number;
	return number << shift >> shift == number;
}

static bool set_number(struct aggregate_condition *condition, const struct field *field,
		       const struct filter_condition *from)
{
	if (!is_integer(field->type) || field->size == 0 || field->size > sizeof(uint64_t) ||
	    (from->value.type != FIELD_TYPE_U64 && from->value.type != FIELD_TYPE_S64 &&
	     from->value.type != FIELD_TYPE_BOOL) ||
	    !fits(from->value.u64, field))
		return false;
	condition->field.type = AGGREGATE_TYPE_INTEGER;
	condition->field.is_signed = is_signed(field->type);
	condition->number = from->value.u64;
	return true;
}

static bool set_text(struct aggregate_condition *condition, const struct field *field,
		     const struct filter_condition *from)
{
	if (field->type != FIELD_TYPE_STRING || from->value.type != FIELD_TYPE_STRING ||
	    from->value.bytes.len > field->size ||
	    (from->value.bytes.len > 0 && memchr(from->value.bytes.data, 0, from->value.bytes.len)))
		return false;
	condition->field.type = AGGREGATE_TYPE_STRING;
	condition->text = from->value.bytes.data;
	condition->text_len = (uint32_t)from->value.bytes.len;
	return true;
}

static bool add_condition(struct count_aggregate *aggregate, const struct schema *schema,
			  const struct filter_condition *from)
{
	const struct field *field = &schema->fields[from->field];
	struct aggregate_condition condition = { .field = { .offset = field->offset,
							    .size = field->size } };
	bool is_text = field->type == FIELD_TYPE_STRING, is_known = false;

	if (field->flags & (FIELD_DERIVED | FIELD_FLEXIBLE | FIELD_BIG_ENDIAN) ||
	    field->count > 1 || aggregate->aggregate.condition_count == AGGREGATE_CONDITIONS_MAX)
		return false;
	for (size_t i = 0; i < array_size(ops); i++) {
		if (ops[i].op != from->op || (ops[i].is_of_numbers && is_text))
			continue;
		condition.op = ops[i].is;
		is_known = true;
	}
	if (!is_known ||
	    !(is_text ? set_text(&condition, field, from) : set_number(&condition, field, from)))
		return false;
	aggregate->conditions[aggregate->aggregate.condition_count++] = condition;
	return true;
}

bool count_aggregate__add_conditions(struct count_aggregate *aggregate, const struct schema *schema,
				     const struct filter_condition *conditions, uint32_t count)
{
	uint32_t before = aggregate->aggregate.condition_count;

	for (uint32_t i = 0; i < count; i++)
		if (!add_condition(aggregate, schema, &conditions[i])) {
			aggregate->aggregate.condition_count = before;
			return false;
		}
	return true;
}

/* ---- keys ------------------------------------------------------------------------------------------- */

static int set_keys(struct count_aggregate *aggregate, const struct count *count, struct err *err)
{
	if (count->piece_count > AGGREGATE_KEYS_MAX)
		return err__set(err, -E2BIG, NULL,
				"labels and conditions need %u fields; a key has at most %d",
				count->piece_count, AGGREGATE_KEYS_MAX);
	for (uint32_t i = 0; i < count->piece_count; i++) {
		const struct count_piece *piece = &count->pieces[i];

		aggregate->keys[i] = (struct aggregate_key){
			.field = { .type = piece->is_text     ? AGGREGATE_TYPE_STRING
					   : piece->is_number ? AGGREGATE_TYPE_INTEGER
							      : AGGREGATE_TYPE_BYTES,
				   .offset = piece->from,
				   .size = piece->size,
				   .is_signed = piece->is_signed },
		};
	}
	return 0;
}

/* ---- the value -------------------------------------------------------------------------------------- */

static bool is_power_of_two_from_one(const struct bucket_spec *bucket)
{
	return bucket->kind == BUCKET_KIND_EXP2 && bucket->min == 0;
}

static int64_t whole_bound(const struct bucket_spec *bucket, uint32_t i)
{
	double bound = (double)(bucket->min + i);

	if (bucket->kind == BUCKET_KIND_FIXED)
		bound = bucket->keys[i];
	else if (bucket->kind == BUCKET_KIND_EXP2)
		bound = exp2(bound);
	bound = floor(bound);
	if (bound >= 0x1p63)
		return INT64_MAX;
	return bound <= -0x1p63 ? INT64_MIN : (int64_t)bound;
}

/* The bounds that people see, as numbers of the field: of what is between two whole numbers the lower one counts. */
static int set_boundaries(struct count_aggregate *aggregate, const struct bucket_spec *bucket)
{
	struct aggregate_value *value = &aggregate->aggregate.value;
	uint32_t count = bucket->kind == BUCKET_KIND_FIXED ? bucket->key_count
							   : (uint32_t)(bucket->max - bucket->min);

	aggregate->boundaries = new_array(int64_t, (size_t)count + 1);
	aggregate->is_repeated = new_array(bool, (size_t)count + 1);
	if (!aggregate->boundaries || !aggregate->is_repeated)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		int64_t bound = whole_bound(bucket, i);

		aggregate->is_repeated[i] = i > 0 && bound == whole_bound(bucket, i - 1);
		if (!aggregate->is_repeated[i])
			aggregate->boundaries[value->boundary_count++] = bound;
	}
	value->boundaries = aggregate->boundaries;
	return 0;
}

static int set_slots(struct count_aggregate *aggregate, const struct metric_spec *metric)
{
	struct aggregate_value *value = &aggregate->aggregate.value;
	int r;

	value->kind = AGGREGATE_KIND_SLOTS;
	if (is_power_of_two_from_one(&metric->bucket)) {
		value->slots = AGGREGATE_SLOTS_CEIL;
		value->slot_count = (uint32_t)metric->bucket.max + 1;
		return 0;
	}
	value->slots = AGGREGATE_SLOTS_LIST;
	r = set_boundaries(aggregate, &metric->bucket);
	value->slot_count = value->boundary_count + 1;
	return r;
}

static int set_value(struct count_aggregate *aggregate, const struct metric_spec *metric)
{
	struct aggregate_value *value = &aggregate->aggregate.value;

	value->field = (struct aggregate_field){
		.type = AGGREGATE_TYPE_INTEGER,
		.offset = metric->cell.offset,
		.size = metric->cell.size,
		.is_signed = metric->cell.is_signed,
	};
	switch (metric->value) {
	case VALUE_KIND_OBSERVATION:
		return set_slots(aggregate, metric);
	case VALUE_KIND_FIELD:
		value->kind = metric->kind == METRIC_KIND_GAUGE ? AGGREGATE_KIND_LAST
								: AGGREGATE_KIND_SUM;
		return 0;
	case VALUE_KIND_ROW_COUNT:
	case VALUE_KIND_KEY_BUCKET:
	case VALUE_KIND_SLOTS:
		break;
	}
	*value = (struct aggregate_value){ .kind = AGGREGATE_KIND_COUNT };
	return 0;
}

int count_aggregate__finish(struct count_aggregate *aggregate, struct count *count, struct err *err)
{
	uint64_t limit = count->metric->limit;
	int r = set_value(aggregate, count->metric);

	if (r < 0)
		return err__set(err, r, NULL, "no memory for metric '%s'", count->metric->name);
	aggregate->aggregate.record_size = stream__schema(count->stream)->size;
	aggregate->aggregate.conditions = aggregate->conditions;
	/* Several keys may be one series, so there may always be more of them. */
	aggregate->aggregate.max_keys = limit <= COUNT_MIN_KEYS  ? COUNT_MIN_KEYS
					: limit < COUNT_MAX_KEYS ? (uint32_t)limit
								 : COUNT_MAX_KEYS;
	if (aggregate->has_layout) {
		r = set_keys(aggregate, count, err);
		aggregate->aggregate.keys = aggregate->keys;
		aggregate->aggregate.key_count = count->piece_count;
	}
	if (r == 0)
		r = aggregate__layout(&aggregate->aggregate, &aggregate->layout, err);
	if (r < 0 || !aggregate->has_layout)
		return r;
	for (uint32_t i = 0; i < count->piece_count; i++)
		count->pieces[i].to = aggregate->layout.keys[i].offset;
	count->key_size = aggregate->layout.key_size;
	return 0;
}
