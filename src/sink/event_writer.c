/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/event_writer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "sink/event_text.h"
#include "sink/event_tree.h"
#include "sink/yaml_text.h"

#define INDENTATION 2
#define NUMBER_ROOM NUM_DOUBLE_MAX_LEN /* the longest of them, and of "null" and "false" */

/* The first ones read their bytes themselves; they are what nearly all fields are. */
enum op_kind {
	OP_U8,
	OP_U16,
	OP_U32,
	OP_U64,
	OP_S32,
	OP_S64,
	OP_TEXT,
	OP_VALUE,  /* by record__get() */
	OP_ARRAY,  /* element by element */
	OP_STREAM, /* the stream's name */
	OP_END,
};

struct event_op {
	size_t text_at; /* in writer->text, what stands before the value */
	uint32_t text_len;
	enum op_kind kind;
	uint32_t field;
	uint32_t offset, size;
};

/* ---- compiling ------------------------------------------------------------------------------ */

static bool is_raw(const struct field *field)
{
	return !(field->flags & (FIELD_DERIVED | FIELD_FLEXIBLE));
}

static enum op_kind kind_of(const struct field *field)
{
	static const struct {
		enum field_type type;
		uint32_t size;
		enum op_kind kind;
	} direct[] = {
		{ FIELD_TYPE_U8, 1, OP_U8 },   { FIELD_TYPE_U16, 2, OP_U16 },
		{ FIELD_TYPE_U32, 4, OP_U32 }, { FIELD_TYPE_U64, 8, OP_U64 },
		{ FIELD_TYPE_S32, 4, OP_S32 }, { FIELD_TYPE_S64, 8, OP_S64 },
	};

	if (!is_raw(field))
		return OP_VALUE;
	if (field->count != 1)
		return OP_ARRAY;
	if (field->type == FIELD_TYPE_STRING)
		return OP_TEXT;
	for (size_t i = 0; i < array_size(direct) && !(field->flags & FIELD_BIG_ENDIAN); i++)
		if (direct[i].type == field->type && direct[i].size == field->size)
			return direct[i].kind;
	return OP_VALUE;
}

static int add_op(struct event_writer *writer, size_t text_at, enum op_kind kind, uint32_t index)
{
	struct event_op op = { .text_at = text_at,
			       .text_len = (uint32_t)(writer->text.len - text_at),
			       .kind = kind,
			       .field = index };
	const struct schema *schema = writer->stream->schema;

	writer->bound += op.text_len + NUMBER_ROOM;
	if (index < schema->field_count) {
		const struct field *field = &schema->fields[index];
		size_t end = (size_t)field->offset + (size_t)field->size * field->count;

		op.offset = field->offset;
		op.size = field->size;
		writer->reads[index] = true;
		if (is_raw(field) && end > writer->raw_size)
			writer->raw_size = end;
	}
	return vec_push(&writer->ops, op);
}

static enum op_kind kind_of_step(const struct event_writer *writer, const struct event_step *step)
{
	return step->field == EVENT_FIELD_STREAM
		       ? OP_STREAM
		       : kind_of(&writer->stream->schema->fields[step->field]);
}

static void add_indentation(struct strbuf *text, unsigned int depth)
{
	strbuf__add_char(text, '\n');
	for (unsigned int i = 0; i < INDENTATION * depth; i++)
		strbuf__add_char(text, ' ');
}

static void add_key(struct event_writer *writer, const struct event_step *step)
{
	char *to = strbuf__reserve(&writer->text, EVENT_TEXT_ROOM(step->key_len));

	if (!to)
		return;
	to = writer->notation == EVENT_NOTATION_YAML
		     ? yaml_text_put(to, step->key, step->key_len)
		     : event_text_quote(to, step->key, step->key_len);
	writer->text.len = (size_t)(to - writer->text.data);
	strbuf__add_char(&writer->text, ':');
}

/* What stands before a key, on which level, and whether it is the first there. */
struct place {
	unsigned int depth;
	bool is_first;
	bool is_top; /* the very first: its line has begun */
};

static void add_before_key(struct event_writer *writer, const struct place *place)
{
	struct strbuf *text = &writer->text;

	switch (writer->notation) {
	case EVENT_NOTATION_LINE:
		strbuf__add_char(text, place->is_first ? '{' : ',');
		return;
	case EVENT_NOTATION_PRETTY:
		strbuf__add_char(text, place->is_first ? '{' : ',');
		add_indentation(text, place->depth + 1);
		return;
	case EVENT_NOTATION_YAML:
		if (!place->is_top)
			add_indentation(text, place->depth);
		return;
	}
}

/* Ends a level that has members, or has none. */
static void add_end(struct event_writer *writer, const struct place *place)
{
	if (place->is_first) {
		strbuf__add_text(&writer->text, "{}");
		return;
	}
	if (writer->notation == EVENT_NOTATION_YAML)
		return;
	if (writer->notation == EVENT_NOTATION_PRETTY)
		add_indentation(&writer->text, place->depth);
	strbuf__add_char(&writer->text, '}');
}

