/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/event_writer.h"

#include <math.h>
#include <string.h>

#include "sink/event_number.h"
#include "sink/event_text.h"
#include "sink/event_writer_private.h"
#include "sink/yaml_text.h"

/* Where text is being written. There is always room for what the writer bounds. */
struct output {
	const struct event_writer *writer;
	struct strbuf *out;
	char *at; /* NULL: there is no memory, and out knows */
};

/* Room for so many bytes beside what is bounded. */
static bool reserve(struct output *output, size_t more)
{
	size_t need;

	if (!output->at)
		return false;
	output->out->len = (size_t)(output->at - output->out->data);
	if (num_add_size(more, output->writer->bound, &need))
		need = SIZE_MAX; /* it fails, and out remembers that */
	output->at = strbuf__reserve(output->out, need);
	return output->at != NULL;
}

static void put_word(struct output *output, const char *word)
{
	size_t len = strlen(word);

	memcpy(output->at, word, len);
	output->at += len;
}

static void put_text(struct output *output, const char *text, size_t len)
{
	if (!reserve(output, EVENT_TEXT_ROOM(len)))
		return;
	output->at = output->writer->notation == EVENT_NOTATION_YAML
			     ? yaml_text_put(output->at, text, len)
			     : event_text_quote(output->at, text, len);
}

/* Up to the first NUL, of so many bytes. */
static void put_raw_text(struct output *output, const char *text, size_t size)
{
	if (output->writer->notation == EVENT_NOTATION_YAML)
		put_text(output, text, strnlen(text, size));
	else if (reserve(output, EVENT_TEXT_ROOM(size)))
		output->at = event_text_quote_field(output->at, text, size);
}

static void put_hex(struct output *output, const void *bytes, size_t len)
{
	if (!reserve(output, EVENT_TEXT_ROOM(len)))
		return;
	*output->at++ = '"';
	output->at += num_format_hex(output->at, bytes, len);
	*output->at++ = '"';
}

static void put_value(struct output *output, const struct value *value)
{
	switch (value->type) {
	case FIELD_TYPE_STRING:
		put_text(output, value->bytes.len ? value->bytes.data : "", value->bytes.len);
		return;
	case FIELD_TYPE_BYTES:
	case FIELD_TYPE_STRUCT:
		put_hex(output, value->bytes.data, value->bytes.len);
		return;
	case FIELD_TYPE_BOOL:
		put_word(output, value->u64 ? "true" : "false");
		return;
	case FIELD_TYPE_F32:
	case FIELD_TYPE_F64:
		if (!isfinite(value->f64)) /* JSON has no word for them */
			put_word(output, "null");
		else
			output->at += num_format_double(output->at, value->f64);
		return;
	case FIELD_TYPE_S8:
	case FIELD_TYPE_S16:
	case FIELD_TYPE_S32:
	case FIELD_TYPE_S64:
		output->at = event_number_put_signed(output->at, value->s64);
		return;
	case FIELD_TYPE_U8:
	case FIELD_TYPE_U16:
	case FIELD_TYPE_U32:
	case FIELD_TYPE_U64:
		output->at = event_number_put(output->at, value->u64);
		return;
	}
}

static void put_field(struct output *output, const struct record *record, uint32_t field)
{
	struct value value;

	if (record__get(record, field, &value) < 0)
		put_word(output, "null");
	else
		put_value(output, &value);
}

/* What nobody has asked for before is not remembered: an object has a field once. */
static void put_derived(struct output *output, const struct record *record,
			const struct event_op *op)
{
	const struct derived_value *made = record->derived ? &record->derived[op->offset] : NULL;
	struct value value;

	if (made && made->is_made)
		put_value(output, &made->value);
	else if (record->deriver &&
		 record->deriver->get(record->deriver->ctx, record, op->field, &value) >= 0)
		put_value(output, &value);
	else
		put_word(output, "null");
}

/* Every element as a record of its own that has one field. */
static void put_array(struct output *output, const struct record *record, uint32_t index)
{
	const struct field *array = &record->schema->fields[index];
	struct field field = *array;
	const struct schema schema = { .fields = &field, .field_count = 1 };
	struct value value;
	size_t count;

	field.offset = 0;
	field.count = 1;
	if (record__get(record, index, &value) < 0) {
		put_word(output, "null");
		return;
	}
	count = array->size ? value.bytes.len / array->size : 0;
	/* Numbers are bounded; put_text() and put_hex() reserve for themselves. */
	if (!reserve(output, count * (NUMBER_ROOM + 2)))
		return;
	*output->at++ = '[';
	for (size_t i = 0; output->at && i < count; i++) {
		const struct record element = {
			.schema = &schema,
			.raw = (const char *)value.bytes.data + i * array->size,
			.raw_len = array->size,
		};

		if (i > 0)
			*output->at++ = ',';
		put_field(output, &element, 0);
	}
	if (output->at)
		*output->at++ = ']';
}

static inline uint64_t read_bytes(const void *from, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, from, size);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value >>= 64 - 8 * size;
#endif
	return value;
}

