/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/process_json.h"

#include <errno.h>
#include <string.h>

#include "base/base64.h"
#include "base/rfc3339.h"
#include "sink/event_number.h"
#include "sink/event_text.h"

/*
 * What may be written without asking for room: a value that is no text (a time is the longest), the comma and brackets
 * around it, and the brackets that end it and all above it.
 */
#define VALUE_ROOM 64

struct writer {
	char *to, *end;
	struct strbuf *out; /* its len is where `to` was when room was asked for last */
	/* Where it goes once there is no memory: nothing but what needs no room. */
	char spill[VALUE_ROOM];
};

static bool writer__grow(struct writer *writer, size_t room)
{
	struct strbuf *out = writer->out;

	if (!out->has_failed) {
		if (out->data)
			out->len = (size_t)(writer->to - out->data);
		writer->to = strbuf__reserve(out, room);
	}
	if (out->has_failed) {
		writer->to = writer->end = writer->spill;
		return false;
	}
	writer->end = out->data + out->capacity;
	return true;
}

static inline bool writer__has_room(struct writer *writer, size_t room)
{
	/* Without memory `to` is behind the end. */
	return writer->end - writer->to >= (ptrdiff_t)room || writer__grow(writer, room);
}

static inline void put(struct writer *writer, char c)
{
	*writer->to++ = c;
}

static inline void put_bytes(struct writer *writer, const char *bytes, size_t len)
{
	memcpy(writer->to, bytes, len);
	writer->to += len;
}

static inline void put_text(struct writer *writer, const struct text_view *text)
{
	if (writer__has_room(writer, EVENT_TEXT_ROOM(text->len) + VALUE_ROOM))
		writer->to = event_text_quote(writer->to, text->len ? text->data : "", text->len);
}

static void put_base64(struct writer *writer, const struct text_view *bytes)
{
	if (!writer__has_room(writer, BASE64_LEN(bytes->len) + VALUE_ROOM))
		return;
	put(writer, '"');
	writer->to += base64_format(writer->to, bytes->data, bytes->len);
	put(writer, '"');
}

static inline void put_unsigned(struct writer *writer, uint64_t number)
{
	writer->to = event_number_put(writer->to, number);
}

static inline void put_signed(struct writer *writer, int64_t number)
{
	writer->to = event_number_put_signed(writer->to, number);
}

static void put_time(struct writer *writer, const struct event_time *time)
{
	put(writer, '"');
	writer->to += rfc3339_format(writer->to, time->seconds, time->nanoseconds,
				     RFC3339_DIGITS_LEAST);
	put(writer, '"');
}

static void put_enum(struct writer *writer, const struct event_names *names, int64_t number)
{
	const char *name = event_names__get(names, number);

	if (!name) {
		put_signed(writer, number);
		return;
	}
	if (!writer__has_room(writer, strlen(name) + VALUE_ROOM))
		return;
	put(writer, '"');
	put_bytes(writer, name, strlen(name));
	put(writer, '"');
}

static void put_bits(struct writer *writer, const struct event_names *names, uint64_t bits)
{
	put(writer, '[');
	for (; bits != 0; bits &= bits - 1) {
		uint32_t bit = (uint32_t)__builtin_ctzll(bits);

		(void)writer__has_room(writer, VALUE_ROOM);
		/* What has no name is told by its number, which of some is the bit itself. */
		if (event_names__get(names, bit) || !names->is_shifted)
			put_enum(writer, names, bit);
		else
			put_unsigned(writer, 1ULL << bit);
		if (bits & (bits - 1))
			put(writer, ',');
	}
	put(writer, ']');
}

static void put_texts(struct writer *writer, const struct text_view *texts, uint32_t count)
{
	put(writer, '[');
	for (uint32_t i = 0; i < count; i++) {
		(void)writer__has_room(writer, VALUE_ROOM);
		if (i > 0)
			put(writer, ',');
		put_text(writer, &texts[i]);
	}
	put(writer, ']');
}

