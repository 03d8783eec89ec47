/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/field_choice.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "base/vec.h"

#define MAX_NAMES 128 /* among which the nearest is looked for */

struct choice {
	const struct event_sink_options *options;
	const struct event_stream *stream;
	VEC(uint32_t) fields;
	bool is_changed; /* a list for this stream was read */
};

/* A part of the text. */
struct piece {
	const char *text;
	size_t len;
};

/* Takes what stands before the separator off the rest; false: there is nothing more. */
static bool next_piece(struct piece *rest, char separator, struct piece *ret_piece)
{
	const char *end;

	if (!rest->text)
		return false;
	end = memchr(rest->text, separator, rest->len);
	*ret_piece = (struct piece){ rest->text, end ? (size_t)(end - rest->text) : rest->len };
	if (end)
		*rest = (struct piece){ end + 1, rest->len - ret_piece->len - 1 };
	else
		*rest = (struct piece){ NULL, 0 };
	return true;
}

static void trim(struct piece *piece)
{
	while (piece->len && piece->text[0] == ' ') {
		piece->text++;
		piece->len--;
	}
	while (piece->len && piece->text[piece->len - 1] == ' ')
		piece->len--;
}

static bool is_called(const struct piece *piece, const char *name)
{
	return name && strlen(name) == piece->len &&
	       strncasecmp(name, piece->text, piece->len) == 0;
}

/* A group of fields has nothing of its own to show. */
static bool has_column(const struct event_stream *stream, uint32_t field)
{
	return stream->schema->fields[field].type != FIELD_TYPE_STRUCT ||
	       stream->styles[field].replace;
}

static bool is_shown(const struct event_stream *stream, uint32_t field)
{
	return has_column(stream, field) && !stream->styles[field].is_hidden &&
	       !(stream->schema->fields[field].flags & FIELD_HIDDEN);
}

static int compare_places(const struct event_stream *stream, uint32_t a, uint32_t b)
{
	int difference = stream->styles[a].order - stream->styles[b].order;

	return difference ? difference : a < b ? -1 : a > b;
}

/* Puts the field where its order says; those that are chosen by name stand as they were named. */
static int add_in_order(struct choice *choice, uint32_t field)
{
	size_t at;

	if (vec_push(&choice->fields, field) < 0)
		return -ENOMEM;
	for (at = choice->fields.len - 1; at > 0; at--) {
		if (compare_places(choice->stream, choice->fields.items[at - 1], field) < 0)
			break;
		choice->fields.items[at] = choice->fields.items[at - 1];
	}
	choice->fields.items[at] = field;
	return 0;
}

static int add_shown(struct choice *choice)
{
	for (uint32_t i = 0; i < choice->stream->schema->field_count; i++)
		if (is_shown(choice->stream, i) && add_in_order(choice, i) < 0)
			return -ENOMEM;
	return 0;
}

static int refuse_field(const struct choice *choice, const struct piece *name, struct err *err)
{
	const struct event_stream *stream = choice->stream;
	const char *names[MAX_NAMES], *nearest;
	char *text __cleanup(x_freep) = strndup(name->text, name->len);
	size_t count = 0;

	if (!text)
		return -ENOMEM;
	for (uint32_t i = 0; i < stream->schema->field_count && count < MAX_NAMES; i++)
		if (has_column(stream, i))
			names[count++] = stream->schema->fields[i].name;
	nearest = str_nearest(text, names, count);
	return err__set(err, -EINVAL, NULL, "'%s' has no field '%s'%s%s%s", stream->name, text,
			nearest ? "; did you mean '" : "", nearest ? nearest : "",
			nearest ? "'?" : "");
}

static int find_field(const struct choice *choice, const struct piece *name, uint32_t *ret_field,
		      struct err *err)
{
	const struct event_stream *stream = choice->stream;
	uint32_t found = UINT32_MAX;

