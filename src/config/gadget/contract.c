/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract: global variables of type "const void *" that no program uses; their names say what there is. Parts of a
 * name are separated by three underscores, and single ones may stand inside of a part.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "config/gadget/metrics.h"

#define SEPARATOR "___"
#define LOST_SUFFIX "_lost_samples"

struct completer {
	struct gadget_writer *writer; /* collects the streams of the object */
	const struct object_facts *facts;
	const struct spec *spec; /* the streams that the text describes */
};

int gadget_split(struct arena *arena, const struct fact_variable *variable, const char *prefix,
		 struct gadget_parts *ret_parts)
{
	const struct fact_type *type = variable->type;
	const char *at = variable->name + strlen(prefix), *end;

	ret_parts->count = 0;
	if (!str_starts(variable->name, prefix) || !type || type->kind != FACT_TYPE_POINTER ||
	    type->element)
		return 0;
	while (ret_parts->count < GADGET_MAX_PARTS) {
		char *part;

		end = strstr(at, SEPARATOR);
		part = arena__strndup(arena, at, end ? (size_t)(end - at) : strlen(at));
		if (!part)
			return -ENOMEM;
		ret_parts->items[ret_parts->count++] = part;
		if (!end)
			break;
		at = end + strlen(SEPARATOR);
	}
	return 0;
}

/* ---- what the names point to ---------------------------------------------------------------- */

static int complain(struct completer *completer, const char *variable, const char *text,
		    const char *name)
{
	const struct loc at = { .file = completer->facts->path };

	return err_list__set(completer->writer->errors, -EINVAL, &at, "variable '%s': %s '%s'",
			     variable, text, name);
}

static const struct fact_map *find_map(struct completer *completer, const char *variable,
				       const char *name)
{
	const struct fact_map *map = object_facts__find_map(completer->facts, name);

	if (!map)
		(void)complain(completer, variable, "the object has no map", name);
	return map;
}

static const struct fact_type *find_struct(struct completer *completer, const char *variable,
					   const char *name)
{
	for (uint32_t i = 0; i < completer->facts->type_count; i++)
		if (completer->facts->types[i]->kind == FACT_TYPE_STRUCT &&
		    str_eq(completer->facts->types[i]->name, name))
			return completer->facts->types[i];
	(void)complain(completer, variable, "the object's types have no struct", name);
	return NULL;
}

/* ---- streams -------------------------------------------------------------------------------- */

static const struct stream_spec *described(const struct completer *completer, const char *name)
{
	for (uint32_t i = 0; i < completer->spec->stream_count; i++)
		if (strcasecmp(completer->spec->streams[i].name, name) == 0)
			return &completer->spec->streams[i];
	return NULL;
}

static struct stream_spec *find_stream(struct completer *completer, const char *name)
{
	vec_for_each(&completer->writer->streams, stream)
		if (str_eq(stream->name, name))
			return stream;
	return NULL;
}

static int64_t interval_of(const struct stream_spec *text, const char *key)
{
	const char *value = text ? gadget_note(text->notes, text->note_count, key) : NULL;
	int64_t interval = 0;

	return value && num_parse_duration(value, strlen(value), &interval) == 0 ? interval : 0;
}

static uint64_t number_of(const struct stream_spec *text, const char *key, uint64_t otherwise)
{
	const char *value = text ? gadget_note(text->notes, text->note_count, key) : NULL;
	uint64_t number;

	return value && num_parse_u64(value, strlen(value), &number) == 0 ? number : otherwise;
}

static bool is_set(const struct stream_spec *text, const char *key)
{
	const char *value = text ? gadget_note(text->notes, text->note_count, key) : NULL;

	return value && strcasecmp(value, "true") == 0;
}

/* What the text adds; the stream and its fields go to the writer. */
static int finish_stream(struct completer *completer, struct stream_spec *stream,
			 struct gadget_fields *fields)
{
	const struct stream_spec *text = described(completer, stream->name);
	int r = gadget_fields__annotate(fields, text, stream->record_size);

