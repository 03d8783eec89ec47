/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/event_tree.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/vec.h"

#define STREAM_KEY "stream"

struct named_field {
	const char *name;
	uint32_t field;
	bool is_group; /* nothing but what is in it */
};

/* A group that was entered. */
struct level {
	const char *path; /* not terminated, no dot at its end */
	size_t len;
};

struct tree {
	VEC(struct event_step) steps;
	struct level levels[EVENT_TREE_MAX_DEPTH];
	size_t depth;
};

/* A dot comes before every other character, so that what is in a group stands together behind it. */
static int rank(char c)
{
	return c == '.' ? 1 : c == 0 ? 0 : (unsigned char)c + 2;
}

static int compare(const void *a, const void *b)
{
	const struct named_field *left = a, *right = b;
	const char *x = left->name, *y = right->name;

	for (; *x && *x == *y; x++, y++)
		;
	if (*x != *y)
		return rank(*x) - rank(*y);
	return left->field < right->field ? -1 : left->field > right->field;
}

static int push(struct tree *tree, enum event_step_kind kind, const char *key, size_t len,
		uint32_t field)
{
	const struct event_step step = { .kind = kind, .key = key, .key_len = len, .field = field };

	return vec_push(&tree->steps, step);
}

static bool is_inside(const char *name, const struct level *level)
{
	return strncmp(name, level->path, level->len) == 0 && name[level->len] == '.';
}

/* The first character of the name behind the groups that are open. */
static const char *rest_of(const struct tree *tree, const char *name)
{
	return tree->depth ? name + tree->levels[tree->depth - 1].len + 1 : name;
}

static int leave_until_inside(struct tree *tree, const char *name)
{
	while (tree->depth > 0 && !is_inside(name, &tree->levels[tree->depth - 1])) {
		if (push(tree, EVENT_STEP_LEAVE, NULL, 0, 0) < 0)
			return -ENOMEM;
		tree->depth--;
	}
	return 0;
}

static int enter(struct tree *tree, const char *name, const char *key, size_t len)
{
	tree->levels[tree->depth++] = (struct level){ name, (size_t)(key + len - name) };
	return push(tree, EVENT_STEP_ENTER, key, len, 0);
}

/* Enters the groups that the name says it is in. `value` is a field before it that has a value: it can be no group. */
static int enter_groups(struct tree *tree, const struct named_field *field, const char *value)
{
	for (;;) {
		const char *key = rest_of(tree, field->name);
		const char *dot = strchr(key, '.');
		size_t len = dot ? (size_t)(dot - field->name) : 0;

		if (!dot || tree->depth == EVENT_TREE_MAX_DEPTH)
			return 0;
		if (value && strlen(value) == len && strncmp(value, field->name, len) == 0)
			return 0;
		if (enter(tree, field->name, key, (size_t)(dot - key)) < 0)
			return -ENOMEM;
	}
}

static int add_field(struct tree *tree, const struct named_field *field, const char *value)
{
	const char *key;

	if (leave_until_inside(tree, field->name) < 0 || enter_groups(tree, field, value) < 0)
		return -ENOMEM;
	key = rest_of(tree, field->name);
	if (field->is_group && tree->depth < EVENT_TREE_MAX_DEPTH)
		return enter(tree, field->name, key, strlen(key));
	return push(tree, EVENT_STEP_FIELD, key, strlen(key), field->field);
}

static int add_all(struct tree *tree, const struct named_field *fields, size_t count)
{
	const char *before = NULL; /* the last name */
	const char *value =
		NULL; /* the last name that has a value and may be the start of others */

	for (size_t i = 0; i < count; i++) {
		const char *name = fields[i].name;

		if (before && str_eq(before, name))
			continue; /* two of one name: the first, for an object has a key once */
		before = name;
		if (value && !is_inside(name, &(struct level){ value, strlen(value) }))
			value = NULL;
		if (add_field(tree, &fields[i], value) < 0)
			return -ENOMEM;
		if (!fields[i].is_group && !value)
			value = name;
	}
	for (; tree->depth > 0; tree->depth--)
		if (push(tree, EVENT_STEP_LEAVE, NULL, 0, 0) < 0)
			return -ENOMEM;
	return 0;
}

static size_t collect(const struct event_stream *stream, bool names_stream,
		      struct named_field *ret_fields)
{
	const struct schema *schema = stream->schema;
	size_t count = 0;

	for (uint32_t i = 0; i < schema->field_count; i++)
		if (!stream->styles[i].is_skipped_in_json)
			ret_fields[count++] = (struct named_field){
				.name = schema->fields[i].name,
				.field = i,
				.is_group = schema->fields[i].type == FIELD_TYPE_STRUCT,
			};
	if (names_stream && schema__find(schema, STREAM_KEY) < 0)
		ret_fields[count++] = (struct named_field){ .name = STREAM_KEY,
							    .field = EVENT_FIELD_STREAM };
	qsort(ret_fields, count, sizeof(*ret_fields), compare);
	return count;
}

int event_tree_make(const struct event_stream *stream, bool names_stream,
		    struct event_step **ret_steps, size_t *ret_count)
{
	struct named_field *fields __cleanup(x_freep) =
		new_array(struct named_field, (size_t)stream->schema->field_count + 1);
	struct tree tree = { .steps = VEC_INIT };

	if (!fields)
		return -ENOMEM;
	if (add_all(&tree, fields, collect(stream, names_stream, fields)) < 0) {
		vec_done(&tree.steps);
		return -ENOMEM;
	}
	*ret_steps = tree.steps.items;
	*ret_count = tree.steps.len;
	return 0;
}