	for (uint32_t i = 0; i < stream->schema->field_count && found == UINT32_MAX; i++)
		if (is_called(name, stream->schema->fields[i].name))
			found = i;
	for (uint32_t i = 0; i < stream->schema->field_count && found == UINT32_MAX; i++)
		if (has_column(stream, i) && is_called(name, stream->styles[i].title))
			found = i;
	if (found == UINT32_MAX)
		return refuse_field(choice, name, err);
	if (!has_column(stream, found))
		return err__set(err, -EINVAL, NULL,
				"field '%s' of '%s' is a group; name fields in it, as in '%s.x'",
				stream->schema->fields[found].name, stream->name,
				stream->schema->fields[found].name);
	*ret_field = found;
	return 0;
}

static void remove_field(struct choice *choice, uint32_t field)
{
	size_t kept = 0;

	vec_for_each(&choice->fields, other)
		if (*other != field)
			choice->fields.items[kept++] = *other;
	choice->fields.len = kept;
}

static bool is_chosen(const struct choice *choice, uint32_t field)
{
	vec_for_each(&choice->fields, other)
		if (*other == field)
			return true;
	return false;
}

/* One of a list: "x", or "+x" and "-x". */
static int apply_name(struct choice *choice, struct piece name, bool is_difference, struct err *err)
{
	char sign = name.len ? name.text[0] : 0;
	uint32_t field = 0;
	int r;

	if (is_difference != (sign == '+' || sign == '-'))
		return err__set(err, -EINVAL, NULL,
				"a list of fields is either 'a,b' or '+a,-b', not both");
	if (is_difference) {
		name.text++;
		name.len--;
	}
	r = find_field(choice, &name, &field, err);
	if (r < 0)
		return r;
	if (sign == '-')
		remove_field(choice, field);
	else if (sign == '+')
		return is_chosen(choice, field) ? 0 : add_in_order(choice, field);
	else if (!is_chosen(choice, field))
		return vec_push(&choice->fields, field);
	return 0;
}

static int apply_list(struct choice *choice, struct piece list, struct err *err)
{
	struct piece name;
	bool is_difference;
	int r = 0;

	trim(&list);
	is_difference = list.len > 0 && (list.text[0] == '+' || list.text[0] == '-');
	if (!choice->is_changed && !is_difference)
		choice->fields.len = 0;
	choice->is_changed = true;
	while (r == 0 && next_piece(&list, ',', &name)) {
		trim(&name);
		r = apply_name(choice, name, is_difference, err);
	}
	return r;
}

static int check_stream(const struct choice *choice, const struct piece *name, struct err *err)
{
	const struct event_sink_options *options = choice->options;
	struct strbuf names __cleanup(strbuf__done) = STRBUF_INIT;

	for (uint32_t i = 0; i < options->stream_count; i++) {
		if (is_called(name, options->streams[i].name))
			return 0;
		strbuf__printf(&names, "%s'%s'", i ? ", " : "", options->streams[i].name);
	}
	return err__set(err, -EINVAL, NULL, "nothing is called '%.*s'; there are %s",
			(int)name->len, name->text, strbuf__text(&names));
}

/* "list" or "stream:list" */
static int apply_part(struct choice *choice, struct piece part, struct err *err)
{
	const char *colon = memchr(part.text, ':', part.len);
	struct piece name = part;
	int r;

	if (!colon)
		return apply_list(choice, part, err);
	name.len = (size_t)(colon - part.text);
	trim(&name);
	part = (struct piece){ colon + 1, part.len - (size_t)(colon + 1 - part.text) };
	r = check_stream(choice, &name, err);
	if (r < 0 || !is_called(&name, choice->stream->name))
		return r;
	return apply_list(choice, part, err);
}

int field_choice_parse(const char *text, const struct event_sink_options *options, uint32_t stream,
		       uint32_t **ret_fields, size_t *ret_count, struct err *err)
{
	struct choice choice = { .options = options, .stream = &options->streams[stream] };
	struct piece rest = { text, text ? strlen(text) : 0 };
	struct piece part;
	int r = add_shown(&choice);

	while (r == 0 && next_piece(&rest, ';', &part))
		r = apply_part(&choice, part, err);
	if (r == 0 && choice.is_changed && choice.fields.len == 0)
		r = err__set(err, -EINVAL, NULL, "no field of '%s' would be shown",
			     choice.stream->name);
	if (r < 0) {
		vec_done(&choice.fields);
		return r;
	}
	*ret_fields = choice.fields.items;
	*ret_count = choice.fields.len;
	return 0;
}
