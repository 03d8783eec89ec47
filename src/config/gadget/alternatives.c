/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sonde's own gadgets say beyond the language: of programs that do the same work the first that can is used. Written
 * and checked as in a probe's config.
 */
#include <errno.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/gadget/gadget.h"

static bool is_named(const struct alternative_spec *group, const char *program)
{
	for (uint32_t i = 0; i < group->program_count; i++)
		if (str_eq(group->programs[i], program))
			return true;
	return false;
}

/* A program that is in two lists could be chosen by one and left out by the other. */
static int check_name(struct gadget_writer *writer, const struct node *item,
		      const struct alternative_spec *group)
{
	const char *name = tree_text(item);
	bool is_twice;

	if (!name || !name[0])
		return err_list__set(writer->errors, -EINVAL, &item->at,
				     "an entry of 'alternatives' names no program");
	is_twice = is_named(group, name);
	vec_for_each(&writer->alternatives, other)
		is_twice |= is_named(other, name);
	return is_twice ? err_list__set(writer->errors, -EEXIST, &item->at,
					"prog '%.64s' stands twice in 'alternatives'; name it once",
					name)
			: 0;
}

static int read_group(struct gadget_writer *writer, const struct node *list)
{
	struct alternative_spec group = { .at = list->at };
	const char **programs;

	if (list->kind != NODE_LIST || list->count < 2)
		return err_list__set(writer->errors, -EINVAL, &list->at,
				     "an entry of 'alternatives' must be a list of two or more "
				     "programs, as [FIRST, SECOND]");
	programs = arena_array(writer->arena, const char *, list->count);
	if (!programs)
		return -ENOMEM;
	group.programs = programs;
	for (uint32_t i = 0; i < list->count; i++) {
		int r = check_name(writer, list->items[i], &group);

		if (r < 0)
			return r;
		programs[group.program_count++] = tree_text(list->items[i]);
	}
	return vec_push(&writer->alternatives, group);
}

int gadget_read_alternatives(struct gadget_writer *writer, const struct node *key,
			     const struct node *value)
{
	int first = 0;

	(void)key;
	if (value->kind != NODE_LIST)
		return err_list__set(writer->errors, -EINVAL, &value->at,
				     "'alternatives' is %s; it must be a list of lists of programs",
				     node__describe(value));
	for (uint32_t i = 0; i < value->count && first != -ENOMEM; i++) {
		int r = read_group(writer, value->items[i]);

		if (first == 0 || r == -ENOMEM)
			first = r;
	}
	return first;
}
