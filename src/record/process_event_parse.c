/* SPDX-License-Identifier: Apache-2.0 */
#include "record/process_event_parse.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rfc3339.h"
#include "record/process_schema.h"

static void json_release(json_t **json)
{
	json_decref(*json);
}

struct reader {
	struct arena *arena;
	struct err *err;
};

static int refuse(struct reader *reader, const char *what)
{
	return err__set(reader->err, -EINVAL, NULL, "%s", what);
}

/* ---- values ---- */

static int read_text(struct reader *reader, const json_t *json, struct text_view *to)
{
	size_t len = json_string_length(json);
	char *copy;

	if (!json_is_string(json))
		return refuse(reader, "it is no string");
	if (len == 0)
		return 0;
	copy = arena__memdup(reader->arena, json_string_value(json), len);
	if (!copy)
		return -ENOMEM;
	*to = (struct text_view){ .data = copy, .len = len };
	return 0;
}

static int read_bytes(struct reader *reader, const json_t *json, struct text_view *to)
{
	size_t len = json_string_length(json);
	char *bytes;
	ssize_t size;

	if (!json_is_string(json))
		return refuse(reader, "it is no string");
	bytes = arena__alloc(reader->arena, len / 4 * 3 + 2);
	if (!bytes)
		return -ENOMEM;
	size = base64_parse(bytes, json_string_value(json), len);
	if (size < 0)
		return refuse(reader, "it is no base64");
	*to = (struct text_view){ .data = bytes, .len = (size_t)size };
	return 0;
}

/* Numbers of any size are taken as numbers and as strings. */
static int read_i64(struct reader *reader, const json_t *json, int64_t first, int64_t last,
		    int64_t *ret_number)
{
	int64_t number = 0;

	if (json_is_integer(json))
		number = json_integer_value(json);
	else if (!json_is_string(json) ||
		 num_parse_i64(json_string_value(json), json_string_length(json), &number) < 0)
		return refuse(reader, "it is no whole number");
	if (number < first || number > last)
		return refuse(reader, "the number does not fit");
	*ret_number = number;
	return 0;
}

static int read_u64(struct reader *reader, const json_t *json, uint64_t *ret_number)
{
	int64_t number = 0;
	int r;

	if (json_is_string(json) &&
	    num_parse_u64(json_string_value(json), json_string_length(json), ret_number) == 0)
		return 0;
	r = read_i64(reader, json, 0, INT64_MAX, &number);
	if (r == 0)
		*ret_number = (uint64_t)number;
	return r;
}

static int read_u32(struct reader *reader, const json_t *json, uint32_t *ret_number)
{
	int64_t number = 0;
	int r = read_i64(reader, json, 0, UINT32_MAX, &number);

	if (r == 0)
		*ret_number = (uint32_t)number;
	return r;
}

static int read_i32(struct reader *reader, const json_t *json, int32_t *ret_number)
{
	int64_t number = 0;
	int r = read_i64(reader, json, INT32_MIN, INT32_MAX, &number);

	if (r == 0)
		*ret_number = (int32_t)number;
	return r;
}

static int read_bool(struct reader *reader, const json_t *json, bool *ret_value)
{
	if (!json_is_boolean(json))
		return refuse(reader, "it is neither true nor false");
	*ret_value = json_is_true(json);
	return 0;
}

static int read_time(struct reader *reader, const json_t *json, struct event_time *time)
{
	if (!json_is_string(json) ||
	    rfc3339_parse(json_string_value(json), json_string_length(json), &time->seconds,
			  &time->nanoseconds) < 0)
		return refuse(reader, "it is no time as RFC 3339 writes it");
	time->is_set = true;
	return 0;
}

static int read_enum(struct reader *reader, const json_t *json, const struct event_names *names,
		     int32_t *ret_number)
{
	uint32_t number;

	if (!json_is_string(json))
		return read_i32(reader, json, ret_number);
	if (!event_names__find(names, json_string_value(json), json_string_length(json), &number))
		return refuse(reader, "there is no such name");
	*ret_number = (int32_t)number;
	return 0;
}

static int read_bit(struct reader *reader, const json_t *json, const struct event_names *names,
		    uint64_t *bits)
{
	uint64_t value;
	uint32_t bit;
	int r;

	if (json_is_string(json)) {
		if (!event_names__find(names, json_string_value(json), json_string_length(json),
				       &bit))
			return refuse(reader, "there is no such name");
		*bits |= 1ULL << bit;
		return 0;
	}
	r = read_u64(reader, json, &value);
	if (r < 0)
		return r;
	if (!names->is_shifted && value > 63)
		return refuse(reader, "the number does not fit");
	*bits |= names->is_shifted ? value : 1ULL << value;
	return 0;
}

