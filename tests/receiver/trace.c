/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct cursor {
	const uint8_t *at, *end;
};

struct field {
	uint32_t number;
	uint64_t value;      /* of varint and fixed fields */
	struct cursor bytes; /* of length-delimited ones */
};

static uint64_t read_varint(struct cursor *cursor)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64; shift += 7) {
		uint8_t byte;

		assert_true(cursor->at < cursor->end);
		byte = *cursor->at++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	fail_msg("a varint does not end");
	return 0;
}

static uint64_t read_fixed(struct cursor *cursor, size_t size)
{
	uint64_t value = 0;

	assert_true((size_t)(cursor->end - cursor->at) >= size);
	for (size_t i = size; i > 0; i--)
		value = value << 8 | cursor->at[i - 1];
	cursor->at += size;
	return value;
}

static bool next_field(struct cursor *cursor, struct field *ret_field)
{
	uint64_t tag, len;

	if (cursor->at == cursor->end)
		return false;
	tag = read_varint(cursor);
	*ret_field = (struct field){ .number = (uint32_t)(tag >> 3) };
	switch (tag & 7) {
	case 0:
		ret_field->value = read_varint(cursor);
		return true;
	case 1:
		ret_field->value = read_fixed(cursor, 8);
		return true;
	case 5:
		ret_field->value = read_fixed(cursor, 4);
		return true;
	case 2:
		len = read_varint(cursor);
		assert_true(len <= (uint64_t)(cursor->end - cursor->at));
		ret_field->bytes = (struct cursor){ cursor->at, cursor->at + len };
		cursor->at += len;
		return true;
	}
	fail_msg("wire type %d", (int)(tag & 7));
	return false;
}

static void copy_text(const struct field *field, char *text)
{
	size_t len = (size_t)(field->bytes.end - field->bytes.at);

	assert_true(len < TRACE_TEXT_MAX);
	memcpy(text, field->bytes.at, len);
	text[len] = '\0';
}

static void copy_hex(const struct field *field, char *text, size_t size)
{
	assert_int_equal(field->bytes.end - field->bytes.at, size);
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", field->bytes.at[i]);
}

static void parse_attribute(struct cursor message, struct trace_attribute *attributes,
			    size_t *count)
{
	struct field field, value;

	assert_true(*count < TRACE_ATTRIBUTES_MAX);
	while (next_field(&message, &field)) {
		if (field.number == 1)
			copy_text(&field, attributes[*count].key);
		else if (field.number == 2)
			while (next_field(&field.bytes, &value))
				if (value.number == 1)
					copy_text(&value, attributes[*count].value);
	}
	++*count;
}

static void parse_span(struct cursor message, struct trace_span *span)
{
	struct field field;

	while (next_field(&message, &field)) {
		switch (field.number) {
		case 1:
			copy_hex(&field, span->trace_id, 16);
			break;
		case 2:
			copy_hex(&field, span->span_id, 8);
			break;
		case 4:
			copy_hex(&field, span->parent_id, 8);
			break;
		case 5:
			copy_text(&field, span->name);
			break;
		case 6:
			span->kind = field.value;
			break;
		case 7:
			span->start_ns = field.value;
			break;
		case 8:
			span->end_ns = field.value;
			break;
		case 9:
			parse_attribute(field.bytes, span->attributes, &span->attribute_count);
			break;
		case 16:
			span->flags = field.value;
			break;
		}
	}
}

struct spans {
	struct trace_span *items;
	size_t max, len;
};

static void parse_scope_spans(struct cursor message, const struct trace_span *resource,
			      struct spans *spans)
{
	struct trace_span common = *resource;
	struct field field, part;

	while (next_field(&message, &field)) {
		if (field.number == 1) {
			while (next_field(&field.bytes, &part))
				if (part.number == 1)
					copy_text(&part, common.scope);
		} else if (field.number == 2) {
			struct trace_span span = common;

			parse_span(field.bytes, &span);
			if (spans->len < spans->max)
				spans->items[spans->len] = span;
			spans->len++;
		}
	}
}

static void parse_resource_spans(struct cursor message, struct spans *spans)
{
	struct trace_span common = { .resource_count = 0 };
	struct field field, part;

	while (next_field(&message, &field)) {
		if (field.number == 1) {
			while (next_field(&field.bytes, &part))
				if (part.number == 1)
					parse_attribute(part.bytes, common.resource,
							&common.resource_count);
		} else if (field.number == 2) {
			parse_scope_spans(field.bytes, &common, spans);
		}
	}
}

size_t trace_parse(const void *bytes, size_t len, struct trace_span *items, size_t max)
{
	struct cursor message = { bytes, (const uint8_t *)bytes + len };
	struct spans spans = { .items = items, .max = max };
	struct field field;

	while (next_field(&message, &field)) {
		assert_int_equal(field.number, 1);
		parse_resource_spans(field.bytes, &spans);
	}
	return spans.len;
}

static const char *find(const struct trace_attribute *attributes, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(attributes[i].key, key) == 0)
			return attributes[i].value;
	return NULL;
}

const char *trace_attribute(const struct trace_span *span, const char *key)
{
	return find(span->attributes, span->attribute_count, key);
}

const char *trace_resource(const struct trace_span *span, const char *key)
{
	return find(span->resource, span->resource_count, key);
}
