/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/filter_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void filter_text__begin(struct filter_text *text, const char *source)
{
	text->text = source;
	text->len = strlen(source);
	text->offset = 0;
	text->object = NULL;
	text->count = 0;
}

void filter_text__end(struct filter_text *text)
{
	json_decref(text->object);
	text->object = NULL;
}

/* Where a byte of the text stands. */
static struct loc position(const struct filter_text *text, size_t offset)
{
	struct loc at = text->at ? *text->at : (struct loc){ 0 };

	if (at.line == 0)
		at.line = 1;
	if (at.column == 0)
		at.column = 1;
	for (size_t i = 0; i < offset && i < text->len; i++) {
		at.column++;
		if (text->text[i] == '\n') {
			at.line++;
			at.column = 1;
		}
	}
	return at;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int filter_text__next(struct filter_text *text, json_t **ret_object)
{
	json_error_t problem;
	struct loc at;

	filter_text__end(text);
	if (text->len > FILTER_TEXT_MAX_BYTES)
		return err__set(text->err, -E2BIG, text->at,
				"the filters have %zu bytes, more than %u", text->len,
				FILTER_TEXT_MAX_BYTES);
	while (text->offset < text->len && is_blank(text->text[text->offset]))
		text->offset++;
	if (text->offset == text->len)
		return 0;
	text->object_offset = text->offset;
	at = position(text, text->offset);
	if (text->count == FILTER_TEXT_MAX_OBJECTS)
		return err__set(text->err, -E2BIG, &at, "there are more than %u filters",
				FILTER_TEXT_MAX_OBJECTS);
	text->object = json_loadb(text->text + text->offset, text->len - text->offset,
				  JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &problem);
	if (!text->object) {
		at = position(text,
			      text->offset + (problem.position > 0 ? (size_t)problem.position : 0));
		return err__set(text->err, -EINVAL, &at, "filter %u is no JSON: %s",
				text->count + 1, problem.text);
	}
	if (!json_is_object(text->object))
		return err__set(text->err, -EINVAL, &at, "filter %u is no object", text->count + 1);
	text->offset += (size_t)problem.position;
	text->count++;
	*ret_object = text->object;
	return 1;
}

bool filter_text_is_key(const char *name, const char *key)
{
	for (; *name && *key; name++, key++) {
		if (*name == *key)
			continue;
		if (*name != '_' || name[1] < 'a' || name[1] > 'z' || *key != name[1] - 'a' + 'A')
			return false;
		name++;
	}
	return *name == *key;
}

int filter_text__refuse(struct filter_text *text, const char *key, const char *format, ...)
{
	struct loc at = position(text, text->object_offset);
	char what[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return err__set(text->err, -EINVAL, text->at ? &at : NULL, "filter %u: '%s': %s",
			text->count, key, what);
}

static int check_list(struct filter_text *text, const char *key, const json_t *value)
{
	return json_is_array(value) ? 0 : filter_text__refuse(text, key, "it is no list");
}

int filter_text__get_texts(struct filter_text *text, const char *key, const json_t *value,
			   struct text_list *ret_list)
{
	size_t count = json_array_size(value);
	struct text_view *texts;
	int r = check_list(text, key, value);

	if (r < 0)
		return r;
	texts = arena_array(text->arena, struct text_view, count ? count : 1);
	if (!texts)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const char *item = json_string_value(json_array_get(value, i));

		if (!item)
			return filter_text__refuse(text, key, "value %zu is no string", i + 1);
		item = arena__strdup(text->arena, item);
		if (!item)
			return -ENOMEM;
		texts[i] = text_view_of(item);
	}
	*ret_list = (struct text_list){ .texts = texts, .count = (uint32_t)count };
	return 0;
}

int filter_text__get_patterns(struct filter_text *text, const char *key, const json_t *value,
			      struct pattern_list *list)
{
	size_t count = json_array_size(value);
	int r = check_list(text, key, value);

	if (r < 0 || count == 0)
		return r;
	list->patterns = new_array(struct pattern *, count);
	if (!list->patterns)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const char *item = json_string_value(json_array_get(value, i));
		struct loc at = position(text, text->object_offset);

		if (!item)
			return filter_text__refuse(text, key, "value %zu is no string", i + 1);
		r = pattern__compile(item, text->at ? &at : NULL, &list->patterns[i], text->err);
		if (r < 0)
			return err__wrap(text->err, r, NULL, "filter %u: '%s'", text->count, key);
		list->count++;
	}
	return 0;
}

int filter_text__get_bool(struct filter_text *text, const char *key, const json_t *value,
			  bool *ret_value)
{
	if (!json_is_boolean(value))
		return filter_text__refuse(text, key, "it is neither true nor false");
	*ret_value = json_is_true(value);
	return 0;
}

static enum process_event_kind get_kind(const json_t *value)
{
	json_int_t number = json_integer_value(value);

	if (json_is_string(value))
		return process_event_kind_find(json_string_value(value), json_string_length(value));
	return json_is_integer(value) && number >= 0 && number <= UINT32_MAX
		       ? process_event_kind_from_number((uint32_t)number)
		       : PROCESS_EVENT_NONE;
}

int filter_text__get_kinds(struct filter_text *text, const char *key, const json_t *value,
			   uint32_t *ret_kinds)
{
	uint32_t kinds = 0;
	int r = check_list(text, key, value);

	if (r < 0)
		return r;
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *item = json_array_get(value, i);
		enum process_event_kind kind = get_kind(item);

		if (kind == PROCESS_EVENT_NONE)
			return filter_text__refuse(
				text, key, "there is no event '%s'; PROCESS_EXEC is one",
				json_is_string(item) ? json_string_value(item) : "");
		kinds |= 1u << kind;
	}
	*ret_kinds = kinds;
	return 0;
}

int pattern_list__match(const struct pattern_list *list, const struct text_view *text)
{
	int worst = 0;

	for (uint32_t i = 0; i < list->count; i++) {
		int r = pattern__match(list->patterns[i], text->len ? text->data : "", text->len);

		if (r > 0)
			return 1;
		if (r < 0)
			worst = r;
	}
	return worst;
}

void pattern_list__done(struct pattern_list *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		pattern__free(list->patterns[i]);
	free(list->patterns);
	*list = (struct pattern_list){ 0 };
}
