/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sink/event_text.h"
#include "sink/event_tree.h"
#include "sink/event_writer_private.h"
#include "sink/yaml_text.h"

#define INDENTATION 2
#define SHORT_TEXT_SIZE 256

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
