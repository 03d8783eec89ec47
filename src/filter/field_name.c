/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/field_name.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

#define MAX_HINTS 3
#define MAX_SHOWN 64 /* bytes of a name in a message */

struct loc loc_behind(const struct loc *at, size_t offset)
{
	return (struct loc){ .file = at ? at->file : NULL,
			     .line = at && at->line ? at->line : 1,
			     .column = (at && at->column ? at->column : 1) + (uint32_t)offset };
}

/* ---- what was meant ------------------------------------------------------------------------- */

struct hints {
	const char *names[MAX_HINTS]; /* borrowed from the schema */
	size_t count;
};

static void add_hint(struct hints *hints, const char *name)
{
	if (hints->count < MAX_HINTS)
		hints->names[hints->count++] = name;
}

static const char *last_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

/* "comm" of somebody who means "proc.comm", and "Proc.Comm". */
static void hint_same_word(const struct schema *schema, const char *name, struct hints *hints)
{
	for (uint32_t i = 0; i < schema->field_count; i++)
		if (strcasecmp(schema->fields[i].name, name) == 0 ||
		    strcasecmp(last_part(schema->fields[i].name), last_part(name)) == 0)
			add_hint(hints, schema->fields[i].name);
}

static void hint_nearest(const struct schema *schema, const char *name, struct hints *hints)
{
	const char **names = new_array(const char *, (size_t)schema->field_count + 1);
	const char *nearest;

	for (uint32_t i = 0; names && i < schema->field_count; i++)
		names[i] = schema->fields[i].name;
	nearest = names ? str_nearest(name, names, schema->field_count) : NULL;
	if (nearest)
		add_hint(hints, nearest);
	for (uint32_t i = 0; names && !nearest && i < schema->field_count; i++)
		names[i] = last_part(schema->fields[i].name);
	if (names && !nearest)
		nearest = str_nearest(last_part(name), names, schema->field_count);
	for (uint32_t i = 0; names && nearest && !hints->count && i < schema->field_count; i++)
		if (names[i] == nearest)
			add_hint(hints, schema->fields[i].name);
	free(names);
}

static void add_quoted(struct strbuf *text, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		strbuf__printf(text, "%s'%s'",
			       i == 0           ? ""
			       : i + 1 == count ? " or "
						: ", ",
			       names[i]);
}

static int no_such_field(const struct schema *schema, const char *name, const struct loc *at,
			 struct err *err)
{
	struct strbuf text = STRBUF_INIT;
	struct hints hints = { 0 };

	hint_same_word(schema, name, &hints);
	if (hints.count == 0)
		hint_nearest(schema, name, &hints);
	if (hints.count == 0) {
		for (uint32_t i = 0; i < schema->field_count; i++)
			if (!(schema->fields[i].flags & FIELD_HIDDEN))
				add_hint(&hints, schema->fields[i].name);
		add_quoted(&text, hints.names, hints.count);
		(void)err__set(err, -ENOENT, at, "%s has no field '%.*s'; it has %s%s",
			       schema->name, MAX_SHOWN, name,
			       hints.count ? strbuf__text(&text) : "none",
			       schema->field_count > MAX_HINTS ? " and others" : "");
	} else {
		add_quoted(&text, hints.names, hints.count);
		(void)err__set(err, -ENOENT, at, "%s has no field '%.*s'; did you mean %s?",
			       schema->name, MAX_SHOWN, name, strbuf__text(&text));
	}
	strbuf__done(&text);
	return -ENOENT;
}

/* ---- names ---------------------------------------------------------------------------------- */

static int find_in_any_case(const struct schema *schema, const char *name)
{
	for (uint32_t i = 0; i < schema->field_count; i++)
		if (strcasecmp(schema->fields[i].name, name) == 0)
			return (int)i;
	return -ENOENT;
}

int field_name_find(const struct schema *schema, const char *name, size_t len, enum field_case how,
		    const struct loc *at, uint32_t *ret_index, struct err *err)
{
	char copy[FIELD_NAME_MAX + 1];
	int index;

	if (len == 0)
		return err__set(err, -EINVAL, at, "the name of a field is missing");
	if (len > FIELD_NAME_MAX)
		return err__set(err, -EINVAL, at, "a name of %zu bytes; no field has more than %u",
				len, FIELD_NAME_MAX);
	memcpy(copy, name, len);
	copy[len] = '\0';
	index = schema__find(schema, copy);
	if (index < 0 && how == FIELD_CASE_ANY)
		index = find_in_any_case(schema, copy);
	if (index < 0)
		return no_such_field(schema, copy, at, err);
	*ret_index = (uint32_t)index;
	return 0;
}

/* ---- types ---------------------------------------------------------------------------------- */

enum field_type field_widest_type(const struct field *field)
{
	if (field->flags & FIELD_FLEXIBLE)
		return field->type == FIELD_TYPE_STRING ? FIELD_TYPE_STRING : FIELD_TYPE_BYTES;
	if (field->count > 1)
		return FIELD_TYPE_BYTES;
	switch (field->type) {
	case FIELD_TYPE_U8:
	case FIELD_TYPE_U16:
	case FIELD_TYPE_U32:
	case FIELD_TYPE_U64:
		return FIELD_TYPE_U64;
	case FIELD_TYPE_S8:
	case FIELD_TYPE_S16:
	case FIELD_TYPE_S32:
	case FIELD_TYPE_S64:
		return FIELD_TYPE_S64;
	case FIELD_TYPE_F32:
	case FIELD_TYPE_F64:
		return FIELD_TYPE_F64;
	case FIELD_TYPE_BOOL:
	case FIELD_TYPE_STRING:
		return field->type;
	case FIELD_TYPE_BYTES:
	case FIELD_TYPE_STRUCT:
		break;
	}
	return FIELD_TYPE_BYTES;
}

int field_refuse_bytes(const struct schema *schema, uint32_t index, const struct loc *at,
		       struct err *err)
{
	const char *name = schema->fields[index].name;
	struct strbuf text = STRBUF_INIT;
	struct hints members = { 0 };
	size_t len = strlen(name);

	for (uint32_t i = 0; i < schema->field_count; i++)
		if (strncmp(schema->fields[i].name, name, len) == 0 &&
		    schema->fields[i].name[len] == '.')
			add_hint(&members, schema->fields[i].name);
	add_quoted(&text, members.names, members.count);
	if (members.count)
		(void)err__set(err, -EINVAL, at, "field '%s' is a group; name one of it, as %s",
			       name, strbuf__text(&text));
	else
		(void)err__set(err, -EINVAL, at,
			       "field '%s' is bytes; only numbers, truth values and texts can be "
			       "compared",
			       name);
	strbuf__done(&text);
	return -EINVAL;
}
