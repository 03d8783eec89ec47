/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/agent_parts.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "cmd/configs.h"
#include "cmd/gadgets.h"
#include "cmd/own_files.h"
#include "cmd/params.h"
#include "config/agent/file.h"
#include "config/load.h"
#include "pipeline/gadget.h"

struct reader {
	struct agent_parts *parts;
	const struct agent_file *file;
	const char *folder;
	uint32_t index; /* of the item at hand */
	const struct agent_part *part;
};

/* ---- the list ------------------------------------------------------------------------------------------- */

void agent_parts__done(struct agent_parts *parts)
{
	vec_for_each(parts, item) {
		if (!item->is_taken)
			spec__free(item->spec);
		gadget__close(item->gadget);
		err__done(&item->err);
	}
	vec_done(parts);
	arena__done(&parts->arena);
}

static int add(const struct reader *reader, const char *name, const char *origin, struct spec *spec,
	       struct err *err)
{
	struct arena *arena = &reader->parts->arena;
	struct agent_config_read item = { .part = reader->index,
					  .name = arena__strdup(arena, name),
					  .origin = arena__strdup(arena, origin),
					  .spec = spec,
					  .err = *err };

	*err = (struct err)ERR_INIT;
	if (item.name && item.origin && vec_push(reader->parts, item) == 0)
		return 0;
	spec__free(spec);
	err__done(&item.err);
	return -ENOMEM;
}

/* Its object may be gone with it: it stays until the agent has read that. */
static int add_gadget(const struct reader *reader, const char *origin, struct gadget *gadget)
{
	struct spec *spec = gadget__take_spec(gadget);
	struct err err = ERR_INIT;
	int r = add(reader, spec->name, origin, spec, &err);

	if (r < 0)
		gadget__close(gadget);
	else
		reader->parts->items[reader->parts->len - 1].gadget = gadget;
	return r;
}

/* The first error, which says enough; the item is known by the name that it would have had. */
static int add_failure(const struct reader *reader, const char *name, const char *origin,
		       struct err_list *errors)
{
	struct err err = ERR_INIT;
	int r;

	if (errors->len > 0) {
		err = errors->items[0];
		errors->items[0] = (struct err)ERR_INIT;
	} else {
		(void)err__set(&err, -EINVAL, &reader->part->at, "it cannot be read");
	}
	if (err.at.line == 0)
		err.at = reader->part->at;
	err_list__done(errors);
	r = add(reader, name, origin, NULL /* spec */, &err);
	return r;
}

static int add_error(const struct reader *reader, const char *name, const char *origin,
		     struct err *err)
{
	struct err_list errors = { .len = 0 };

	err_list__add(&errors, err);
	return add_failure(reader, name, origin, &errors);
}

/* ---- what items have in common -------------------------------------------------------------------------- */

static const char *name_of(const struct agent_part *part, const char *own)
{
	return part->name.text ? part->name.text : own;
}

/* Paths are meant from the file's folder. NULL: no memory. */
static const char *path_of(const struct reader *reader, const char *path)
{
	if (path[0] == '/' || !reader->folder[0])
		return path;
	return arena__printf(&reader->parts->arena, "%s/%s", reader->folder, path);
}

/* As the configs that a file makes are called: what could not be read is known by the same name. */
static const char *base_name(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *file = slash ? slash + 1 : path;
	size_t len = strlen(file);

	return arena__strndup(arena, file, str_ends(file, ".yaml") ? len - strlen(".yaml") : len);
}

/* The texts of a list, in an arena; NULL: no memory. */
static const char *const *list_texts(struct arena *arena, const struct bind_list *list)
{
	const struct spec_text *texts = list->items;
	const char **copy = arena_array(arena, const char *, (size_t)list->count + 1);

	for (uint32_t i = 0; copy && i < list->count; i++) {
		copy[i] = arena__strdup(arena, texts[i].text ? texts[i].text : "");
		if (!copy[i])
			return NULL;
	}
	return copy;
}

static int set_name(const struct agent_part *part, struct spec *spec)
{
	if (!part->name.text)
		return 0;
	spec->name = arena__strdup(&spec->arena, part->name.text);
	return spec->name ? 0 : -ENOMEM;
}

