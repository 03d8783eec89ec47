/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/interpret.h"

#include <errno.h>
#include <string.h>

/* In the machine's order; sign-extended when it has a sign. */
static uint64_t read_integer(const struct aggregate_field *field, const uint8_t *record)
{
	const uint8_t *bytes = record + field->offset;
	uint16_t half;
	uint32_t word;
	uint64_t wide;

	switch (field->size) {
	case 1:
		return field->is_signed ? (uint64_t)(int64_t)(int8_t)*bytes : *bytes;
	case 2:
		memcpy(&half, bytes, sizeof(half));
		return field->is_signed ? (uint64_t)(int64_t)(int16_t)half : half;
	case 4:
		memcpy(&word, bytes, sizeof(word));
		return field->is_signed ? (uint64_t)(int64_t)(int32_t)word : word;
	default:
		memcpy(&wide, bytes, sizeof(wide));
		return wide;
	}
}

/* ---- conditions ---- */

static bool is_below(bool is_signed, uint64_t a, uint64_t b)
{
	return is_signed ? (int64_t)a < (int64_t)b : a < b;
}

static bool compare_numbers(const struct aggregate_condition *condition, uint64_t number)
{
	bool is_signed = condition->field.is_signed;

	switch (condition->op) {
	case AGGREGATE_OP_EQUAL:
		return number == condition->number;
	case AGGREGATE_OP_NOT_EQUAL:
		return number != condition->number;
	case AGGREGATE_OP_LESS:
		return is_below(is_signed, number, condition->number);
	case AGGREGATE_OP_LESS_EQUAL:
		return !is_below(is_signed, condition->number, number);
	case AGGREGATE_OP_GREATER:
		return is_below(is_signed, condition->number, number);
	case AGGREGATE_OP_GREATER_EQUAL:
		return !is_below(is_signed, number, condition->number);
	}
	return false;
}

static bool equals_text(const struct aggregate_condition *condition, const uint8_t *record)
{
	const uint8_t *bytes = record + condition->field.offset;
	uint32_t len = condition->text_len;

	if (len > 0 && memcmp(bytes, condition->text, len) != 0)
		return false;
	return len == condition->field.size || bytes[len] == '\0';
}

static bool holds(const struct aggregate_condition *condition, const uint8_t *record)
{
	if (condition->field.type == AGGREGATE_TYPE_INTEGER)
		return compare_numbers(condition, read_integer(&condition->field, record));
	return equals_text(condition, record) == (condition->op == AGGREGATE_OP_EQUAL);
}

/* ---- slots ---- */

static uint32_t bit_length(uint64_t number)
{
	return number == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(number);
}

static uint32_t slot_of_list(const struct aggregate_value *value, uint64_t number)
{
	uint32_t slot = 0;

	while (slot < value->boundary_count &&
	       is_below(value->field.is_signed, (uint64_t)value->boundaries[slot], number))
		slot++;
	return slot;
}

uint32_t aggregate_value__slot(const struct aggregate_value *value, uint64_t number)
{
	uint32_t slot;

	if (value->slots == AGGREGATE_SLOTS_LIST)
		return slot_of_list(value, number);
	if (value->field.is_signed && (int64_t)number < 0)
		return 0;
	if (value->slots == AGGREGATE_SLOTS_FLOOR)
		number >>= 1;
	slot = bit_length(number);
	return slot < value->slot_count ? slot : value->slot_count - 1;
}

/* ---- keys ---- */

static void add_key(const struct aggregate_key *key, const struct aggregate_place *place,
		    const uint8_t *record, uint8_t *bytes)
{
	const uint8_t *from = record + key->field.offset;
	size_t len = key->field.size;
	uint64_t number;

	if (key->transform == AGGREGATE_TRANSFORM_SLOT) {
		number = read_integer(&key->field, record);
		number = key->field.is_signed && (int64_t)number < 0 ? 0 : bit_length(number);
		memcpy(bytes + place->offset, &number, sizeof(number));
		return;
	}
	if (key->field.type == AGGREGATE_TYPE_STRING)
		len = strnlen((const char *)from, len);
	memcpy(bytes + place->offset, from, len);
}

/* ---- a record ---- */

int aggregate__run(const struct aggregate *aggregate, const struct aggregate_layout *layout,
		   const uint8_t *record, size_t len, uint8_t *ret_key,
		   struct aggregate_sample *ret_sample)
{
	const struct aggregate_value *value = &aggregate->value;
	struct aggregate_sample sample = { .number = 0 };

	if (len < layout->needed_bytes)
		return -EPROTO;
	for (uint32_t i = 0; i < aggregate->condition_count; i++)
		if (!holds(&aggregate->conditions[i], record))
			return AGGREGATE_DROPS;
	memset(ret_key, 0, layout->key_size);
	for (uint32_t i = 0; i < aggregate->key_count; i++)
		add_key(&aggregate->keys[i], &layout->keys[i], record, ret_key);
	if (value->kind != AGGREGATE_KIND_COUNT)
		sample.number = read_integer(&value->field, record);
	if (value->kind == AGGREGATE_KIND_SLOTS)
		sample.slot = aggregate_value__slot(value, sample.number);
	*ret_sample = sample;
	return AGGREGATE_KEEPS;
}

static void add_number(uint8_t *value, uint32_t offset, uint64_t number)
{
	uint64_t total;

	memcpy(&total, value + offset, sizeof(total));
	total += number;
	memcpy(value + offset, &total, sizeof(total));
}

void aggregate__add(const struct aggregate *aggregate, const struct aggregate_layout *layout,
		    const struct aggregate_sample *sample, uint8_t *value)
{
	add_number(value, layout->count_offset, 1);
	switch (aggregate->value.kind) {
	case AGGREGATE_KIND_COUNT:
		break;
	case AGGREGATE_KIND_SUM:
		add_number(value, layout->number_offset, sample->number);
		break;
	case AGGREGATE_KIND_SLOTS:
		add_number(value, layout->number_offset, sample->number);
		add_number(value, layout->slots_offset + sample->slot * sizeof(uint64_t), 1);
		break;
	case AGGREGATE_KIND_LAST:
		memcpy(value + layout->number_offset, &sample->number, sizeof(sample->number));
		break;
	}
}
