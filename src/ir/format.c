/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/format.h"

#include <inttypes.h>

static const char *const op_texts[] = {
	[AGGREGATE_OP_EQUAL] = "==",  [AGGREGATE_OP_NOT_EQUAL] = "!=",
	[AGGREGATE_OP_LESS] = "<",    [AGGREGATE_OP_LESS_EQUAL] = "<=",
	[AGGREGATE_OP_GREATER] = ">", [AGGREGATE_OP_GREATER_EQUAL] = ">=",
};

static void add_field(struct strbuf *text, const struct aggregate_field *field)
{
	switch (field->type) {
	case AGGREGATE_TYPE_INTEGER:
		strbuf__printf(text, "%c%u", field->is_signed ? 's' : 'u', field->size * 8);
		break;
	case AGGREGATE_TYPE_STRING:
		strbuf__printf(text, "text %u", field->size);
		break;
	case AGGREGATE_TYPE_BYTES:
		strbuf__printf(text, "bytes %u", field->size);
		break;
	}
	strbuf__printf(text, " at %u", field->offset);
}

static void add_bytes(struct strbuf *text, const uint8_t *bytes, uint32_t len, bool is_text)
{
	for (uint32_t i = 0; i < len; i++)
		if (is_text && bytes[i] >= ' ' && bytes[i] < 0x7f && bytes[i] != '"' &&
		    bytes[i] != '\\')
			strbuf__add_char(text, (char)bytes[i]);
		else
			strbuf__printf(text, is_text ? "\\x%02x" : "%02x", bytes[i]);
}

static void add_condition(struct strbuf *text, const struct aggregate_condition *condition)
{
	strbuf__add_text(text, "if ");
	add_field(text, &condition->field);
	strbuf__printf(text, " %s ", op_texts[condition->op]);
	switch (condition->field.type) {
	case AGGREGATE_TYPE_INTEGER:
		if (condition->field.is_signed)
			strbuf__printf(text, "%" PRId64, (int64_t)condition->number);
		else
			strbuf__add_u64(text, condition->number);
		break;
	case AGGREGATE_TYPE_STRING:
		strbuf__add_char(text, '"');
		add_bytes(text, condition->text, condition->text_len, true);
		strbuf__add_char(text, '"');
		break;
	case AGGREGATE_TYPE_BYTES:
		add_bytes(text, condition->text, condition->text_len, false);
		break;
	}
	strbuf__add_char(text, '\n');
}

static void add_slots(struct strbuf *text, const struct aggregate_value *value)
{
	switch (value->slots) {
	case AGGREGATE_SLOTS_CEIL:
		strbuf__printf(text, " in %u slots of bit length", value->slot_count);
		break;
	case AGGREGATE_SLOTS_FLOOR:
		strbuf__printf(text, " in %u slots of log2", value->slot_count);
		break;
	case AGGREGATE_SLOTS_LIST:
		strbuf__add_text(text, " in slots up to");
		for (uint32_t i = 0; i < value->boundary_count; i++)
			strbuf__printf(text, " %" PRId64, value->boundaries[i]);
		break;
	}
}

static void add_value(struct strbuf *text, const struct aggregate_value *value)
{
	static const char *const kinds[] = {
		[AGGREGATE_KIND_COUNT] = "count",
		[AGGREGATE_KIND_SUM] = "sum of ",
		[AGGREGATE_KIND_SLOTS] = "histogram of ",
		[AGGREGATE_KIND_LAST] = "last ",
	};

	strbuf__add_text(text, kinds[value->kind]);
	if (value->kind != AGGREGATE_KIND_COUNT)
		add_field(text, &value->field);
	if (value->kind == AGGREGATE_KIND_SLOTS)
		add_slots(text, value);
	strbuf__add_char(text, '\n');
}

void aggregate__format(const struct aggregate *aggregate, struct strbuf *text)
{
	strbuf__printf(text, "record of %u bytes, at most %u keys\n", aggregate->record_size,
		       aggregate->max_keys);
	for (uint32_t i = 0; i < aggregate->condition_count; i++)
		add_condition(text, &aggregate->conditions[i]);
	for (uint32_t i = 0; i < aggregate->key_count; i++) {
		const struct aggregate_key *key = &aggregate->keys[i];

		strbuf__add_text(text, "key ");
		add_field(text, &key->field);
		strbuf__add_text(text,
				 key->transform == AGGREGATE_TRANSFORM_SLOT ? " as slot\n" : "\n");
	}
	add_value(text, &aggregate->value);
}