static int compile(struct event_writer *writer, const struct event_step *steps, size_t count,
		   unsigned int depth)
{
	struct place place = { .depth = depth, .is_first = true, .is_top = true };
	size_t text_at = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_group_with_members = steps[i].kind == EVENT_STEP_ENTER &&
					     steps[i + 1].kind != EVENT_STEP_LEAVE;

		if (steps[i].kind == EVENT_STEP_LEAVE) {
			add_end(writer, &place);
			place.depth--;
			place.is_first = false;
			continue;
		}
		add_before_key(writer, &place);
		add_key(writer, &steps[i]);
		place.is_top = false;
		if (writer->notation == EVENT_NOTATION_PRETTY ||
		    (writer->notation == EVENT_NOTATION_YAML && !is_group_with_members))
			strbuf__add_char(&writer->text, ' ');
		place.is_first = steps[i].kind == EVENT_STEP_ENTER;
		if (place.is_first) {
			place.depth++;
			continue;
		}
		if (add_op(writer, text_at, kind_of_step(writer, &steps[i]), steps[i].field) < 0)
			return -ENOMEM;
		text_at = writer->text.len;
	}
	add_end(writer, &place);
	return add_op(writer, text_at, OP_END, EVENT_FIELD_STREAM);
}

int event_writer__init(struct event_writer *writer, const struct event_stream *stream,
		       enum event_notation notation, unsigned int depth, bool names_stream)
{
	struct event_step *steps __cleanup(x_freep) = NULL;
	size_t count = 0;
	int r;

	*writer = (struct event_writer){
		.stream = stream,
		.notation = notation,
		.reads = new_array(bool, (size_t)stream->schema->field_count + 1),
	};
	r = writer->reads ? event_tree_make(stream, names_stream, &steps, &count) : -ENOMEM;
	if (r == 0)
		r = compile(writer, steps, count, depth);
	if (r == 0)
		r = strbuf__status(&writer->text);
	if (r < 0)
		event_writer__done(writer);
	return r;
}

void event_writer__done(struct event_writer *writer)
{
	vec_done(&writer->ops);
	strbuf__done(&writer->text);
	free(writer->reads);
	writer->reads = NULL;
}

/* ---- running -------------------------------------------------------------------------------- */

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
		output->at += num_format_i64(output->at, value->s64);
		return;
	case FIELD_TYPE_U8:
	case FIELD_TYPE_U16:
	case FIELD_TYPE_U32:
	case FIELD_TYPE_U64:
		output->at += num_format_u64(output->at, value->u64);
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

static void put_op(struct output *output, const struct event_op *op, const struct record *record)
{
	const char *raw = (const char *)record->raw + op->offset;

	switch (op->kind) {
	case OP_U8:
		output->at += num_format_u64(output->at, read_bytes(raw, 1));
		return;
	case OP_U16:
		output->at += num_format_u64(output->at, read_bytes(raw, 2));
		return;
	case OP_U32:
		output->at += num_format_u64(output->at, read_bytes(raw, 4));
		return;
	case OP_U64:
		output->at += num_format_u64(output->at, read_bytes(raw, 8));
		return;
	case OP_S32:
		output->at += num_format_i64(output->at, (int32_t)read_bytes(raw, 4));
		return;
	case OP_S64:
		output->at += num_format_i64(output->at, (int64_t)read_bytes(raw, 8));
		return;
	case OP_TEXT:
		put_text(output, raw, strnlen(raw, op->size));
		return;
	case OP_VALUE:
		put_field(output, record, op->field);
		return;
	case OP_ARRAY:
		put_array(output, record, op->field);
		return;
	case OP_STREAM:
		put_text(output, output->writer->stream->name,
			 strlen(output->writer->stream->name));
		return;
	case OP_END:
		return;
	}
}

/* A record that is too short for its schema: what it has. */
static void put_op_of_short(struct output *output, const struct event_op *op,
			    const struct record *record)
{
	if (op->kind < OP_VALUE)
		put_field(output, record, op->field);
	else
		put_op(output, op, record);
}

void event_writer__run(const struct event_writer *writer, const struct record *record,
		       struct strbuf *out)
{
	struct output output = { .writer = writer, .out = out, .at = out->data };
	bool is_short = record->raw_len < writer->raw_size;
	const char *text = writer->text.data;

	output.at = strbuf__reserve(out, writer->bound);
	for (size_t i = 0; output.at && i < writer->ops.len; i++) {
		const struct event_op *op = &writer->ops.items[i];

		memcpy(output.at, text + op->text_at, op->text_len);
		output.at += op->text_len;
		if (is_short)
			put_op_of_short(&output, op, record);
		else
			put_op(&output, op, record);
	}
	if (output.at)
		out->len = (size_t)(output.at - out->data);
}