static int read_bits(struct reader *reader, const json_t *json, const struct event_names *names,
		     uint64_t *bits)
{
	int r = 0;

	if (!json_is_array(json))
		return refuse(reader, "it is no list");
	for (size_t i = 0; r == 0 && i < json_array_size(json); i++)
		r = read_bit(reader, json_array_get(json, i), names, bits);
	return r;
}

/* ---- lists: how many there are is bounded by the line ---- */

struct list {
	void *items;
	uint32_t count;
};

/* Empty lists are absent. */
static int make_list(struct reader *reader, size_t count, size_t size, struct list *list)
{
	if (count == 0)
		return 0;
	list->items = arena__alloc_array(reader->arena, count, size);
	if (!list->items)
		return -ENOMEM;
	list->count = (uint32_t)count;
	return 0;
}

static int read_texts(struct reader *reader, const json_t *json, struct list *list)
{
	struct text_view *texts;
	int r;

	if (!json_is_array(json))
		return refuse(reader, "it is no list");
	r = make_list(reader, json_array_size(json), sizeof(struct text_view), list);
	texts = list->items;
	for (uint32_t i = 0; r == 0 && i < list->count; i++)
		r = read_text(reader, json_array_get(json, i), &texts[i]);
	return r;
}

static int compare_keys(const void *a, const void *b)
{
	const struct text_view *left = &((const struct text_pair *)a)->key;
	const struct text_view *right = &((const struct text_pair *)b)->key;
	size_t len = left->len < right->len ? left->len : right->len;
	int order = len > 0 ? memcmp(left->data, right->data, len) : 0;

	return order ? order : (left->len > right->len) - (left->len < right->len);
}

static int read_pairs(struct reader *reader, json_t *json, struct list *list)
{
	struct text_pair *pairs;
	const char *key;
	json_t *value;
	uint32_t i = 0;
	int r;

	if (!json_is_object(json))
		return refuse(reader, "it is no object");
	r = make_list(reader, json_object_size(json), sizeof(struct text_pair), list);
	pairs = list->items;
	if (r < 0)
		return r;
	json_object_foreach(json, key, value)
	{
		size_t len = strlen(key);

		pairs[i].key.data = arena__memdup(reader->arena, key, len);
		if (!pairs[i].key.data)
			return -ENOMEM;
		pairs[i].key.len = len;
		r = read_text(reader, value, &pairs[i++].value);
		if (r < 0)
			return r;
	}
	if (i > 0)
		qsort(pairs, i, sizeof(*pairs), compare_keys);
	return 0;
}

/* ---- messages ---- */

static int read_message(struct reader *reader, json_t *json, const struct event_message *message,
			void *object);

static int read_new_message(struct reader *reader, json_t *json,
			    const struct event_message *message, const void **ret_object)
{
	void *object = arena__alloc(reader->arena, message->size);

	if (!object)
		return -ENOMEM;
	*ret_object = object;
	return read_message(reader, json, message, object);
}

static int read_messages(struct reader *reader, json_t *json, const struct event_message *message,
			 struct list *list)
{
	char *objects;
	int r;

	if (!json_is_array(json))
		return refuse(reader, "it is no list");
	r = make_list(reader, json_array_size(json), message->size, list);
	objects = list->items;
	for (uint32_t i = 0; r == 0 && i < list->count; i++)
		r = read_message(reader, json_array_get(json, i), message,
				 objects + (size_t)i * message->size);
	return r;
}

static int read_references(struct reader *reader, json_t *json, const struct event_message *message,
			   struct list *list)
{
	const void **objects;
	int r;

	if (!json_is_array(json))
		return refuse(reader, "it is no list");
	r = make_list(reader, json_array_size(json), sizeof(void *), list);
	objects = list->items;
	for (uint32_t i = 0; r == 0 && i < list->count; i++)
		r = read_new_message(reader, json_array_get(json, i), message, &objects[i]);
	return r;
}

