/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "config/gadget/metrics.h"

typedef int (*pair_fn)(struct gadget_writer *writer, const struct node *key,
		       const struct node *value, void *into);

/* Runs over the pairs of a map. Anything but a map or null is told, and ignored as the original does. */
static int for_each_pair(struct gadget_writer *writer, const struct node *map, const char *what,
			 pair_fn run, void *into)
{
	const char *text = tree_text(map);

	if (!map || (text && !text[0]))
		return 0;
	if (map->kind != NODE_MAP)
		return gadget_writer__warn(writer, &map->at, "'%s' is %s, not a map; ignoring it",
					   what, node__describe(map));
	for (uint32_t i = 0; i < map->count; i++) {
		int r = map->pairs[i].key->kind == NODE_SCALAR
				? run(writer, map->pairs[i].key, map->pairs[i].value, into)
				: 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- annotations ---------------------------------------------------------------------------- */

static int add_note(struct gadget_writer *writer, const struct node *key, const struct node *value,
		    void *into)
{
	const char *text = tree_text(value);

	if (!text)
		return gadget_writer__warn(writer, &value->at,
					   "annotation '%s' is %s, not a text; ignoring it",
					   key->text, node__describe(value));
	return gadget_notes__set(into, tree_lower(writer->arena, key->text), text);
}

static int read_notes(struct gadget_writer *writer, const struct node *owner,
		      const struct note_spec **ret_notes, uint32_t *ret_count)
{
	gadget_notes notes = VEC_INIT;
	int r = for_each_pair(writer, tree_find(owner, "annotations"), "annotations", add_note,
			      &notes);

	if (r == 0) {
		*ret_notes = arena__memdup(writer->arena, notes.items,
					   notes.len * sizeof(*notes.items));
		*ret_count = (uint32_t)notes.len;
		r = *ret_notes ? 0 : -ENOMEM;
	}
	vec_done(&notes);
	return r;
}

/* ---- data sources --------------------------------------------------------------------------- */

typedef VEC(struct field_spec) field_list;

static int add_field(struct gadget_writer *writer, const struct node *key, const struct node *value,
		     void *into)
{
	field_list *fields = into;
	struct field_spec field = {
		.at = key->at, .name = key->text, .role = FIELD_ROLE_NONE, .is_foreign = true
	};
	int r = read_notes(writer, value, &field.notes, &field.note_count);

	if (r < 0)
		return r;
	if (fields->len >= GADGET_MAX_FIELDS)
		return err_list__set(writer->errors, -E2BIG, &key->at,
				     "a data source has at most %d fields", GADGET_MAX_FIELDS);
	return vec_push(fields, field);
}

static int add_stream(struct gadget_writer *writer, const struct node *key,
		      const struct node *value, void *into)
{
	struct stream_spec stream = { .at = key->at,
				      .name = key->text,
				      .program = SPEC_NONE,
				      .mode = STREAM_MODE_EVENTS,
				      .map = "",
				      .is_foreign = true };
	field_list fields = VEC_INIT;
	int r;

	(void)into;
	if (writer->streams.len >= GADGET_MAX_STREAMS)
		return err_list__set(writer->errors, -E2BIG, &key->at,
				     "a gadget has at most %d data sources", GADGET_MAX_STREAMS);
	r = read_notes(writer, value, &stream.notes, &stream.note_count);
	if (r == 0)
		r = for_each_pair(writer, tree_find(value, "fields"), "fields", add_field, &fields);
	if (r == 0) {
		stream.fields = arena__memdup(writer->arena, fields.items,
					      fields.len * sizeof(*fields.items));
		stream.field_count = (uint32_t)fields.len;
		r = stream.fields ? vec_push(&writer->streams, stream) : -ENOMEM;
	}
	vec_done(&fields);
	return r;
}

static int read_streams(struct gadget_writer *writer, const struct node *key,
			const struct node *value)
{
	(void)key;
	return for_each_pair(writer, value, "datasources", add_stream, NULL);
}

/* ---- parameters ----------------------------------------------------------------------------- */

static int add_param(struct gadget_writer *writer, const struct node *key, const struct node *value,
		     void *into)
{
	const char *name = tree_text(tree_find(value, "key"));
	const char *initial = tree_text(tree_find(value, "defaultValue"));
	const char *help = tree_text(tree_find(value, "description"));
	const bool *is_constant = into;
	struct param_spec param = {
		.at = key->at,
		.name = name && name[0] ? name : key->text,
		.help = help ? help : "",
		.type = GADGET_UNKNOWN_TYPE,
		.value = initial ? initial : "",
		.constant = *is_constant ? key->text : NULL,
	};

	if (writer->params.len >= GADGET_MAX_PARAMS)
		return err_list__set(writer->errors, -E2BIG, &key->at,
				     "a gadget has at most %d parameters", GADGET_MAX_PARAMS);
	return vec_push(&writer->params, param);
}

static int read_old_params(struct gadget_writer *writer, const struct node *key,
			   const struct node *value)
{
	bool is_constant = true;

	return for_each_pair(writer, value, key->text, add_param, &is_constant);
}

static int read_params(struct gadget_writer *writer, const struct node *key,
		       const struct node *value)
{
	bool is_constant = true;
	int r;

	(void)key;
	r = for_each_pair(writer, tree_find(value, "ebpf"), "ebpf", add_param, &is_constant);
	is_constant = false;
	return r < 0 ? r
		     : for_each_pair(writer, tree_find(value, "wasm"), "wasm", add_param,
				     &is_constant);
}

static int add_default(struct gadget_writer *writer, const struct node *key,
		       const struct node *value, void *into)
{
	const char *text = tree_text(value);
	char *name = arena__printf(writer->arena, GADGET_DEFAULT_NOTE "%s", key->text);

	if (!text)
		return 0;
	return name ? gadget_notes__set(into, tree_lower(writer->arena, name), text) : -ENOMEM;
}

static int read_defaults(struct gadget_writer *writer, const struct node *key,
			 const struct node *value)
{
	return for_each_pair(writer, value, key->text, add_default, &writer->notes);
}

/* ---- maps that are metrics ------------------------------------------------------------------ */

/* Gadgets of 2023: each key names a map, of which nothing more is said. */
static int add_metric_map(struct gadget_writer *writer, const struct node *key,
			  const struct node *value, void *into)
{
	char *name = arena__printf(writer->arena, GADGET_METRIC_MAP_NOTE "%s", key->text);

	(void)value;
	return name ? gadget_notes__set(into, name, key->text) : -ENOMEM;
}

static int read_metric_maps(struct gadget_writer *writer, const struct node *key,
			    const struct node *value)
{
	writer->spec->is_for_metrics = value->kind == NODE_MAP && value->count > 0;
	return for_each_pair(writer, value, key->text, add_metric_map, &writer->notes);
}

/* ---- programs ------------------------------------------------------------------------------- */

#define OFF_TARGET "gadget_program_disabled"
#define MAX_FREQUENCY_HZ 100000

/* Neutral words for the language's. */
static const struct {
	const char *config;
	const char *event;
} events[] = {
	{ "count_hw_branch_instructions", "branch-instructions" },
	{ "count_hw_branch_misses", "branch-misses" },
	{ "count_hw_bus_cycles", "bus-cycles" },
	{ "count_hw_cache_misses", "cache-misses" },
	{ "count_hw_cache_references", "cache-references" },
	{ "count_hw_cpu_cycles", "cpu-cycles" },
	{ "count_hw_instructions", "instructions" },
	{ "count_hw_ref_cpu_cycles", "ref-cycles" },
	{ "count_sw_alignment_faults", "alignment-faults" },
	{ "count_sw_context_switches", "context-switches" },
	{ "count_sw_cpu_clock", "cpu-clock" },
	{ "count_sw_cpu_migrations", "cpu-migrations" },
	{ "count_sw_page_faults", "page-faults" },
	{ "count_sw_page_faults_maj", "major-faults" },
	{ "count_sw_page_faults_min", "minor-faults" },
	{ "count_sw_task_clock", "task-clock" },
};

static const char *find_event(const char *config)
{
	for (size_t i = 0; config && i < array_size(events); i++)
		if (strcasecmp(events[i].config, config) == 0)
			return events[i].event;
	return NULL;
}

static int read_sampler(struct gadget_writer *writer, const struct node *program,
			struct attach_spec *attach)
{
	const struct node *perf = tree_find(program, "perf");
	const struct node *frequency = tree_find(tree_find(program, "sampler"), "frequency");
	const char *text = tree_text(frequency), *config = tree_text(tree_find(perf, "config"));
	uint64_t value = 0;

	if (!perf)
		return 0;
	if (!text || num_parse_u64(text, strlen(text), &value) < 0 || value == 0 ||
	    value > MAX_FREQUENCY_HZ)
		return err_list__set(
			writer->errors, -EINVAL, frequency ? &frequency->at : &perf->at,
			"'sampler.frequency' of program '%s' must be a whole number from 1 to %d",
			attach->program, MAX_FREQUENCY_HZ);
	attach->kind = ATTACH_KIND_PERF_EVENT;
	attach->frequency_hz = (uint32_t)value;
	attach->target = find_event(config);
	if (!attach->target)
		return err_list__set(
			writer->errors, -EINVAL, &perf->at,
			"'perf.config' of program '%s' is %s%.64s%s; count_sw_cpu_clock "
			"is the usual one",
			attach->program, config ? "'" : "not there", config ? config : "",
			config ? "', which is not known" : "");
	return 0;
}

static int add_program(struct gadget_writer *writer, const struct node *key,
		       const struct node *value, void *into)
{
	struct attach_spec attach = { .at = key->at,
				      .program = key->text,
				      .kind = ATTACH_KIND_SECTION,
				      .target = tree_text(tree_find(value, "attach_to")) };
	int r = read_sampler(writer, value, &attach);

	(void)into;
	if (r < 0 || (!attach.target && attach.kind == ATTACH_KIND_SECTION))
		return r;
	if (attach.target && str_eq(attach.target, OFF_TARGET)) {
		attach.target = NULL;
		attach.is_off = true;
	}
	return vec_push(&writer->attaches, attach);
}

static int read_programs(struct gadget_writer *writer, const struct node *key,
			 const struct node *value)
{
	return for_each_pair(writer, value, key->text, add_program, NULL);
}

/* ---- what stands alone ---------------------------------------------------------------------- */

static int read_text(struct gadget_writer *writer, const struct node *key, const struct node *value)
{
	const char *text = tree_text(value);

	if (!text)
		return gadget_writer__warn(writer, &value->at,
					   "'%s' is %s, not a text; ignoring it", key->text,
					   node__describe(value));
	return text[0] ? gadget_notes__set(&writer->notes, tree_lower(writer->arena, key->text),
					   text)
		       : 0;
}

static int read_help(struct gadget_writer *writer, const struct node *key, const struct node *value)
{
	(void)key;
	writer->spec->help = tree_text(value);
	return 0;
}

static int read_annotations(struct gadget_writer *writer, const struct node *key,
			    const struct node *value)
{
	return for_each_pair(writer, value, key->text, add_note, &writer->notes);
}

struct path {
	const char *text;
};

static int add_operator_note(struct gadget_writer *writer, const struct node *key,
			     const struct node *value, void *into)
{
	const struct path *path = into;
	struct path own = { .text = arena__printf(writer->arena, "%s.%s", path->text, key->text) };

	if (!own.text)
		return -ENOMEM;
	if (value->kind == NODE_MAP)
		return for_each_pair(writer, value, own.text, add_operator_note, &own);
	if (value->kind == NODE_LIST)
		return 0;
	return gadget_notes__set(&writer->notes, tree_lower(writer->arena, own.text),
				 tree_text(value));
}

/* Sources of data that no program fills: the original makes them by itself. */
static const struct {
	const char *name;
	const char *need;
} emitters[] = {
	{ "cgroup", "statistics of cgroups as a data source" },
	{ "ebpf", "statistics of eBPF programs and maps as a data source" },
	{ "process", "the list of processes as a data source" },
};

static int read_operator(struct gadget_writer *writer, const struct node *key,
			 const struct node *value)
{
	struct path path = { .text = "operator" };

	for (size_t i = 0; i < array_size(emitters); i++) {
		const struct node *emits = tree_find(tree_find(value, emitters[i].name),
						     "emitstats");

		if (tree_is_true(emits) &&
		    gadget_writer__need(writer, &emits->at, emitters[i].need) < 0)
			return -ENOMEM;
	}
	return for_each_pair(writer, value, key->text, add_operator_note, &path);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	int (*read)(struct gadget_writer *writer, const struct node *key, const struct node *value);
} keys[] = {
	{ "alternatives", gadget_read_alternatives },
	{ "annotations", read_annotations },
	{ "datasources", read_streams }, /* some write dataSources: keys have no case */
	{ "description", read_help },
	{ "documentationURL", read_text },
	{ "ebpfParams", read_old_params },
	{ "homepageURL", read_text },
	{ "metrics", read_metric_maps },
	{ "name", read_text },
	{ "operator", read_operator },
	{ "paramDefaults", read_defaults },
	{ "params", read_params },
	{ "programs", read_programs },
	{ "sourceURL", read_text },
};

static int read_key(struct gadget_writer *writer, const struct node *key, const struct node *value)
{
	const char *names[array_size(keys)], *nearest;

	for (size_t i = 0; i < array_size(keys); i++) {
		names[i] = keys[i].name;
		if (strcasecmp(keys[i].name, key->text) == 0)
			return keys[i].read(writer, key, value);
	}
	nearest = str_nearest(key->text, names, array_size(names));
	if (nearest)
		return gadget_writer__warn(
			writer, &key->at,
			"'%.64s' is no key of a gadget, ignoring it; did you mean '%s'?", key->text,
			nearest);
	return gadget_writer__warn(writer, &key->at, "'%.64s' is no key of a gadget, ignoring it",
				   key->text);
}

static int read_all(struct gadget_writer *writer, const struct node *root)
{
	int first = 0;

	for (uint32_t i = 0; i < root->count && first != -ENOMEM; i++) {
		int r = root->pairs[i].key->kind == NODE_SCALAR
				? read_key(writer, root->pairs[i].key, root->pairs[i].value)
				: 0;

		if (first == 0 || r == -ENOMEM)
			first = r;
	}
	return first;
}

static int make_program(struct gadget_writer *writer, const struct dialect_input *input)
{
	struct program_spec *program = arena_new(writer->arena, struct program_spec);

	if (!program)
		return -ENOMEM;
	*program = (struct program_spec){
		.at = { .file = writer->spec->origin },
		.name = writer->spec->name,
		.kind = OBJECT_KIND_PATH,
		.object = input->object,
		.attaches = arena__memdup(writer->arena, writer->attaches.items,
					  writer->attaches.len * sizeof(struct attach_spec)),
		.attach_count = (uint32_t)writer->attaches.len,
		.alternatives =
			arena__memdup(writer->arena, writer->alternatives.items,
				      writer->alternatives.len * sizeof(struct alternative_spec)),
		.alternative_count = (uint32_t)writer->alternatives.len,
	};
	writer->spec->programs = program;
	writer->spec->program_count = 1;
	return program->attaches && program->alternatives ? 0 : -ENOMEM;
}

static int parse_root(struct gadget_writer *writer, const struct dialect_input *input,
		      const struct node *root)
{
	const char *text = tree_text(root);
	int r = 0;

	/* Without metadata an object still speaks for itself. */
	if (root->kind != NODE_MAP && !(text && !text[0]))
		return err_list__set(
			writer->errors, -EINVAL, &root->at,
			"the metadata of a gadget is %s; it must be a map with 'name' and "
			"'datasources'",
			node__describe(root));
	if (root->kind == NODE_MAP)
		r = gadget_patch(writer, input, root, &root);
	if (r == 0 && root->kind == NODE_MAP)
		r = read_all(writer, root);
	if (r == 0 && input->has_module)
		r = gadget_writer__need(writer, &(struct loc){ .file = writer->spec->origin },
					GADGET_MODULE_NEED
					": a module of the gadget makes or changes what it shows");
	if (r == 0 && input->object)
		r = make_program(writer, input);
	return r == 0 ? gadget_writer__finish(writer) : r;
}

int gadget_parse(const struct dialect_input *input, struct spec *spec, struct err_list *errors)
{
	__cleanup(gadget_writer__done) struct gadget_writer writer = { .spec = spec,
								       .arena = &spec->arena,
								       .errors = errors };
	static const struct node nothing = { .kind = NODE_SCALAR, .text = "", .is_quoted = true };
	const struct node *root = &nothing;
	struct err err = ERR_INIT;
	int r;

	/* Unknown keys are no errors here, so it would be a gadget that shows nothing. */
	if (dialect_of_text(input->text))
		return err_list__set(
			errors, -EINVAL, &(struct loc){ .file = spec->origin },
			"its kind says that it is no gadget but a policy; 'sonde policy' "
			"runs it");
	r = node_parse_yaml(input->text, input->len, spec->origin, &spec->arena, &root, &err);
	if (r == -ENODATA)
		r = 0;
	else if (r < 0)
		err_list__add(errors, &err);
	err__done(&err);
	return r < 0 ? r : parse_root(&writer, input, root);
}