static void put_pairs(struct writer *writer, const struct text_pair *pairs, uint32_t count)
{
	put(writer, '{');
	for (uint32_t i = 0; i < count; i++) {
		(void)writer__has_room(writer, VALUE_ROOM);
		if (i > 0)
			put(writer, ',');
		put_text(writer, &pairs[i].key);
		put(writer, ':');
		put_text(writer, &pairs[i].value);
	}
	put(writer, '}');
}

static void put_message(struct writer *writer, const struct event_message *message,
			const void *object, const struct event_mask *mask);

struct list {
	const struct event_field *field;
	const void *first;
	uint32_t count;
};

static void put_messages(struct writer *writer, const struct list *list,
			 const struct event_mask *mask)
{
	bool is_embedded = list->field->kind == EVENT_FIELD_MESSAGES;
	const struct event_message *message = list->field->message;
	const char *at = list->first;

	put(writer, '[');
	for (uint32_t i = 0; i < list->count; i++) {
		const void *item = at;

		if (!is_embedded)
			memcpy(&item, at, sizeof(item));
		(void)writer__has_room(writer, VALUE_ROOM);
		if (i > 0)
			put(writer, ',');
		put_message(writer, message, item, mask);
		at += is_embedded ? message->size : sizeof(item);
	}
	put(writer, ']');
}

/* Reads a member of any struct. */
#define MEMBER(object_, offset_, type_)                                                            \
	({                                                                                         \
		type_ member_value;                                                                \
		memcpy(&member_value, (const char *)(object_) + (offset_), sizeof(type_));         \
		member_value;                                                                      \
	})

/* Whether a field is there, which is not asked of choices. */
static inline bool has_value(const struct event_field *field, const void *object)
{
	const void *member = (const char *)object + field->offset;

	switch ((enum event_field_kind)field->kind) {
	case EVENT_FIELD_TEXT:
	case EVENT_FIELD_BYTES:
		return ((const struct text_view *)member)->len != 0;
	case EVENT_FIELD_U32:
	case EVENT_FIELD_I32:
	case EVENT_FIELD_ENUM:
		return MEMBER(member, 0, uint32_t) != 0;
	case EVENT_FIELD_U64:
	case EVENT_FIELD_I64:
	case EVENT_FIELD_BITS:
		return MEMBER(member, 0, uint64_t) != 0;
	case EVENT_FIELD_BOOL:
		return *(const bool *)member;
	case EVENT_FIELD_OPTIONAL_U32:
		return ((const struct optional_u32 *)member)->is_set;
	case EVENT_FIELD_OPTIONAL_I32:
		return ((const struct optional_i32 *)member)->is_set;
	case EVENT_FIELD_OPTIONAL_BOOL:
		return ((const struct optional_bool *)member)->is_set;
	case EVENT_FIELD_TIME:
		return ((const struct event_time *)member)->is_set;
	case EVENT_FIELD_MESSAGE:
		return MEMBER(member, 0, const void *) != NULL;
	case EVENT_FIELD_EMBEDDED:
		return true;
	case EVENT_FIELD_MESSAGES:
	case EVENT_FIELD_REFERENCES:
	case EVENT_FIELD_TEXTS:
	case EVENT_FIELD_PAIRS:
		return MEMBER(object, field->count_offset, uint32_t) != 0;
	}
	return false;
}

