/* SPDX-License-Identifier: Apache-2.0 */
#include "program/tracepoint_format.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

#define DYNAMIC "__data_loc "

struct line { /* "field:unsigned long args[6];	offset:16;	size:48;	signed:0;" */
	const char *text;
	size_t len;
};

/* The number behind "name:" in the line; false: it has none. */
static bool find_number(const struct line *line, const char *name, uint32_t *ret_number)
{
	const char *found = memmem(line->text, line->len, name, strlen(name));
	const char *end = line->text + line->len;
	uint64_t number;

	if (!found)
		return false;
	found += strlen(name);
	if (num_parse_u64(found, strspn(found, "0123456789"), &number) < 0 || found > end ||
	    number > UINT32_MAX)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

/* "unsigned long args[6]" into "unsigned long" and "args". */
static int split_declaration(const char *text, size_t len, struct arena *arena,
			     struct tracepoint_field *field)
{
	size_t end = len, begin;

	while (end > 0 && text[end - 1] == ']')
		while (end > 0 && text[--end] != '[')
			;
	for (begin = end; begin > 0 && text[begin - 1] != ' ' && text[begin - 1] != '*';)
		begin--;
	field->name = arena__strndup(arena, text + begin, end - begin);
	while (begin > 0 && text[begin - 1] == ' ')
		begin--;
	field->type = arena__strndup(arena, text, begin);
	return field->name && field->type ? 0 : -ENOMEM;
}

/* 0: no field is in it. 1: there is. */
static int parse_line(const struct line *line, struct arena *arena, struct tracepoint_field *field,
		      struct err *err)
{
	static const char begin[] = "field:";
	const char *text = memmem(line->text, line->len, begin, sizeof(begin) - 1);
	const char *end;
	uint32_t is_signed;

	if (!text)
		return 0;
	text += sizeof(begin) - 1;
	end = memchr(text, ';', (size_t)(line->text + line->len - text));
	if (!end || !find_number(line, "offset:", &field->offset) ||
	    !find_number(line, "size:", &field->size) || !find_number(line, "signed:", &is_signed))
		return err__set(err, -EPROTO, NULL, "a field of a tracepoint's format has no %s",
				"offset, size or sign");
	field->is_signed = is_signed != 0;
	field->is_dynamic = (size_t)(end - text) > strlen(DYNAMIC) &&
			    memcmp(text, DYNAMIC, strlen(DYNAMIC)) == 0;
	if (field->is_dynamic)
		text += strlen(DYNAMIC);
	return split_declaration(text, (size_t)(end - text), arena, field) < 0 ? -ENOMEM : 1;
}

int tracepoint_format_parse(const char *text, struct arena *arena,
			    const struct tracepoint_field **ret_fields, uint32_t *ret_count,
			    struct err *err)
{
	struct tracepoint_field *fields = arena_array(arena, struct tracepoint_field,
						      TRACEPOINT_FIELDS_MAX);
	uint32_t count = 0;

	if (!fields)
		return err__set(err, -ENOMEM, NULL, "no memory for a tracepoint's format");
	while (*text) {
		struct line line = { text, strcspn(text, "\n") };
		struct tracepoint_field field = { 0 };
		int r = parse_line(&line, arena, &field, err);

		if (r < 0)
			return r;
		if (r > 0 && count == TRACEPOINT_FIELDS_MAX)
			return err__set(err, -E2BIG, NULL,
					"a tracepoint's format has more than %d fields",
					TRACEPOINT_FIELDS_MAX);
		if (r > 0)
			fields[count++] = field;
		text += line.len + (text[line.len] == '\n');
	}
	if (count == 0)
		return err__set(err, -EPROTO, NULL, "a tracepoint's format has no fields");
	*ret_fields = fields;
	*ret_count = count;
	return 0;
}