/* Of configs of ebpf_exporter: parameters and the switch that splits them, as the command line has them. */
static int set_params(const struct agent_part *part, struct spec *spec, struct err *err)
{
	const struct step_pair *pairs = part->params.items;
	const struct flag_list none = { .count = 0 };
	struct param_settings settings = PARAM_SETTINGS_INIT;
	const char *by = arena__strdup(&spec->arena, part->by.text ? part->by.text : "");
	int r = by ? param_settings__parse(&settings, &none, by, err) : -ENOMEM;

	if (r == 0)
		r = param_settings__apply(&settings, spec, err);
	if (r == 0)
		r = param_settings__check_applied(&settings, err);
	for (uint32_t i = 0; r == 0 && i < part->params.count; i++) {
		const char *value = arena__strdup(&spec->arena, pairs[i].value);

		r = value ? spec__set_param(spec, pairs[i].key, value, err) : -ENOMEM;
		if (r < 0)
			(void)err__wrap(err, r, &part->params.at, "params");
	}
	param_settings__done(&settings);
	return r;
}

/* ---- files of configs and policies --------------------------------------------------------------------------- */

static void set_policy_wishes(const struct agent_part *part, struct spec *spec)
{
	spec->has_policy_mode = part->mode != AGENT_POLICY_OWN;
	spec->policy_mode = part->mode == AGENT_POLICY_ENFORCE ? POLICY_MODE_ENFORCE
							       : POLICY_MODE_MONITOR;
	spec->has_disabled_policies = part->disabled;
}

static bool is_named(const struct agent_part *part, const char *name)
{
	const struct spec_text *names = part->names.items;

	for (uint32_t i = 0; i < part->names.count; i++)
		if (names[i].text && str_eq(names[i].text, name))
			return true;
	return !part->names.is_set;
}

static int read_config(const struct reader *reader, const char *path, const char *name)
{
	struct err_list errors = { .len = 0 };
	struct err err = ERR_INIT;
	struct spec *spec = NULL;
	bool is_policy = reader->part->kind == AGENT_PART_POLICY;
	int r = is_policy ? config_load_file(dialect_find("tracing_policy"), path,
					     NULL /* object */, &spec, &errors)
			  : config_read_file(path, &spec, &errors);

	if (r == 0 && is_policy)
		set_policy_wishes(reader->part, spec);
	else if (r == 0)
		r = set_params(reader->part, spec, &err);
	if (r == 0)
		r = set_name(reader->part, spec);
	if (r == 0)
		return add(reader, spec->name, path, spec, &err);
	spec__free(spec);
	if (err__is_set(&err))
		err_list__add(&errors, &err);
	return add_failure(reader, name_of(reader->part, name), path, &errors);
}

/* Names that the directory does not have. */
static int check_names(const struct reader *reader, const struct config_paths *paths)
{
	const struct spec_text *names = reader->part->names.items;
	int r = 0;

	for (uint32_t i = 0; i < reader->part->names.count && r == 0; i++) {
		struct err err = ERR_INIT;
		bool is_there = false;

		vec_for_each(paths, path)
			is_there |= names[i].text && str_eq(path->name, names[i].text);
		if (is_there || !names[i].text)
			continue;
		(void)err__set(&err, -ENOENT, &names[i].at, "there is no config '%s' in '%s'",
			       names[i].text, reader->part->what.text);
		r = add_error(reader, names[i].text, reader->part->what.text, &err);
	}
	return r;
}

static int read_files(const struct reader *reader)
{
	struct config_paths paths = { .len = 0 };
	struct err err = ERR_INIT;
	const char *path = path_of(reader, reader->part->what.text);
	const char *name = path ? base_name(&reader->parts->arena, path) : NULL;
	int r = name ? config_paths__add(&paths, path, &err) : -ENOMEM;

	if (r < 0 && name)
		r = add_error(reader, name_of(reader->part, name), path, &err);
	else if (r == 0)
		r = check_names(reader, &paths);
	vec_for_each(&paths, item)
		if (r == 0 && is_named(reader->part, item->name))
			r = read_config(reader, item->path, item->name);
	config_paths__done(&paths);
	return r;
}

static int read_probe(const struct reader *reader)
{
	const char *name = reader->part->what.text;
	char own[PATH_MAX];
	struct err err = ERR_INIT;
	const char *path;
	int r = own_files_find("probes", own, sizeof(own));

	if (r < 0) {
		(void)err__set(&err, r, NULL, "no probes came with this program");
		return add_error(reader, name_of(reader->part, name), name, &err);
	}
	path = arena__printf(&reader->parts->arena, "%s/%s.yaml", own, name);
	return path ? read_config(reader, path, name) : -ENOMEM;
}

/* ---- gadgets -------------------------------------------------------------------------------------------- */

