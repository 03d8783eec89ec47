/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/process_fields.h"

#include <errno.h>

#include "base/mem.h"
#include "filter/filter_text.h"

struct process_fields {
	struct arena arena;     /* owned; of the masks */
	struct event_mask line; /* below each kind: what is left of it */
	bool is_filtered;
};

/* ---- masks: NULL is everything ---- */

static bool has_field(const struct event_mask *mask, uint32_t index)
{
	return mask->fields >> index & 1;
}

/* A mask of its own, so that it can be changed. */
static struct event_mask *copy_mask(struct arena *arena, const struct event_mask *mask)
{
	struct event_mask *copy = arena_new(arena, struct event_mask);

	if (!copy)
		return NULL;
	if (mask)
		*copy = *mask;
	else
		copy->fields = UINT64_MAX;
	return copy;
}

struct path {
	const char *text;
	size_t len;
};

/* Takes the first name off; false: there is none. */
static bool path__take(struct path *path, struct path *ret_name)
{
	const char *dot = memchr(path->text, '.', path->len);
	size_t len = dot ? (size_t)(dot - path->text) : path->len;

	*ret_name = (struct path){ .text = path->text, .len = len };
	path->text += dot ? len + 1 : len;
	path->len -= dot ? len + 1 : len;
	return len > 0;
}

/* Whether the path leads to a field of the message. */
static bool is_path(const struct event_message *message, struct path path)
{
	struct path name;

	do {
		const struct event_field *field = message && path__take(&path, &name)
							  ? event_message__find(message, name.text,
										name.len)
							  : NULL;

		if (!field)
			return false;
		message = field->message;
	} while (path.len > 0);
	return true;
}

/* What a field is, by its place in the message; the path is one of it. */
static uint32_t take_field(const struct event_message *message, struct path *path)
{
	struct path name;

	(void)path__take(path, &name);
	return (uint32_t)(event_message__find(message, name.text, name.len) - message->fields);
}

static int exclude(struct arena *arena, struct event_mask *mask,
		   const struct event_message *message, struct path path)
{
	for (;;) {
		uint32_t index = take_field(message, &path);
		struct event_mask *below;

		if (path.len == 0)
			mask->fields &= ~(1ULL << index);
		if (!has_field(mask, index))
			return 0;
		below = copy_mask(arena, mask->below[index]);
		if (!below)
			return -ENOMEM;
		mask->below[index] = below;
		message = message->fields[index].message;
		mask = below;
	}
}

/* mask began with nothing in it. */
static int include(struct arena *arena, struct event_mask *mask,
		   const struct event_message *message, struct path path)
{
	for (;;) {
		uint32_t index = take_field(message, &path);
		bool had_field = has_field(mask, index);
		struct event_mask *below;

		mask->fields |= 1ULL << index;
		if (path.len == 0)
			mask->below[index] = NULL;
		if (path.len == 0 || (had_field && !mask->below[index]))
			return 0;
		below = had_field ? copy_mask(arena, mask->below[index])
				  : arena_new(arena, struct event_mask);
		if (!below)
			return -ENOMEM;
		mask->below[index] = below;
		message = message->fields[index].message;
		mask = below;
	}
}

/* What both have; *ret_mask may be one of them. */
static int intersect(struct arena *arena, const struct event_mask *a, const struct event_mask *b,
		     const struct event_mask **ret_mask)
{
	struct event_mask *both;
	int r = 0;

	if (!a || !b) {
		*ret_mask = a ? a : b;
		return 0;
	}
	both = copy_mask(arena, a);
	if (!both)
		return -ENOMEM;
	both->fields &= b->fields;
	/* As deep as the paths. */
	for (uint32_t i = 0; r == 0 && i < EVENT_MESSAGE_FIELDS_MAX; i++)
		if (has_field(both, i))
			r = intersect(arena, a->below[i], b->below[i], &both->below[i]);
	*ret_mask = both;
	return r;
}

/* ---- filters ---- */

/* The next path of a list; false: there is none. */
static bool take_path(const char **paths, struct path *ret_path)
{
	size_t len;

	*paths += strspn(*paths, ", ");
	len = strcspn(*paths, ", ");
	*ret_path = (struct path){ .text = *paths, .len = len };
	*paths += len;
	return len > 0;
}

static int apply(struct arena *arena, const struct process_fields_filter *filter,
		 const struct event_field *kind, const struct event_mask **mask)
{
	bool is_include = filter->action == PROCESS_FIELDS_INCLUDE;
	struct event_mask *changed = is_include ? arena_new(arena, struct event_mask)
						: copy_mask(arena, *mask);
	const char *paths = filter->paths;
	struct path path;
	int r = changed ? 0 : -ENOMEM;

	while (r == 0 && take_path(&paths, &path)) {
		if (!is_path(kind->message, path))
			continue; /* another kind has it */
		r = is_include ? include(arena, changed, kind->message, path)
			       : exclude(arena, changed, kind->message, path);
	}
	if (r < 0)
		return r;
	if (is_include)
		return intersect(arena, *mask, changed, mask);
	*mask = changed;
	return 0;
}

