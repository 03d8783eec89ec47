/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ir.h"

#include <errno.h>
#include <string.h>

#define NUMBER_BYTES 8u

static uint32_t round_up(uint32_t size)
{
	return (size + NUMBER_BYTES - 1) & ~(NUMBER_BYTES - 1);
}

static bool is_integer_size(uint32_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static int check_field(const struct aggregate *aggregate, const struct aggregate_field *field,
		       const char *what, uint32_t index, struct err *err)
{
	if (field->size == 0 || field->size > aggregate->record_size ||
	    field->offset > aggregate->record_size - field->size)
		return err__set(err, -EINVAL, NULL,
				"%s %u: %u bytes at %u are not in a record of %u", what, index,
				field->size, field->offset, aggregate->record_size);
	if (field->offset + field->size > AGGREGATE_OFFSET_MAX)
		return err__set(err, -E2BIG, NULL,
				"%s %u: byte %u is too far behind; at most %d can be read", what,
				index, field->offset + field->size, AGGREGATE_OFFSET_MAX);
	if (field->type == AGGREGATE_TYPE_INTEGER && !is_integer_size(field->size))
		return err__set(err, -EINVAL, NULL,
				"%s %u: an integer of %u bytes; 1, 2, 4 or 8 can be read", what,
				index, field->size);
	return 0;
}

static int check_condition(const struct aggregate *aggregate, uint32_t index, struct err *err)
{
	const struct aggregate_condition *condition = &aggregate->conditions[index];
	const struct aggregate_field *field = &condition->field;
	int r = check_field(aggregate, field, "condition", index, err);

	if (r < 0 || field->type == AGGREGATE_TYPE_INTEGER)
		return r;
	if (condition->op >= AGGREGATE_OP_LESS)
		return err__set(err, -EINVAL, NULL, "condition %u: only integers have an order",
				index);
	if (condition->text_len > field->size || (condition->text_len > 0 && !condition->text))
		return err__set(err, -EINVAL, NULL, "condition %u: %u bytes do not fit into %u",
				index, condition->text_len, field->size);
	if (field->type == AGGREGATE_TYPE_BYTES && condition->text_len != field->size)
		return err__set(err, -EINVAL, NULL, "condition %u: %u bytes are compared with %u",
				index, condition->text_len, field->size);
	if (field->type == AGGREGATE_TYPE_STRING && condition->text_len > 0 &&
	    memchr(condition->text, '\0', condition->text_len))
		return err__set(err, -EINVAL, NULL, "condition %u: a NUL in a text", index);
	return 0;
}

static int check_conditions(const struct aggregate *aggregate, struct err *err)
{
	int r = 0;

	if (aggregate->condition_count > AGGREGATE_CONDITIONS_MAX)
		return err__set(err, -E2BIG, NULL, "%u conditions; at most %d are possible",
				aggregate->condition_count, AGGREGATE_CONDITIONS_MAX);
	for (uint32_t i = 0; r == 0 && i < aggregate->condition_count; i++)
		r = check_condition(aggregate, i, err);
	return r;
}

static int check_boundaries(const struct aggregate_value *value, struct err *err)
{
	if (!value->boundaries || value->boundary_count == 0 ||
	    value->slot_count != value->boundary_count + 1)
		return err__set(err, -EINVAL, NULL, "%u boundaries make %u slots, not %u",
				value->boundary_count, value->boundary_count + 1,
				value->slot_count);
	if (!value->field.is_signed && value->boundaries[0] < 0)
		return err__set(err, -EINVAL, NULL, "a negative boundary of an unsigned field");
	for (uint32_t i = 1; i < value->boundary_count; i++)
		if (value->boundaries[i] <= value->boundaries[i - 1])
			return err__set(err, -EINVAL, NULL,
					"boundary %u is not above the one before", i);
	return 0;
}

static int check_value(const struct aggregate *aggregate, struct err *err)
{
	const struct aggregate_value *value = &aggregate->value;
	int r;

	if (value->kind == AGGREGATE_KIND_COUNT)
		return 0;
	r = check_field(aggregate, &value->field, "value", 0, err);
	if (r < 0)
		return r;
	if (value->field.type != AGGREGATE_TYPE_INTEGER)
		return err__set(err, -EINVAL, NULL, "value: it is no integer");
	if (value->kind != AGGREGATE_KIND_SLOTS)
		return 0;
	if (value->slot_count == 0 || value->slot_count > AGGREGATE_SLOTS_MAX)
		return err__set(err, -E2BIG, NULL, "value: %u slots; 1 to %d are possible",
				value->slot_count, AGGREGATE_SLOTS_MAX);
	return value->slots == AGGREGATE_SLOTS_LIST ? check_boundaries(value, err) : 0;
}

static int lay_out_key(const struct aggregate *aggregate, struct aggregate_layout *layout,
		       struct err *err)
{
	if (aggregate->key_count > AGGREGATE_KEYS_MAX)
		return err__set(err, -E2BIG, NULL, "%u fields in a key; at most %d are possible",
				aggregate->key_count, AGGREGATE_KEYS_MAX);
	for (uint32_t i = 0; i < aggregate->key_count; i++) {
		const struct aggregate_key *key = &aggregate->keys[i];
		bool is_slot = key->transform == AGGREGATE_TRANSFORM_SLOT;
		int r = check_field(aggregate, &key->field, "key", i, err);

		if (r < 0)
			return r;
		if (is_slot && key->field.type != AGGREGATE_TYPE_INTEGER)
			return err__set(err, -EINVAL, NULL, "key %u: only integers have slots", i);
		layout->keys[i] = (struct aggregate_place){
			.offset = layout->key_size,
			.size = is_slot ? NUMBER_BYTES : key->field.size,
		};
		layout->key_size += round_up(layout->keys[i].size);
		if (layout->key_size > AGGREGATE_KEY_BYTES_MAX)
			return err__set(err, -E2BIG, NULL,
					"key %u: the key has more than %d bytes with it", i,
					AGGREGATE_KEY_BYTES_MAX);
	}
	if (layout->key_size == 0)
		layout->key_size = NUMBER_BYTES;
	return 0;
}

static void lay_out_value(const struct aggregate_value *value, struct aggregate_layout *layout)
{
	layout->value_size = NUMBER_BYTES;
	if (value->kind == AGGREGATE_KIND_COUNT)
		return;
	layout->number_offset = layout->value_size;
	layout->value_size += NUMBER_BYTES;
	if (value->kind != AGGREGATE_KIND_SLOTS)
		return;
	layout->slots_offset = layout->value_size;
	layout->slot_count = value->slot_count;
	layout->value_size += value->slot_count * NUMBER_BYTES;
}

static void need(struct aggregate_layout *layout, const struct aggregate_field *field)
{
	if (field->offset + field->size > layout->needed_bytes)
		layout->needed_bytes = field->offset + field->size;
}

static void find_needed(const struct aggregate *aggregate, struct aggregate_layout *layout)
{
	for (uint32_t i = 0; i < aggregate->condition_count; i++)
		need(layout, &aggregate->conditions[i].field);
	for (uint32_t i = 0; i < aggregate->key_count; i++)
		need(layout, &aggregate->keys[i].field);
	if (aggregate->value.kind != AGGREGATE_KIND_COUNT)
		need(layout, &aggregate->value.field);
}

int aggregate__layout(const struct aggregate *aggregate, struct aggregate_layout *ret_layout,
		      struct err *err)
{
	struct aggregate_layout layout = { .key_size = 0 };
	int r;

	if (aggregate->record_size == 0 || aggregate->record_size > AGGREGATE_RECORD_MAX)
		return err__set(err, -EINVAL, NULL, "a record of %u bytes; 1 to %u are possible",
				aggregate->record_size, AGGREGATE_RECORD_MAX);
	if (aggregate->max_keys == 0)
		return err__set(err, -EINVAL, NULL, "there is room for no key");
	r = check_conditions(aggregate, err);
	if (r == 0)
		r = check_value(aggregate, err);
	if (r == 0)
		r = lay_out_key(aggregate, &layout, err);
	if (r < 0)
		return r;
	lay_out_value(&aggregate->value, &layout);
	find_needed(aggregate, &layout);
	*ret_layout = layout;
	return 0;
}