/* What the item says beside the gadget's own text. */
static int set_wishes(const struct reader *reader, struct spec *spec)
{
	const struct agent_part *part = reader->part;
	struct record_filters *filters = arena_new(&spec->arena, struct record_filters);

	if (!filters)
		return -ENOMEM;
	filters->conditions = list_texts(&spec->arena, &part->filters);
	filters->condition_count = part->filters.count;
	filters->expressions = list_texts(&spec->arena, &part->expressions);
	filters->expression_count = part->expressions.count;
	if (!filters->conditions || !filters->expressions)
		return -ENOMEM;
	spec->record_filters = filters;
	spec->has_no_consumers = !part->live;
	return set_name(part, spec);
}

/* The name of a shipped one, or a path. */
static int find_gadget(const struct reader *reader, const char **ret_path)
{
	const char *what = reader->part->what.text;
	char path[PATH_MAX];

	if (!strchr(what, '/') && gadget_locate(what, path, sizeof(path)) == 0 &&
	    gadget_is_at(path))
		*ret_path = arena__strdup(&reader->parts->arena, path);
	else
		*ret_path = path_of(reader, what);
	return *ret_path ? 0 : -ENOMEM;
}

static int read_gadget(const struct reader *reader)
{
	const struct agent_part *part = reader->part;
	const struct step_pair *pairs = part->params.items;
	struct note_spec *values = arena_array(&reader->parts->arena, struct note_spec,
					       (size_t)part->params.count + 1);
	struct gadget_options options = { .values = values,
					  .value_count = part->params.count,
					  .metric_wish = (enum metric_wish)part->metrics,
					  .keeps_original_names = part->original_names };
	struct err_list errors = { .len = 0 };
	struct gadget *gadget = NULL;
	const char *path;
	int r = values ? find_gadget(reader, &path) : -ENOMEM;

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < part->params.count; i++)
		values[i] = (struct note_spec){ .key = pairs[i].key, .value = pairs[i].value };
	r = gadget_open(path, &options, &gadget, &errors);
	if (r < 0)
		return add_failure(reader, name_of(part, part->what.text), path, &errors);
	r = set_wishes(reader, gadget__spec(gadget));
	if (r == 0)
		return add_gadget(reader, path, gadget);
	gadget__close(gadget);
	return r;
}

/* ---- metrics of gadgets --------------------------------------------------------------------------------- */

static int read_use(const struct reader *reader, const struct spec *config, uint32_t use)
{
	const struct gadget_options options = {
		.keeps_original_names = reader->part->original_names,
		.user = config,
		.use = use,
	};
	const struct use_spec *wanted = &config->uses[use];
	const char *name = arena__printf(&reader->parts->arena, "%s/%s", config->name,
					 wanted->called);
	struct err_list errors = { .len = 0 };
	struct gadget *gadget = NULL;
	char path[PATH_MAX];
	int r = gadget_locate(wanted->gadget, path, sizeof(path));

	if (!name)
		return -ENOMEM;
	if (r == 0)
		r = gadget_open(path, &options, &gadget, &errors);
	if (r < 0)
		return add_failure(reader, name, config->origin, &errors);
	gadget__spec(gadget)->has_no_consumers = !reader->part->live;
	return add_gadget(reader, config->origin, gadget);
}

static int read_metrics(const struct reader *reader)
{
	const struct agent_part *part = reader->part;
	const char *path = path_of(reader, part->what.text);
	struct err_list errors = { .len = 0 };
	struct spec *config = NULL;
	int r;

	if (!path)
		return -ENOMEM;
	r = config_load_file(dialect_find("gadget_metrics"), path, NULL /* object */, &config,
			     &errors);
	if (r == 0)
		r = set_name(part, config);
	if (r < 0) {
		const char *name = base_name(&reader->parts->arena, path);

		spec__free(config);
		return name ? add_failure(reader, name_of(part, name), path, &errors) : -ENOMEM;
	}
	for (uint32_t i = 0; i < config->use_count && r == 0; i++)
		r = read_use(reader, config, i);
	spec__free(config);
	return r;
}

/* ---- all of them ---------------------------------------------------------------------------------------- */

static int (*const read_kind[])(const struct reader *reader) = {
	[AGENT_PART_EXPORTER] = read_files,  [AGENT_PART_GADGET] = read_gadget,
	[AGENT_PART_METRICS] = read_metrics, [AGENT_PART_POLICY] = read_files,
	[AGENT_PART_PROBE] = read_probe,
};

int agent_parts__read(struct agent_parts *parts, const struct agent_file *file, const char *folder,
		      uint32_t part)
{
	struct reader reader = { .parts = parts, .file = file, .folder = folder };
	int r = 0;

	for (uint32_t i = 0; i < file->part_count && r == 0; i++) {
		if (part != UINT32_MAX && part != i)
			continue;
		reader.index = i;
		reader.part = &file->parts[i];
		r = read_kind[reader.part->kind](&reader);
	}
	return r;
}