static bool is_for(const struct process_fields_filter *filter, uint32_t kind)
{
	bool is_named = filter->kinds >> kind & 1;

	return filter->kinds == 0 || is_named != filter->is_inverted;
}

static int check_paths(const struct process_fields_filter *filter, struct err *err)
{
	const char *paths = filter->paths;
	struct path path;
	uint32_t count = 0;

	for (; take_path(&paths, &path); count++) {
		bool is_known = false;

		for (uint32_t kind = 1; kind < PROCESS_EVENT_KIND_COUNT; kind++)
			is_known |= is_for(filter, kind) &&
				    is_path(event_message_of((enum process_event_kind)kind), path);
		if (!is_known)
			return err__set(err, -EINVAL, NULL,
					"no event that is meant has a field '%.*s'; "
					"'process.binary' is one of most",
					(int)(path.len < 200 ? path.len : 200), path.text);
	}
	return count > 0 ? 0 : err__set(err, -EINVAL, NULL, "there are no fields");
}

int process_fields__new(struct process_fields **ret_fields)
{
	struct process_fields *fields = new_zero(struct process_fields);

	if (!fields)
		return -ENOMEM;
	fields->line.fields = UINT64_MAX;
	*ret_fields = fields;
	return 0;
}

int process_fields__add(struct process_fields *fields, const struct process_fields_filter *filter,
			struct err *err)
{
	int r = check_paths(filter, err);

	for (uint32_t i = 0; r == 0 && i < event_message_line.field_count; i++) {
		const struct event_field *kind = &event_message_line.fields[i];

		if (kind->choice && is_for(filter, kind->choice))
			r = apply(&fields->arena, filter, kind, &fields->line.below[i]);
	}
	fields->is_filtered |= r == 0;
	return r;
}

const struct event_mask *process_fields__mask(const struct process_fields *fields)
{
	return fields->is_filtered ? &fields->line : NULL;
}

struct process_fields *process_fields__free(struct process_fields *fields)
{
	if (!fields)
		return NULL;
	arena__done(&fields->arena);
	free(fields);
	return NULL;
}

/* ---- JSON ---- */

static int parse_action(struct filter_text *text, const json_t *value,
			enum process_fields_action *ret_action)
{
	const char *name = json_string_value(value);

	if (name && strcmp(name, "INCLUDE") == 0)
		*ret_action = PROCESS_FIELDS_INCLUDE;
	else if (name && strcmp(name, "EXCLUDE") == 0)
		*ret_action = PROCESS_FIELDS_EXCLUDE;
	else
		return filter_text__refuse(text, "action", "it is neither INCLUDE nor EXCLUDE");
	return 0;
}

static int parse_key(struct filter_text *text, const char *key, const json_t *value,
		     struct process_fields_filter *filter)
{
	if (filter_text_is_key("event_set", key))
		return filter_text__get_kinds(text, key, value, &filter->kinds);
	if (filter_text_is_key("action", key))
		return parse_action(text, value, &filter->action);
	if (filter_text_is_key("invert_event_set", key))
		return filter_text__get_bool(text, key, value, &filter->is_inverted);
	if (!filter_text_is_key("fields", key))
		return filter_text__refuse(text, key,
					   "there is no such key; there are event_set, fields, "
					   "action and invert_event_set");
	filter->paths = json_string_value(value);
	return filter->paths ? 0 : filter_text__refuse(text, key, "it is no string");
}

static int parse_filter(struct process_fields *fields, struct filter_text *text, json_t *object)
{
	struct process_fields_filter filter = { .action = PROCESS_FIELDS_INCLUDE };
	const char *key;
	json_t *value;
	int r;

	json_object_foreach(object, key, value)
	{
		r = json_is_null(value) ? 0 : parse_key(text, key, value, &filter);
		if (r < 0)
			return r;
	}
	if (!filter.paths)
		return filter_text__refuse(text, "fields", "the key is missing");
	r = process_fields__add(fields, &filter, text->err);
	return r < 0 ? err__wrap(text->err, r, text->at, "filter %u: 'fields'", text->count) : 0;
}

int process_fields_parse(const char *text, const struct loc *at, struct process_fields **ret_fields,
			 struct err *err)
{
	struct process_fields *fields = NULL;
	struct filter_text reader;
	json_t *object;
	int r = process_fields__new(&fields);

	if (r < 0)
		return r;
	reader = (struct filter_text){ .at = at, .arena = &fields->arena, .err = err };
	filter_text__begin(&reader, text);
	while ((r = filter_text__next(&reader, &object)) > 0) {
		r = parse_filter(fields, &reader, object);
		if (r < 0)
			break;
	}
	filter_text__end(&reader);
	if (r < 0)
		fields = process_fields__free(fields);
	else
		*ret_fields = fields;
	return r;
}
