/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "config/gadget/metrics.h"

/* A constant of this name beside a map says how many entries it has. */
#define SIZE_SUFFIX "_max_entries"

static int add_map_sizes(struct gadget_writer *writer, const struct object_facts *facts)
{
	/* All of a spec is const only once it is complete. */
	struct program_spec *program = (struct program_spec *)(uintptr_t)writer->spec->programs;
	VEC(struct map_size_spec) sizes = VEC_INIT;
	int r = 0;

	for (uint32_t i = 0; i < facts->map_count && r == 0; i++) {
		const struct map_size_spec size = {
			.at = { .file = facts->path },
			.map = facts->maps[i].name,
			.constant = arena__printf(writer->arena, "%s" SIZE_SUFFIX,
						  facts->maps[i].name),
		};
		const struct fact_variable *variable =
			size.constant ? object_facts__find_variable(facts, size.constant) : NULL;

		if (!size.constant)
			r = -ENOMEM;
		else if (variable && str_starts(variable->section, ".rodata"))
			r = vec_push(&sizes, size);
	}
	if (r == 0 && writer->spec->program_count > 0 && sizes.len > 0) {
		program->map_sizes = arena__memdup(writer->arena, sizes.items,
						   sizes.len * sizeof(*sizes.items));
		program->map_size_count = program->map_sizes ? (uint32_t)sizes.len : 0;
		r = program->map_sizes ? 0 : -ENOMEM;
	}
	vec_done(&sizes);
	return r;
}

/* ---- how often tables are read ------------------------------------------------------------------ */

const struct param_spec *gadget_writer__find_param(const struct gadget_writer *writer,
						   const char *name, const char **ret_value)
{
	const struct param_spec *found = NULL;

	vec_for_each(&writer->params, param)
		if (str_eq(param->name, name))
			found = param;
	if (!found)
		return NULL;
	*ret_value = found->value;
	for (uint32_t i = 0; i < writer->spec->setting_count; i++)
		if (str_eq(writer->spec->settings[i].key, name))
			*ret_value = writer->spec->settings[i].value;
	return found;
}

/* Of "a:1,b:2" what is said of the stream, of "3" just that. NULL: nothing is. */
static const char *value_for(const char *text, const char *stream, size_t *ret_len)
{
	size_t name_len = strlen(stream);

	while (*text) {
		size_t len = strcspn(text, ",");
		const char *colon = memchr(text, ':', len);
		bool is_meant = !colon || ((size_t)(colon - text) == name_len &&
					   memcmp(text, stream, name_len) == 0);

		if (is_meant) {
			*ret_len = colon ? len - name_len - 1 : len;
			return colon ? colon + 1 : text;
		}
		text += len + (text[len] == ',');
	}
	return NULL;
}

static int set_interval(struct stream_spec *stream, const char *text, size_t len)
{
	return len == 1 && text[0] == '0' ? (stream->interval_ns = 0, 0)
					  : num_parse_duration(text, len, &stream->interval_ns);
}

static int set_count(struct stream_spec *stream, const char *text, size_t len)
{
	return num_parse_u64(text, len, &stream->count);
}

static const struct {
	const char *param;
	const char *wanted;
	int (*set)(struct stream_spec *stream, const char *text, size_t len);
} fetch_params[] = {
	{ "map-fetch-count", "10, or STREAM:10,OTHER:5", set_count },
	{ "map-fetch-interval", "500ms, or STREAM:500ms,OTHER:2s", set_interval },
};

static int set_fetching(struct gadget_writer *writer)
{
	for (size_t i = 0; i < array_size(fetch_params); i++) {
		const char *value = NULL;
		const struct param_spec *param =
			gadget_writer__find_param(writer, fetch_params[i].param, &value);

		if (!param || !value[0])
			continue;
		vec_for_each(&writer->streams, stream) {
			size_t len = 0;
			const char *text = stream->mode == STREAM_MODE_TABLE && !stream->is_foreign
						   ? value_for(value, stream->name, &len)
						   : NULL;

			if (text &&
			    (fetch_params[i].set(stream, text, len) < 0 || stream->interval_ns < 0))
				return err_list__set(
					writer->errors, -EINVAL, &param->at,
					"parameter '%s' is \"%.64s\"; it must be like %s",
					param->name, value, fetch_params[i].wanted);
		}
	}
	return 0;
}

static int carry_over(struct gadget_writer *writer)
{
	const struct spec *spec = writer->spec;

	for (uint32_t i = 0; i < spec->warning_count; i++)
		if (vec_push(&writer->warnings, spec->warnings[i]) < 0)
			return -ENOMEM;
	for (uint32_t i = 0; i < spec->need_count; i++)
		if (vec_push(&writer->needs, spec->needs[i]) < 0)
			return -ENOMEM;
	for (uint32_t i = 0; i < spec->note_count; i++)
		if (vec_push(&writer->notes, spec->notes[i]) < 0)
			return -ENOMEM;
	return 0;
}

int gadget_complete(struct spec *spec, const struct object_facts *facts, struct err_list *errors)
{
	__cleanup(gadget_writer__done) struct gadget_writer writer = { .spec = spec,
								       .arena = &spec->arena,
								       .errors = errors };
	int r = carry_over(&writer);

	if (r == 0)
		r = gadget_add_streams(&writer, facts);
	if (r == 0)
		r = gadget_stand_in(&writer, facts);
	if (r == 0)
		r = gadget_add_params(&writer, facts);
	if (r == 0)
		r = gadget_add_hooks(&writer, facts);
	if (r == 0)
		r = set_fetching(&writer);
	if (r == 0)
		r = add_map_sizes(&writer, facts);
	if (r == 0)
		r = gadget_add_metrics(&writer, facts);
	return r == 0 ? gadget_writer__finish(&writer) : r;
}
