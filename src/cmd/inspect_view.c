/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/inspect_view.h"

#include <linux/bpf.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/needs.h"
#include "cmd/table.h"
#include "pipeline/inspect.h"

#define DEFAULT_WIDTH "16"

/* ---- words ---------------------------------------------------------------------------------- */

static const char *const modes[] = {
	[STREAM_MODE_TABLE] = "table",
	[STREAM_MODE_EVENTS] = "events",
	[STREAM_MODE_SNAPSHOT] = "snapshot",
};

static const char *const map_types[] = {
	[BPF_MAP_TYPE_HASH] = "hash",
	[BPF_MAP_TYPE_ARRAY] = "array",
	[BPF_MAP_TYPE_PROG_ARRAY] = "prog_array",
	[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = "perf_event_array",
	[BPF_MAP_TYPE_PERCPU_HASH] = "percpu_hash",
	[BPF_MAP_TYPE_PERCPU_ARRAY] = "percpu_array",
	[BPF_MAP_TYPE_STACK_TRACE] = "stack_trace",
	[BPF_MAP_TYPE_CGROUP_ARRAY] = "cgroup_array",
	[BPF_MAP_TYPE_LRU_HASH] = "lru_hash",
	[BPF_MAP_TYPE_LRU_PERCPU_HASH] = "lru_percpu_hash",
	[BPF_MAP_TYPE_LPM_TRIE] = "lpm_trie",
	[BPF_MAP_TYPE_ARRAY_OF_MAPS] = "array_of_maps",
	[BPF_MAP_TYPE_HASH_OF_MAPS] = "hash_of_maps",
	[BPF_MAP_TYPE_SOCKMAP] = "sockmap",
	[BPF_MAP_TYPE_SOCKHASH] = "sockhash",
	[BPF_MAP_TYPE_SK_STORAGE] = "sk_storage",
	[BPF_MAP_TYPE_RINGBUF] = "ringbuf",
	[BPF_MAP_TYPE_INODE_STORAGE] = "inode_storage",
	[BPF_MAP_TYPE_TASK_STORAGE] = "task_storage",
};

static const char *map_type(uint32_t type)
{
	return type < array_size(map_types) && map_types[type] ? map_types[type] : "other";
}

static const char *note(const struct note_spec *notes, uint32_t count, const char *key)
{
	for (uint32_t i = 0; i < count; i++)
		if (str_eq(notes[i].key, key))
			return notes[i].value;
	return NULL;
}

static const char *field_note(const struct field_spec *field, const char *key)
{
	return note(field->notes, field->note_count, key);
}

static void format_type(const struct field_spec *field, struct strbuf *out)
{
	if (field->is_foreign)
		return;
	strbuf__add_text(out, field_type_name(field->type));
	if (field->type == FIELD_TYPE_STRING && !field->source)
		strbuf__printf(out, "(%u)", field->size);
	if (field->count > 0)
		strbuf__printf(out, "[%u]", field->count);
}

/* "16", "8-", "-52", "22-40-52": least, usual and most. */
static void format_width(const struct field_spec *field, struct strbuf *out)
{
	const char *least = field_note(field, "columns.minwidth");
	const char *usual = field_note(field, "columns.width");
	const char *most = field_note(field, "columns.maxwidth");

	if (least)
		strbuf__printf(out, "%s-", least);
	if (usual || (!least && !most))
		strbuf__add_text(out, usual ? usual : DEFAULT_WIDTH);
	if (most)
		strbuf__printf(out, "-%s", most);
}

/* Where the value is from. */
static void format_origin(const struct field_spec *field, struct strbuf *out)
{
	if (field->is_foreign)
		strbuf__add_text(out, "from elsewhere");
	else if (field->source)
		strbuf__printf(out, "%s of %s", field->steps[0].decoder, field->source);
	else
		strbuf__printf(out, "%s at %u", field->is_key ? "key" : "bytes", field->offset);
}

/* ---- for a person --------------------------------------------------------------------------- */

struct view {
	const struct spec *spec;
	const struct object_facts *facts; /* or NULL */
	size_t width;
	struct strbuf *out;
};

static void begin(struct table *table, const char *const *header)
{
	table->has_header = true;
	table__add_row(table, header);
}

static void end(struct view *view, struct table *table)
{
	strbuf__add_char(view->out, '\n');
	table__write(table, view->width, view->out);
	table__done(table);
}

enum {
	FIELD_NAME,
	FIELD_TYPE,
	FIELD_ROLE,
	FIELD_SHOWN,
	FIELD_WIDTH,
	FIELD_ORIGIN,
	FIELD_HELP,
	FIELD_COLUMNS
};

static void print_field(struct table *table, const struct field_spec *field)
{
	struct strbuf type = STRBUF_INIT, width = STRBUF_INIT, origin = STRBUF_INIT;
	const char *cells[FIELD_COLUMNS];

	format_type(field, &type);
	format_width(field, &width);
	format_origin(field, &origin);
	if (field->type_name && !field->is_foreign)
		strbuf__printf(&type, " %s", field->type_name);
	cells[FIELD_NAME] = field->name;
	cells[FIELD_TYPE] = strbuf__text(&type);
	cells[FIELD_ROLE] = field->role == FIELD_ROLE_NONE ? "" : role_name(field->role);
	cells[FIELD_SHOWN] = field->is_hidden ? "hidden" : "yes";
	cells[FIELD_WIDTH] = strbuf__text(&width);
	cells[FIELD_ORIGIN] = strbuf__text(&origin);
	cells[FIELD_HELP] = field_note(field, "description");
	table__add_row(table, cells);
	strbuf__done(&type);
	strbuf__done(&width);
	strbuf__done(&origin);
}

static void print_stream(struct view *view, const struct stream_spec *stream)
{
	static const char *const header[] = { "FIELD", "TYPE", "ROLE",      "SHOWN",
					      "WIDTH", "FROM", "WHAT IT IS" };
	struct table table = TABLE_INIT(FIELD_COLUMNS);

	strbuf__printf(view->out, "\ndata source %s: ", stream->name);
	if (stream->is_foreign)
		strbuf__add_text(view->out, "no program of the gadget fills it");
	else
		strbuf__printf(view->out, "%s, %u bytes each", modes[stream->mode],
			       stream->record_size);
	if (stream->map[0])
		strbuf__printf(view->out, ", map %s", stream->map);
	for (uint32_t i = 0; i < stream->iterator_count; i++)
		strbuf__printf(view->out, "%s%s", i ? " " : ", programs ",
			       stream->iterators[i].text);
	if (stream->lost_map)
		strbuf__printf(view->out, ", losses in %s", stream->lost_map);
	strbuf__add_char(view->out, '\n');
	for (uint32_t i = 0; i < stream->note_count; i++)
		strbuf__printf(view->out, "  %s: %s\n", stream->notes[i].key,
			       stream->notes[i].value);
	if (stream->field_count == 0)
		return;
	begin(&table, header);
	for (uint32_t i = 0; i < stream->field_count; i++)
		print_field(&table, &stream->fields[i]);
	end(view, &table);
}

static void print_params(struct view *view)
{
	static const char *const header[] = { "PARAMETER", "TYPE", "DEFAULT", "WHAT IT IS" };
	struct table table = TABLE_INIT(array_size(header));

	if (view->spec->param_count == 0)
		return;
	begin(&table, header);
	for (uint32_t i = 0; i < view->spec->param_count; i++) {
		const struct param_spec *param = &view->spec->params[i];
		const char *const cells[] = { param->name, param->type, param->value, param->help };

		table__add_row(&table, cells);
	}
	end(view, &table);
}

static const struct attach_spec *attach_of(const struct spec *spec, const char *program)
{
	for (uint32_t i = 0; spec->program_count && i < spec->programs[0].attach_count; i++)
		if (spec->programs[0].attaches[i].program &&
		    str_eq(spec->programs[0].attaches[i].program, program))
			return &spec->programs[0].attaches[i];
	return NULL;
}

static void format_attach(const struct attach_spec *attach, struct strbuf *out)
{
	if (!attach)
		return;
	if (attach->is_off)
		strbuf__add_text(out, "not attached");
	else if (attach->kind == ATTACH_KIND_PERF_EVENT)
		strbuf__printf(out, "%s, %u a second on each CPU",
			       attach->target ? attach->target : "cpu clock", attach->frequency_hz);
	else if (attach->target)
		strbuf__printf(out, "attached to %s", attach->target);
	if (attach->scope == ATTACH_SCOPE_EACH_CONTAINER)
		strbuf__printf(out, "%sin every container", out->len ? ", " : "");
	if (attach->scope == ATTACH_SCOPE_EACH_NETNS)
		strbuf__printf(out, "%sin every network namespace", out->len ? ", " : "");
	if (attach->map)
		strbuf__printf(out, "%son map %s", out->len ? ", " : "", attach->map);
}

static void print_programs(struct view *view)
{
	static const char *const header[] = { "PROGRAM", "SECTION", "BY THE GADGET" };
	struct table table = TABLE_INIT(array_size(header));

	if (view->facts->program_count == 0)
		return;
	begin(&table, header);
	for (uint32_t i = 0; i < view->facts->program_count; i++) {
		const struct fact_program *program = &view->facts->programs[i];
		struct strbuf attach = STRBUF_INIT;

		format_attach(attach_of(view->spec, program->name), &attach);

		const char *const cells[] = { program->name, program->section,
					      strbuf__text(&attach) };

		table__add_row(&table, cells);
		strbuf__done(&attach);
	}
	end(view, &table);
}

static void print_maps(struct view *view)
{
	static const char *const header[] = { "MAP", "TYPE", "KEY", "VALUE", "ENTRIES" };
	struct table table = TABLE_INIT(array_size(header));

	if (view->facts->map_count == 0)
		return;
	begin(&table, header);
	for (uint32_t i = 0; i < view->facts->map_count; i++) {
		const struct fact_map *map = &view->facts->maps[i];
		struct strbuf key = STRBUF_INIT, value = STRBUF_INIT, entries = STRBUF_INIT;

		strbuf__add_u64(&key, map->key_size);
		strbuf__add_u64(&value, map->value_size);
		strbuf__add_u64(&entries, map->max_entries);

		const char *const cells[] = { map->name, map_type(map->type), strbuf__text(&key),
					      strbuf__text(&value), strbuf__text(&entries) };

		table__add_row(&table, cells);
		strbuf__done(&key);
		strbuf__done(&value);
		strbuf__done(&entries);
	}
	end(view, &table);
}

static unsigned int needs_of(const struct view *view)
{
	unsigned int found = 0;

	for (uint32_t i = 0; view->facts && i < view->facts->program_count; i++)
		found |= needs_of_hook(view->facts->programs[i].section);
	return view->facts && view->facts->wants_kernel_types ? found | NEED_TYPES : found;
}

void inspect_view_text(const struct inspection *inspection, size_t width, struct strbuf *out)
{
	struct view view = { .spec = inspection__spec(inspection),
			     .facts = inspection__facts(inspection),
			     .width = width,
			     .out = out };
	unsigned int found = needs_of(&view);

	strbuf__printf(out, "%s%s%s\n", view.spec->name, view.spec->help ? ": " : "",
		       view.spec->help ? view.spec->help : "");
	for (uint32_t i = 0; i < view.spec->note_count; i++)
		strbuf__printf(out, "  %s: %s\n", view.spec->notes[i].key,
			       view.spec->notes[i].value);
	for (uint32_t i = 0; i < view.spec->stream_count; i++)
		print_stream(&view, &view.spec->streams[i]);
	print_params(&view);
	if (view.facts) {
		print_programs(&view);
		print_maps(&view);
	}
	if (found) {
		strbuf__add_text(out, "\nneeds: ");
		needs_format(found, out);
		strbuf__add_char(out, '\n');
	}
	for (uint32_t i = 0; i < view.spec->need_count; i++)
		strbuf__printf(out, "needs, and sonde does not have it: %s\n",
			       view.spec->needs[i].text);
}

/* ---- for a program -------------------------------------------------------------------------- */

static void add_notes(struct json_writer *json, const struct note_spec *notes, uint32_t count)
{
	json__begin_object(json, "annotations");
	for (uint32_t i = 0; i < count; i++)
		json__add_text(json, notes[i].key, notes[i].value);
	json__end_object(json);
}

static void add_field(struct json_writer *json, const struct field_spec *field)
{
	struct strbuf type = STRBUF_INIT;

	format_type(field, &type);
	json__begin_object(json, NULL);
	json__add_text(json, "name", field->name);
	json__add_text(json, "type", field->is_foreign ? NULL : strbuf__text(&type));
	json__add_text(json, "declared", field->type_name);
	json__add_text(json, "role",
		       field->role == FIELD_ROLE_NONE ? NULL : role_name(field->role));
	json__add_bool(json, "key", field->is_key);
	json__add_bool(json, "hidden", field->is_hidden);
	json__add_bool(json, "foreign", field->is_foreign);
	json__add_text(json, "source", field->source);
	json__add_text(json, "decoder", field->source ? field->steps[0].decoder : NULL);
	if (!field->source && !field->is_foreign) {
		json__add_u64(json, "offset", field->offset);
		json__add_u64(json, "size", field->size);
		json__add_u64(json, "count", field->count);
	}
	add_notes(json, field->notes, field->note_count);
	json__end_object(json);
	strbuf__done(&type);
}

static void add_stream(struct json_writer *json, const struct stream_spec *stream)
{
	json__begin_object(json, NULL);
	json__add_text(json, "name", stream->name);
	json__add_text(json, "mode", stream->is_foreign ? NULL : modes[stream->mode]);
	json__add_bool(json, "foreign", stream->is_foreign);
	json__add_u64(json, "record_size", stream->record_size);
	json__add_text(json, "map", stream->map[0] ? stream->map : NULL);
	json__add_text(json, "lost_map", stream->lost_map);
	json__begin_array(json, "iterators");
	for (uint32_t i = 0; i < stream->iterator_count; i++)
		json__add_text(json, NULL, stream->iterators[i].text);
	json__end_array(json);
	add_notes(json, stream->notes, stream->note_count);
	json__begin_array(json, "fields");
	for (uint32_t i = 0; i < stream->field_count; i++)
		add_field(json, &stream->fields[i]);
	json__end_array(json);
	json__end_object(json);
}

static void add_param(struct json_writer *json, const struct param_spec *param)
{
	json__begin_object(json, NULL);
	json__add_text(json, "name", param->name);
	json__add_text(json, "type", param->type);
	json__add_text(json, "default", param->value);
	json__add_text(json, "constant", param->constant);
	json__add_text(json, "help", param->help);
	json__begin_array(json, "choices");
	for (uint32_t i = 0; i < param->choice_count; i++)
		json__add_text(json, NULL, param->choices[i].text);
	json__end_array(json);
	json__end_object(json);
}

static void add_object(struct json_writer *json, const struct spec *spec,
		       const struct object_facts *facts)
{
	json__begin_array(json, "programs");
	for (uint32_t i = 0; facts && i < facts->program_count; i++) {
		struct strbuf attach = STRBUF_INIT;

		format_attach(attach_of(spec, facts->programs[i].name), &attach);
		json__begin_object(json, NULL);
		json__add_text(json, "name", facts->programs[i].name);
		json__add_text(json, "section", facts->programs[i].section);
		json__add_text(json, "attach", attach.len ? strbuf__text(&attach) : NULL);
		json__end_object(json);
		strbuf__done(&attach);
	}
	json__end_array(json);
	json__begin_array(json, "maps");
	for (uint32_t i = 0; facts && i < facts->map_count; i++) {
		const struct fact_map *map = &facts->maps[i];

		json__begin_object(json, NULL);
		json__add_text(json, "name", map->name);
		json__add_text(json, "type", map_type(map->type));
		json__add_u64(json, "key_size", map->key_size);
		json__add_u64(json, "value_size", map->value_size);
		json__add_u64(json, "max_entries", map->max_entries);
		json__end_object(json);
	}
	json__end_array(json);
}

void inspect_view_json(const struct inspection *inspection, struct strbuf *out)
{
	const struct view view = { .spec = inspection__spec(inspection),
				   .facts = inspection__facts(inspection) };
	struct json_writer json = { .out = out };

	json__begin_object(&json, NULL);
	json__add_text(&json, "name", view.spec->name);
	json__add_text(&json, "help", view.spec->help);
	add_notes(&json, view.spec->notes, view.spec->note_count);
	json__begin_array(&json, "data_sources");
	for (uint32_t i = 0; i < view.spec->stream_count; i++)
		add_stream(&json, &view.spec->streams[i]);
	json__end_array(&json);
	json__begin_array(&json, "params");
	for (uint32_t i = 0; i < view.spec->param_count; i++)
		add_param(&json, &view.spec->params[i]);
	json__end_array(&json);
	add_object(&json, view.spec, view.facts);
	json__begin_array(&json, "needs");
	needs_add_json(needs_of(&view), &json);
	json__end_array(&json);
	json__begin_array(&json, "missing");
	for (uint32_t i = 0; i < view.spec->need_count; i++)
		json__add_text(&json, NULL, view.spec->needs[i].text);
	json__end_array(&json);
	json__end_object(&json);
	strbuf__add_char(out, '\n');
}
