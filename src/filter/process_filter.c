/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/process_filter.h"

#include <errno.h>

#include "base/mem.h"
#include "filter/process_condition.h"
#include "record/process_schema.h"

struct object {
	struct process_condition *conditions; /* arena */
	uint32_t count;
};

struct process_filter {
	struct arena arena; /* owned */
	struct process_filter_options options;
	struct object *objects; /* owned */
	size_t count, capacity;
	struct process_filter_figures figures;
};

static int refuse_key(struct filter_text *text, const char *name)
{
	const char *nearest = process_key_nearest(name);

	return filter_text__refuse(text, name, "there is no such key%s%s%s",
				   nearest ? "; did you mean '" : "", nearest ? nearest : "",
				   nearest ? "'?" : "");
}

static int parse_condition(struct process_filter *filter, struct filter_text *text,
			   struct object *object, const char *name, const json_t *value)
{
	struct process_condition *condition = &object->conditions[object->count];

	condition->key = process_key_find(name);
	if (!condition->key)
		return refuse_key(text, name);
	if (condition->key->is_pid_set && !filter->options.allows_pid_sets)
		return filter_text__refuse(
			text, name,
			"numbers of processes are used again, so it may let through what "
			"was not meant; it must be enabled to be used");
	object->count++; /* what was parsed of it is freed with it */
	return json_is_null(value) ? 0 : condition->key->parse(text, value, condition);
}

static int parse_object(struct process_filter *filter, struct filter_text *text, json_t *json)
{
	struct object *object;
	const char *name;
	json_t *value;
	int r = mem_grow((void **)(void *)&filter->objects, &filter->capacity, filter->count + 1,
			 sizeof(*filter->objects));

	if (r < 0)
		return r;
	object = &filter->objects[filter->count++];
	*object = (struct object){ 0 };
	object->conditions = arena_array(&filter->arena, struct process_condition,
					 json_object_size(json) + 1);
	if (!object->conditions)
		return -ENOMEM;
	json_object_foreach(json, name, value)
	{
		r = parse_condition(filter, text, object, name, value);
		if (r < 0)
			return r;
		/* As protobufs have it: null, and a list without values, is no condition. */
		if (json_is_null(value) || object->conditions[object->count - 1].is_empty)
			object->conditions[--object->count] = (struct process_condition){ 0 };
	}
	return 0;
}

static int parse_objects(struct process_filter *filter, struct filter_text *text)
{
	json_t *object;
	int r;

	while ((r = filter_text__next(text, &object)) > 0) {
		r = parse_object(filter, text, object);
		if (r < 0)
			break;
	}
	return r;
}

int process_filter_parse(const char *text, const struct loc *at,
			 const struct process_filter_options *options,
			 struct process_filter **ret_filter, struct err *err)
{
	struct process_filter *filter = new_zero(struct process_filter);
	struct filter_text reader;
	int r;

	if (!filter)
		return -ENOMEM;
	if (options)
		filter->options = *options;
	reader = (struct filter_text){ .at = at, .arena = &filter->arena, .err = err };
	filter_text__begin(&reader, text);
	r = parse_objects(filter, &reader);
	filter_text__end(&reader);
	if (r < 0) {
		process_filter__free(filter);
		return r;
	}
	*ret_filter = filter;
	return 0;
}

struct process_filter *process_filter__free(struct process_filter *filter)
{
	if (!filter)
		return NULL;
	for (size_t i = 0; i < filter->count; i++) {
		struct object *object = &filter->objects[i];

		for (uint32_t j = 0; j < object->count; j++)
			process_condition__done(&object->conditions[j]);
	}
	free(filter->objects);
	arena__done(&filter->arena);
	free(filter);
	return NULL;
}

uint32_t process_filter__count(const struct process_filter *filter)
{
	return (uint32_t)filter->count;
}

static int object__match(struct process_filter *filter, const struct object *object,
			 const struct process_event *event)
{
	for (uint32_t i = 0; i < object->count; i++) {
		struct process_condition *condition = &object->conditions[i];
		int r = event->process || !condition->key->needs_process
				? condition->key->match(&filter->figures, condition, event)
				: 0;

		if (r <= 0)
			return r;
	}
	return 1;
}

bool process_filter__match(struct process_filter *filter, const struct process_event *event)
{
	for (size_t i = 0; i < filter->count; i++) {
		int r = object__match(filter, &filter->objects[i], event);

		if (r > 0)
			return true;
		filter->figures.undecided += r < 0;
	}
	return false;
}

static bool has_process(enum process_event_kind kind)
{
	const struct event_message *message = event_message_of(kind);

	return message && event_message__find(message, "process", strlen("process"));
}

static enum process_filter_forecast object__forecast(const struct object *object,
						     const struct process_event *event)
{
	enum process_filter_forecast forecast = PROCESS_FILTER_ALWAYS;

	for (uint32_t i = 0; i < object->count; i++) {
		struct process_condition *condition = &object->conditions[i];
		const struct process_key *key = condition->key;

		if (key->is_forecast && key->match(NULL, condition, event) <= 0)
			return PROCESS_FILTER_NEVER;
		if (key->needs_process && !has_process(event->kind))
			return PROCESS_FILTER_NEVER;
		if (!key->is_forecast)
			forecast = PROCESS_FILTER_MAYBE;
	}
	return forecast;
}

enum process_filter_forecast process_filter__forecast(const struct process_filter *filter,
						      enum process_event_kind kind,
						      const char *policy)
{
	struct process_event event = { .kind = kind, .policy_name = text_view_of(policy) };
	enum process_filter_forecast best = PROCESS_FILTER_NEVER;

	for (size_t i = 0; i < filter->count && best != PROCESS_FILTER_ALWAYS; i++) {
		enum process_filter_forecast forecast = object__forecast(&filter->objects[i],
									 &event);

		if (forecast > best)
			best = forecast;
	}
	return best;
}

void process_filter__figures(const struct process_filter *filter,
			     struct process_filter_figures *ret_figures)
{
	*ret_figures = filter->figures;
}
