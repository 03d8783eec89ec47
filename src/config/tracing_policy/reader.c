/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "config/tracing_policy/tracing_policy.h"

#define LIST_PREFIX "list:"

static void add_message(struct err_list *list, const struct loc *at, const char *path,
			const char *field, const char *format, va_list args)
	__attribute__((format(printf, 5, 0)));

static void add_message(struct err_list *list, const struct loc *at, const char *path,
			const char *field, const char *format, va_list args)
{
	struct strbuf text = STRBUF_INIT;

	strbuf__printf(&text, "%s%s%s: ", path, field[0] ? "." : "", field);
	strbuf__vprintf(&text, format, args);
	(void)err_list__set(list, -EINVAL, at, "%s", strbuf__text(&text));
	strbuf__done(&text);
}

void reader__complain(struct reader *reader, const struct loc *at, const char *path,
		      const char *field, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_message(reader->errors, at, path, field, format, args);
	va_end(args);
	if (reader->first == 0)
		reader->first = -EINVAL;
}

void reader__warn(struct reader *reader, const struct loc *at, const char *path, const char *field,
		  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_message(reader->warnings, at, path, field, format, args);
	va_end(args);
}

const char *reader__item_path(struct reader *reader, const char *path, const char *field,
			      uint32_t index)
{
	return arena__printf(reader->arena, "%s.%s[%u]", path, field, index);
}

const char *text_or_null(const struct spec_text *text)
{
	return text->text && text->text[0] ? text->text : NULL;
}

static uint32_t find_list(const struct reader *reader, const char *name)
{
	for (uint32_t i = 0; i < reader->list_count; i++)
		if (str_eq(reader->lists[i].name, name))
			return i;
	return SPEC_NONE;
}

void reader__resolve(struct reader *reader, struct value_spec *value, const char *path,
		     const char *field)
{
	if (!str_starts(value->text, LIST_PREFIX))
		return;
	value->list = find_list(reader, value->text + strlen(LIST_PREFIX));
	if (value->list == SPEC_NONE)
		reader__complain(reader, &value->at, path, field,
				 "there is no list '%.64s'; define it in spec.lists",
				 value->text + strlen(LIST_PREFIX));
}

void reader__check_calls(struct reader *reader, const struct value_spec *value, const char *path,
			 const char *field)
{
	const struct spec_text *odd = reader->odd_calls[value->list];

	if (odd)
		reader__complain(
			reader, &value->at, path, field,
			"'%.64s' of list '%.64s' on line %u is no function of a system call; write sys_NAME there",
			odd->text, reader->lists[value->list].name, odd->at.line);
}

void reader__resolve_all(struct reader *reader, const struct bind_list *list, const char *path,
			 const char *field)
{
	struct value_spec *values = list->items;
	char name[64];

	for (uint32_t i = 0; i < list->count; i++) {
		(void)snprintf(name, sizeof(name), "%s[%u]", field, i);
		reader__resolve(reader, &values[i], path, name);
	}
}