/* What needs no room but what is bounded: numbers of the machine's own order, and short texts; NULL: it is neither. */
static inline char *put_bounded(char *at, const struct event_op *op, const char *raw, bool is_yaml)
{
	uint64_t value = 0;
	bool is_negative = false;

	switch (op->kind) {
	case OP_U8:
		value = read_bytes(raw, 1);
		break;
	case OP_U16:
		value = read_bytes(raw, 2);
		break;
	case OP_U32:
		value = read_bytes(raw, 4);
		break;
	case OP_S32:
		value = (uint64_t)(int32_t)read_bytes(raw, 4);
		is_negative = (int64_t)value < 0;
		break;
	case OP_U64:
		value = read_bytes(raw, 8);
		break;
	case OP_S64:
		value = read_bytes(raw, 8);
		is_negative = (int64_t)value < 0;
		break;
	case OP_SHORT_TEXT:
		return is_yaml ? yaml_text_put(at, raw, strnlen(raw, op->size))
			       : event_text_quote_field(at, raw, op->size);
	case OP_TEXT:
	case OP_DERIVED:
	case OP_VALUE:
	case OP_ARRAY:
	case OP_STREAM:
	case OP_END:
		return NULL;
	}
	if (is_negative) {
		*at++ = '-';
		value = -value;
	}
	return event_number_put(at, value);
}

static void put_other(struct output *output, const struct event_op *op, const struct record *record)
{
	const char *name = output->writer->stream->name;

	switch (op->kind) {
	case OP_TEXT:
		put_raw_text(output, (const char *)record->raw + op->offset, op->size);
		return;
	case OP_DERIVED:
		put_derived(output, record, op);
		return;
	case OP_ARRAY:
		put_array(output, record, op->field);
		return;
	case OP_STREAM:
		put_text(output, name, strlen(name));
		return;
	case OP_END:
		return;
	case OP_U8:
	case OP_U16:
	case OP_U32:
	case OP_U64:
	case OP_S32:
	case OP_S64:
	case OP_SHORT_TEXT:
	case OP_VALUE:
		put_field(output, record, op->field);
		return;
	}
}

/* A record that is too short for its schema: what it has. */
static void put_of_short(struct output *output, const struct event_op *op,
			 const struct record *record)
{
	if (op->kind < OP_DERIVED)
		put_field(output, record, op->field);
	else
		put_other(output, op, record);
}

/* Whole blocks, for most texts are shorter than one: cheaper than asking how long they are. */
static inline void copy_over(char *to, const char *from, size_t len)
{
	size_t at = 0;

	do {
		memcpy(to + at, from + at, COPY_BLOCK);
		at += COPY_BLOCK;
	} while (at < len);
}

static void put_ops(struct output *output, const struct record *record, size_t begin, size_t end)
{
	const struct event_writer *writer = output->writer;
	bool is_short = record->raw_len < writer->raw_size;
	bool is_yaml = writer->notation == EVENT_NOTATION_YAML;
	char *at = output->at;

	for (size_t i = begin; at && i < end; i++) {
		const struct event_op *op = &writer->ops.items[i];
		char *bounded;

		copy_over(at, writer->text.data + op->text_at, op->text_len);
		at += op->text_len;
		bounded = is_short ? NULL
				   : put_bounded(at, op, (const char *)record->raw + op->offset,
						 is_yaml);
		if (bounded) {
			at = bounded;
			continue;
		}
		output->at = at;
		if (is_short)
			put_of_short(output, op, record);
		else
			put_other(output, op, record);
		at = output->at;
	}
	output->at = at;
}

/* Who it was takes many fields, and is mostly who it was before. */
static void put_who(struct output *output, const struct record *record, struct event_span *span,
		    size_t begin, uint64_t subject)
{
	size_t start = (size_t)(output->at - output->out->data);

	if (span->is_filled && span->subject == subject) {
		if (!reserve(output, span->text.len))
			return;
		memcpy(output->at, span->text.data, span->text.len);
		output->at += span->text.len;
		return;
	}
	put_ops(output, record, begin, span->end);
	if (!output->at)
		return;
	strbuf__reset(&span->text);
	strbuf__add(&span->text, output->out->data + start,
		    (size_t)(output->at - output->out->data) - start);
	span->is_filled = strbuf__status(&span->text) == 0;
	span->subject = subject;
}

void event_writer__run(const struct event_writer *writer, const struct record *record,
		       struct strbuf *out)
{
	struct output output = { .writer = writer, .out = out };
	const struct deriver *deriver = record->deriver;
	bool asks_who = writer->asks_who && deriver && deriver->subject &&
			record->raw_len >= writer->raw_size;
	uint64_t subject = asks_who ? deriver->subject(deriver->ctx, record) : 0;
	size_t begin = 0;

	output.at = strbuf__reserve(out, writer->bound);
	for (size_t i = 0; output.at && i < writer->spans.len; i++) {
		struct event_span *span = &writer->spans.items[i];

		if (asks_who && span->is_who)
			put_who(&output, record, span, begin, subject);
		else
			put_ops(&output, record, begin, span->end);
		begin = span->end;
	}
	if (output.at)
		out->len = (size_t)(output.at - out->data);
}