static void put_value(struct writer *writer, const struct event_field *field, const void *object,
		      const struct event_mask *below)
{
	const void *member = (const char *)object + field->offset;

	switch ((enum event_field_kind)field->kind) {
	case EVENT_FIELD_TEXT:
		put_text(writer, member);
		return;
	case EVENT_FIELD_BYTES:
		put_base64(writer, member);
		return;
	case EVENT_FIELD_U32:
		put_unsigned(writer, MEMBER(member, 0, uint32_t));
		return;
	case EVENT_FIELD_I32:
		put_signed(writer, MEMBER(member, 0, int32_t));
		return;
	case EVENT_FIELD_U64:
		put(writer, '"');
		put_unsigned(writer, MEMBER(member, 0, uint64_t));
		put(writer, '"');
		return;
	case EVENT_FIELD_I64:
		put(writer, '"');
		put_signed(writer, MEMBER(member, 0, int64_t));
		put(writer, '"');
		return;
	case EVENT_FIELD_BOOL:
		put_bytes(writer, "true", 4);
		return;
	case EVENT_FIELD_OPTIONAL_U32:
		put_unsigned(writer, ((const struct optional_u32 *)member)->value);
		return;
	case EVENT_FIELD_OPTIONAL_I32:
		put_signed(writer, ((const struct optional_i32 *)member)->value);
		return;
	case EVENT_FIELD_OPTIONAL_BOOL:
		if (((const struct optional_bool *)member)->value)
			put_bytes(writer, "true", 4);
		else
			put_bytes(writer, "false", 5);
		return;
	case EVENT_FIELD_TIME:
		put_time(writer, member);
		return;
	case EVENT_FIELD_ENUM:
		put_enum(writer, field->names, MEMBER(member, 0, int32_t));
		return;
	case EVENT_FIELD_BITS:
		put_bits(writer, field->names, MEMBER(member, 0, uint64_t));
		return;
	case EVENT_FIELD_MESSAGE:
		put_message(writer, field->message, MEMBER(member, 0, const void *), below);
		return;
	case EVENT_FIELD_EMBEDDED:
		put_message(writer, field->message, member, below);
		return;
	case EVENT_FIELD_MESSAGES:
	case EVENT_FIELD_REFERENCES:
		put_messages(
			writer,
			&(struct list){ .field = field,
					.first = MEMBER(member, 0, const void *),
					.count = MEMBER(object, field->count_offset, uint32_t) },
			below);
		return;
	case EVENT_FIELD_TEXTS:
		put_texts(writer, MEMBER(member, 0, const struct text_view *),
			  MEMBER(object, field->count_offset, uint32_t));
		return;
	case EVENT_FIELD_PAIRS:
		put_pairs(writer, MEMBER(member, 0, const struct text_pair *),
			  MEMBER(object, field->count_offset, uint32_t));
		return;
	}
}

/* The tables nest no deeper than a dozen levels: no message leads back to itself. */
static void put_message(struct writer *writer, const struct event_message *message,
			const void *object, const struct event_mask *mask)
{
	uint32_t choice = message->has_choices ? MEMBER(object, message->choice_offset, uint32_t)
					       : 0;
	bool needs_comma = false;

	put(writer, '{');
	for (uint32_t i = 0; i < message->field_count; i++) {
		const struct event_field *field = &message->fields[i];

		if (field->choice ? field->choice != choice : !has_value(field, object))
			continue;
		if (mask && !(mask->fields >> i & 1))
			continue;
		if (!writer__has_room(writer, field->key_len + VALUE_ROOM))
			return;
		if (needs_comma)
			put(writer, ',');
		needs_comma = true;
		put_bytes(writer, field->key, field->key_len);
		put_value(writer, field, object, mask ? mask->below[i] : NULL);
	}
	put(writer, '}');
}

int process_json__write(const struct process_event *event, const struct event_mask *mask,
			struct strbuf *out)
{
	size_t len = out->len;
	struct writer writer = { .out = out };

	if (out->data)
		writer.to = writer.end = out->data + len;
	if (!writer__has_room(&writer, VALUE_ROOM))
		return -ENOMEM;
	put_message(&writer, &event_message_line, event, mask);
	put(&writer, '\n');
	out->len = out->has_failed ? len : (size_t)(writer.to - out->data);
	return strbuf__status(out);
}