	if (r < 0)
		return r;
	if (text) {
		stream->at = text->at;
		stream->notes = text->notes;
		stream->note_count = text->note_count;
	}
	stream->program = 0;
	stream->rest = STREAM_REST_IGNORE; /* records of a perf buffer are padded */
	stream->flush_on_stop = is_set(text, "ebpf.map.flush-on-stop") ||
				is_set(text, "ebpf.iter.fetch-on-stop");
	stream->fields = arena__memdup(completer->writer->arena, fields->list.items,
				       fields->list.len * sizeof(*fields->list.items));
	stream->field_count = (uint32_t)fields->list.len;
	if (!stream->fields)
		return -ENOMEM;
	if (completer->writer->streams.len >= GADGET_MAX_STREAMS)
		return complain(completer, stream->name, "one data source too many, the most are",
				"64");
	return vec_push(&completer->writer->streams, *stream);
}

static int add_tracer(struct completer *completer, const struct fact_variable *variable,
		      const struct gadget_parts *parts)
{
	__cleanup(
		gadget_fields__done) struct gadget_fields fields = { .writer = completer->writer };
	struct stream_spec stream = { .at = { .file = completer->facts->path },
				      .mode = STREAM_MODE_EVENTS };
	const struct fact_type *type;
	const struct fact_map *map;
	char *lost;
	int r;

	if (parts->count != 3)
		return complain(completer, variable->name,
				"a tracer has a name, a map and a struct in", variable->name);
	if (find_stream(completer, parts->items[0]))
		return 0; /* the original ignores repeats as well */
	map = find_map(completer, variable->name, parts->items[1]);
	type = find_struct(completer, variable->name, parts->items[2]);
	if (!map || !type)
		return -EINVAL;
	if (map->type != BPF_MAP_TYPE_RINGBUF && map->type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return complain(completer, variable->name,
				"neither a ring nor a perf buffer is map", map->name);
	lost = arena__printf(completer->writer->arena, "%s" LOST_SUFFIX, map->name);
	if (!lost)
		return -ENOMEM;
	stream.name = parts->items[0];
	stream.map = map->name;
	stream.lost_map = object_facts__find_map(completer->facts, lost) ? lost : NULL;
	stream.record_size = type->size;
	r = gadget_fields__add(&fields, type, 0, false);
	return r < 0 ? r : finish_stream(completer, &stream, &fields);
}

/* Upstream takes plain hashes only, because it drains them by batch. */
static bool is_hash(const struct fact_map *map)
{
	return map->type == BPF_MAP_TYPE_HASH || map->type == BPF_MAP_TYPE_PERCPU_HASH ||
	       map->type == BPF_MAP_TYPE_LRU_HASH || map->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static bool is_struct_of(const struct fact_type *type, uint32_t size)
{
	return type && type->kind == FACT_TYPE_STRUCT && type->size == size;
}

static int add_mapiter(struct completer *completer, const struct fact_variable *variable,
		       const struct gadget_parts *parts)
{
	__cleanup(
		gadget_fields__done) struct gadget_fields fields = { .writer = completer->writer };
	struct stream_spec stream = { .at = { .file = completer->facts->path },
				      .mode = STREAM_MODE_TABLE };
	const struct fact_map *map;
	int r;

	if (parts->count != 2)
		return complain(completer, variable->name, "a map iterator has a name and a map in",
				variable->name);
	if (find_stream(completer, parts->items[0]))
		return complain(completer, variable->name, "there are two data sources",
				parts->items[0]);
	map = find_map(completer, variable->name, parts->items[1]);
	if (!map)
		return -EINVAL;
	if (!is_hash(map))
		return complain(completer, variable->name, "no hash is map", map->name);
	if (!is_struct_of(map->key, map->key_size) || !is_struct_of(map->value, map->value_size))
		return complain(completer, variable->name, "key and value must be structs of map",
				map->name);
	stream.name = parts->items[0];
	stream.map = map->name;
	stream.read = STREAM_READ_DRAIN;
	stream.record_size = map->key_size + map->value_size;
	r = gadget_fields__add(&fields, map->key, 0, true);
	if (r == 0)
		r = gadget_fields__add(&fields, map->value, map->key_size, false);
	return r < 0 ? r : finish_stream(completer, &stream, &fields);
}

static int add_iterators(struct completer *completer, struct stream_spec *stream,
			 const struct fact_variable *variable, const struct gadget_parts *parts)
{
	uint32_t count = parts->count - 2;
	struct spec_text *iterators = arena_array(completer->writer->arena, struct spec_text,
						  count);

	if (!iterators)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const struct fact_program *found = NULL;

		for (uint32_t k = 0; k < completer->facts->program_count; k++)
			if (str_eq(completer->facts->programs[k].name, parts->items[2 + i]))
				found = &completer->facts->programs[k];
		if (!found)
			return complain(completer, variable->name, "the object has no program",
					parts->items[2 + i]);
		if (!str_starts(found->section, "iter"))
			return complain(completer, variable->name, "no iterator is program",
					found->name);
		iterators[i] = (struct spec_text){ .text = found->name, .at = stream->at };
	}
	stream->iterators = iterators;
	stream->iterator_count = count;
	return 0;
}

static int add_iterator(struct completer *completer, const struct fact_variable *variable,
			const struct gadget_parts *parts)
{
	__cleanup(
		gadget_fields__done) struct gadget_fields fields = { .writer = completer->writer };
	struct stream_spec stream = { .at = { .file = completer->facts->path },
				      .mode = STREAM_MODE_SNAPSHOT,
				      .map = "" };
	const struct stream_spec *text;
	const struct fact_type *type;
	int r;

	if (parts->count < 3)
		return complain(completer, variable->name,
				"an iterator has a name, a struct and its programs in",
				variable->name);
	if (find_stream(completer, parts->items[0]))
		return 0;
	type = find_struct(completer, variable->name, parts->items[1]);
	if (!type)
		return -EINVAL;
	text = described(completer, parts->items[0]);
	stream.name = parts->items[0];
	stream.record_size = type->size;
	stream.interval_ns = interval_of(text, "fetch-interval");
	stream.count = number_of(text, "fetch-count", 1);
	r = add_iterators(completer, &stream, variable, parts);
	if (r == 0)
		r = gadget_fields__add(&fields, type, 0, false);
	return r < 0 ? r : finish_stream(completer, &stream, &fields);
}

static int add_snapshotter(struct completer *completer, const struct fact_variable *variable,
			   const struct gadget_parts *parts)
{
	const struct loc at = { .file = completer->facts->path };
	int r = gadget_writer__warn(
		completer->writer, &at,
		"'%s' is declared by GADGET_SNAPSHOTTER, which is old; GADGET_ITER is the same",
		parts->items[0]);

	return r < 0 ? r : add_iterator(completer, variable, parts);
}

static const struct {
	const char *prefix;
	int (*add)(struct completer *completer, const struct fact_variable *variable,
		   const struct gadget_parts *parts);
} declarations[] = {
	{ "gadget_iter_", add_iterator },
	{ "gadget_mapiter_", add_mapiter },
	{ "gadget_snapshotter_", add_snapshotter },
	{ "gadget_tracer_", add_tracer },
};

static int add_declared(struct completer *completer, const struct fact_variable *variable)
{
	for (size_t i = 0; i < array_size(declarations); i++) {
		struct gadget_parts parts;
		int r = gadget_split(completer->writer->arena, variable, declarations[i].prefix,
				     &parts);

		if (r == 0 && parts.count > 0)
			r = declarations[i].add(completer, variable, &parts);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- maps that are metrics ------------------------------------------------------------------ */

/* Members of which no type says that they are system calls, since there was none in 2023. */
#define OLD_SYSCALL "syscall_nr"

static const struct note_spec old_syscall_notes[] = {
	{ "formatters.syscall.target", "syscall" },
};
static const struct note_spec counter_notes[] = { { "metrics.type", "counter" } };
static const struct note_spec map_notes[] = {
	{ "metrics.collect", "true" },
	{ GADGET_EXACT_NAMES_NOTE, "exact" },
};

/* Keys are labels, values are counters that are called as they are. */
static void explain_field(struct field_spec *field)
{
	if (field->is_key && !field->type_name && str_eq(field->name, OLD_SYSCALL)) {
		field->type_name = "gadget_syscall";
		field->role = FIELD_ROLE_SYSCALL;
		field->notes = old_syscall_notes;
		field->note_count = array_size(old_syscall_notes);
	} else if (!field->is_key && field->note_count == 0 && field->count == 0) {
		field->notes = counter_notes;
		field->note_count = array_size(counter_notes);
	}
}

static int add_metric_map(struct completer *completer, const struct note_spec *note)
{
	__cleanup(
		gadget_fields__done) struct gadget_fields fields = { .writer = completer->writer };
	struct stream_spec stream = {
		.at = { .file = completer->spec->origin },
		.name = note->value,
		.mode = STREAM_MODE_TABLE,
		.read = STREAM_READ_CUMULATIVE,
		.notes = map_notes,
		.note_count = array_size(map_notes),
	};
	const struct fact_map *map;
	int r;

	if (find_stream(completer, note->value))
		return 0;
	map = find_map(completer, "metrics", note->value);
	if (!map)
		return -EINVAL;
	if (!is_hash(map) || !is_struct_of(map->key, map->key_size) ||
	    !is_struct_of(map->value, map->value_size))
		return complain(completer, "metrics", "no hash of structs is map", map->name);
	stream.map = map->name;
	stream.record_size = map->key_size + map->value_size;
	r = gadget_fields__add(&fields, map->key, 0, true);
	if (r == 0)
		r = gadget_fields__add(&fields, map->value, map->key_size, false);
	if (r < 0)
		return r;
	vec_for_each(&fields.list, field)
		explain_field(field);
	return finish_stream(completer, &stream, &fields);
}

static int add_metric_maps(struct completer *completer)
{
	const struct spec *spec = completer->spec;

	for (uint32_t i = 0; i < spec->note_count; i++) {
		int r = str_starts(spec->notes[i].key, GADGET_METRIC_MAP_NOTE)
				? add_metric_map(completer, &spec->notes[i])
				: 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- streams that only the text knows -------------------------------------------------------- */

static int keep_foreign(struct completer *completer, const struct stream_spec *text)
{
	const struct gadget_writer *writer = completer->writer;
	const char *names[GADGET_MAX_STREAMS], *known;
	size_t count = 0;

	vec_for_each(&writer->streams, stream) {
		if (strcasecmp(stream->name, text->name) == 0)
			return 0;
		if (!stream->is_foreign)
			names[count++] = stream->name;
	}
	/* A module or the agent itself may be the one that fills it. */
	if (writer->needs.len > 0)
		return vec_push(&completer->writer->streams, *text);
	known = count > 0 ? names[0] : "none";
	return gadget_writer__warn(
		completer->writer, &text->at,
		"the object has no data source '%s', ignoring what is said of it; it has '%s'%s",
		text->name, known, count > 1 ? " and others" : "");
}

int gadget_add_streams(struct gadget_writer *writer, const struct object_facts *facts)
{
	struct completer completer = { .writer = writer, .facts = facts, .spec = writer->spec };
	int first = 0;

	for (uint32_t i = 0; i < facts->variable_count && first != -ENOMEM; i++) {
		int r = add_declared(&completer, &facts->variables[i]);

		if (first == 0 || r == -ENOMEM)
			first = r;
	}
	if (first == 0)
		first = add_metric_maps(&completer);
	for (uint32_t i = 0; first == 0 && i < writer->spec->stream_count; i++)
		first = keep_foreign(&completer, &writer->spec->streams[i]);
	return first;
}
