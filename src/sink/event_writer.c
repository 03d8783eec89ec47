/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/event_writer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "sink/event_number.h"
#include "sink/event_text.h"
#include "sink/event_tree.h"
#include "sink/yaml_text.h"

#define INDENTATION 2
#define SHORT_TEXT_SIZE 256
#define DERIVED_TEXT_LEN 64            /* longer ones reserve for themselves */
#define COPY_BLOCK 16                  /* what is copied runs over by up to that */
#define NUMBER_ROOM NUM_DOUBLE_MAX_LEN /* the longest of them, and of "null" and "false" */

/* The first ones read their bytes themselves; they are what nearly all fields are. */
enum op_kind {
	OP_U8,
	OP_U16,
	OP_U32,
	OP_U64,
	OP_S32,
	OP_S64,
	OP_SHORT_TEXT, /* bounded as numbers are */
	OP_TEXT,
	OP_DERIVED,
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

/* Ops in a row, whose text is the same of all records about one subject, or is not. */
struct event_span {
	size_t end; /* behind its last op */
	bool is_who;
	bool is_filled;
	uint64_t subject;   /* the text's */
	struct strbuf text; /* owned */
};

/* ---- compiling ------------------------------------------------------------------------------ */

static bool is_raw(const struct field *field)
{
	return !(field->flags & (FIELD_DERIVED | FIELD_FLEXIBLE));
}

static enum op_kind kind_of(const struct schema *schema, const struct field *field)
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

	if (field->flags & FIELD_DERIVED)
		return field->offset < schema->derived_count ? OP_DERIVED : OP_VALUE;
	if (!is_raw(field))
		return OP_VALUE;
	if (field->count != 1)
		return OP_ARRAY;
	if (field->type == FIELD_TYPE_STRING)
		return field->size <= SHORT_TEXT_SIZE ? OP_SHORT_TEXT : OP_TEXT;
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
		if (kind == OP_SHORT_TEXT)
			writer->bound += EVENT_TEXT_ROOM(field->size);
		if (kind == OP_DERIVED)
			writer->bound += EVENT_TEXT_ROOM(DERIVED_TEXT_LEN);
		if (is_raw(field) && end > writer->raw_size)
			writer->raw_size = end;
	}
	return vec_push(&writer->ops, op);
}

static enum op_kind kind_of_step(const struct event_writer *writer, const struct event_step *step)
{
	return step->field == EVENT_FIELD_STREAM
		       ? OP_STREAM
		       : kind_of(writer->stream->schema,
				 &writer->stream->schema->fields[step->field]);
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
	if (add_op(writer, text_at, OP_END, EVENT_FIELD_STREAM) < 0)
		return -ENOMEM;
	for (int i = 0; i < COPY_BLOCK; i++)
		strbuf__add_char(&writer->text, ' ');
	writer->bound += COPY_BLOCK;
	return 0;
}

static bool is_of_subject(const struct event_writer *writer, const struct event_op *op)
{
	return op->kind == OP_DERIVED &&
	       writer->stream->schema->fields[op->field].flags & FIELD_WHO;
}

static int divide(struct event_writer *writer)
{
	struct event_span *last = NULL;

	for (size_t i = 0; i < writer->ops.len; i++) {
		bool is_who = is_of_subject(writer, &writer->ops.items[i]);

		if (!last || last->is_who != is_who) {
			if (vec_push(&writer->spans, ((struct event_span){ .is_who = is_who })) < 0)
				return -ENOMEM;
			last = &writer->spans.items[writer->spans.len - 1];
		}
		last->end = i + 1;
		writer->asks_who |= is_who;
	}
	return 0;
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
	if (r == 0)
		r = divide(writer);
	if (r < 0)
		event_writer__done(writer);
	return r;
}

void event_writer__done(struct event_writer *writer)
{
	vec_for_each(&writer->spans, span)
		strbuf__done(&span->text);
	vec_done(&writer->spans);
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