static int read_list(struct reader *reader, json_t *json, const struct event_field *field,
		     void *object)
{
	struct list list = { 0 };
	int r;

	if (field->kind == EVENT_FIELD_TEXTS)
		r = read_texts(reader, json, &list);
	else if (field->kind == EVENT_FIELD_PAIRS)
		r = read_pairs(reader, json, &list);
	else if (field->kind == EVENT_FIELD_MESSAGES)
		r = read_messages(reader, json, field->message, &list);
	else
		r = read_references(reader, json, field->message, &list);
	if (r < 0)
		return r;
	memcpy((char *)object + field->offset, &list.items, sizeof(list.items));
	memcpy((char *)object + field->count_offset, &list.count, sizeof(list.count));
	return 0;
}

static int read_field(struct reader *reader, json_t *json, const struct event_field *field,
		      void *object)
{
	void *member = (char *)object + field->offset;

	switch ((enum event_field_kind)field->kind) {
	case EVENT_FIELD_TEXT:
		return read_text(reader, json, member);
	case EVENT_FIELD_BYTES:
		return read_bytes(reader, json, member);
	case EVENT_FIELD_U32:
		return read_u32(reader, json, member);
	case EVENT_FIELD_I32:
		return read_i32(reader, json, member);
	case EVENT_FIELD_U64:
		return read_u64(reader, json, member);
	case EVENT_FIELD_I64:
		return read_i64(reader, json, INT64_MIN, INT64_MAX, member);
	case EVENT_FIELD_BOOL:
		return read_bool(reader, json, member);
	case EVENT_FIELD_OPTIONAL_U32:
		((struct optional_u32 *)member)->is_set = true;
		return read_u32(reader, json, &((struct optional_u32 *)member)->value);
	case EVENT_FIELD_OPTIONAL_I32:
		((struct optional_i32 *)member)->is_set = true;
		return read_i32(reader, json, &((struct optional_i32 *)member)->value);
	case EVENT_FIELD_OPTIONAL_BOOL:
		((struct optional_bool *)member)->is_set = true;
		return read_bool(reader, json, &((struct optional_bool *)member)->value);
	case EVENT_FIELD_TIME:
		return read_time(reader, json, member);
	case EVENT_FIELD_ENUM:
		return read_enum(reader, json, field->names, member);
	case EVENT_FIELD_BITS:
		return read_bits(reader, json, field->names, member);
	case EVENT_FIELD_MESSAGE:
		return read_new_message(reader, json, field->message, member);
	case EVENT_FIELD_EMBEDDED:
		return read_message(reader, json, field->message, member);
	case EVENT_FIELD_MESSAGES:
	case EVENT_FIELD_REFERENCES:
	case EVENT_FIELD_TEXTS:
	case EVENT_FIELD_PAIRS:
		return read_list(reader, json, field, object);
	}
	return -EINVAL;
}

/* Of the choices of a message there may be one: members of several would lie on each other. */
static int choose(struct reader *reader, const struct event_message *message,
		  const struct event_field *field, void *object)
{
	uint32_t choice;

	memcpy(&choice, (char *)object + message->choice_offset, sizeof(choice));
	if (choice != 0)
		return refuse(reader, "there is another one that excludes it");
	choice = field->choice;
	memcpy((char *)object + message->choice_offset, &choice, sizeof(choice));
	return 0;
}

/* The tables nest no deeper than a dozen levels, however deep the JSON does. */
static int read_message(struct reader *reader, json_t *json, const struct event_message *message,
			void *object)
{
	const char *key;
	json_t *value;
	int r = 0;

	if (!json_is_object(json))
		return refuse(reader, "it is no object");
	json_object_foreach(json, key, value)
	{
		const struct event_field *field = event_message__find(message, key, strlen(key));

		if (!field || json_is_null(value))
			continue;
		if (field->choice)
			r = choose(reader, message, field, object);
		if (r == 0)
			r = read_field(reader, value, field, object);
		if (r < 0)
			return err__wrap(reader->err, r, NULL, "%s", key);
	}
	return 0;
}

int process_event_parse(const char *line, size_t len, struct arena *arena,
			struct process_event *ret_event, struct err *err)
{
	__cleanup(json_release) json_t *json = NULL;
	struct reader reader = { .arena = arena, .err = err };
	struct process_event event = { 0 };
	json_error_t problem;
	int r;

	if (len > PROCESS_EVENT_LINE_MAX)
		return err__set(err, -E2BIG, NULL, "the line has %zu bytes, more than %u", len,
				PROCESS_EVENT_LINE_MAX);
	json = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &problem);
	if (!json)
		return err__set(err, -EINVAL, NULL, "no JSON: %s (byte %d)", problem.text,
				problem.position);
	r = read_message(&reader, json, &event_message_line, &event);
	if (r < 0)
		return r;
	*ret_event = event;
	return 0;
}
