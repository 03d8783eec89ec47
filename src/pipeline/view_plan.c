/* SPDX-License-Identifier: Apache-2.0 */
/* What `sonde plan` prints: what was planned of each config, and why, as text and as JSON. */
#include <linux/bpf.h>

#include "base/human.h"
#include "base/json.h"
#include "base/num.h"
#include "pipeline/count.h"
#include "pipeline/internal.h"

static const char *const map_type_names[] = {
	[BPF_MAP_TYPE_HASH] = "hash",
	[BPF_MAP_TYPE_ARRAY] = "array",
	[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = "perf_event_array",
	[BPF_MAP_TYPE_PERCPU_HASH] = "percpu_hash",
	[BPF_MAP_TYPE_PERCPU_ARRAY] = "percpu_array",
	[BPF_MAP_TYPE_LRU_HASH] = "lru_hash",
	[BPF_MAP_TYPE_LRU_PERCPU_HASH] = "lru_percpu_hash",
	[BPF_MAP_TYPE_LPM_TRIE] = "lpm_trie",
	[BPF_MAP_TYPE_RINGBUF] = "ringbuf",
};

static const char *map_type_name(uint32_t type)
{
	return type < array_size(map_type_names) && map_type_names[type] ? map_type_names[type]
									 : "map";
}

static const struct fact_map *find_map(const struct agent_config *config, const struct route *route)
{
	return object_facts__find_map(program__facts(config->programs[route->stream->program]),
				      route->stream->map);
}

static const char *state_name(enum part_state state)
{
	switch (state) {
	case PART_STATE_PLANNED:
		return "planned";
	case PART_STATE_LEFT_OUT:
		return "left out";
	case PART_STATE_LOADED:
		return "loaded";
	case PART_STATE_ATTACHED:
		return "attached";
	case PART_STATE_NOT_ATTACHED:
		return "not attached";
	}
	return "";
}

static const char *reason_of(const struct part *part)
{
	return part->reason ? part->reason : part->why_original;
}

static void add_label(const struct label_spec *label, struct strbuf *out)
{
	uint32_t i;

	strbuf__printf(out, "%s", label->name);
	for (i = 0; i < label->step_count; i++)
		strbuf__printf(out, "%s%s", i ? " > " : " = ", label->steps[i].decoder);
}

static void format_when(const struct when_spec *when, struct strbuf *out)
{
	strbuf__printf(out, "    when %s %s", when->field, match_op_name(when->op));
	for (uint32_t i = 0; i < when->value_count; i++)
		strbuf__printf(out, "%s \"%s\"", i ? "," : "", when->values[i].text);
	strbuf__add_char(out, '\n');
}

/* Only what was asked for: every metric has the default limit. */
static void format_bounds(const struct metric_spec *metric, struct strbuf *out)
{
	char ttl[HUMAN_MAX];

	if (metric->limit)
		strbuf__printf(out, "    at most %llu series\n", (unsigned long long)metric->limit);
	if (metric->ttl_ns)
		strbuf__printf(out, "    series leave when unchanged for %s\n",
			       human_time(ttl, (double)metric->ttl_ns));
}

static bool have_rung(const struct program *program, const char *ring, enum rung least)
{
	for (uint32_t i = 0; i < program__rung_count(program, ring); i++)
		if (program__rung(program, ring, i)->rung < least)
			return false;
	return true;
}

/* Where events are counted: each program of the ring has a rung, once it is loaded. */
static void format_count(const struct agent_config *config, const struct route *route,
			 struct strbuf *out)
{
	const struct program *program = config->programs[route->stream->program];
	const char *ring = route->stream->map;

	if (!route->count || !route->count->aggregate)
		return;
	if (!route->count->is_in_kernel)
		strbuf__printf(out, "    counted in user space: %s\n",
			       route->count->why_user_space ? route->count->why_user_space
							    : "no reason is known");
	else if (program__rung_count(program, ring) == 0)
		strbuf__add_text(
			out, "    counted in the kernel, if it takes the programs so (--load)\n");
	else
		strbuf__printf(out, "    counted in %s\n",
			       have_rung(program, ring, RUNG_SLOT) ? "the kernel" : "user space");
	if (route->count->is_in_kernel)
		strbuf__add_text(
			out,
			route->count->is_all_there_is
				? "    nobody may ask for its events: what only serves them is pruned\n"
				: "    its events may be asked for meanwhile\n");
}

static void format_metric(const struct agent_config *config, const struct route *route,
			  struct strbuf *out)
{
	const struct fact_map *map = find_map(config, route);
	uint32_t i;

	strbuf__printf(out, "  metric %s (%s)\n", route->metric->name,
		       metric_kind_name(route->metric->kind));
	if (map)
		strbuf__printf(out, "    map %s: %s, %u %s, key %u bytes, value %u bytes\n",
			       map->name, map_type_name(map->type), map->max_entries,
			       map->max_entries == 1 ? "entry" : "entries", map->key_size,
			       map->value_size);
	for (i = 0; i < route->metric->label_count; i++) {
		strbuf__add_text(out, route->has_bucket && i + 1 == route->metric->label_count
					      ? "    bucket "
					      : "    label ");
		add_label(&route->metric->labels[i], out);
		if (route->metric->labels[i].constant)
			strbuf__printf(out, " (always \"%s\")", route->metric->labels[i].constant);
		else if (route->count)
			strbuf__printf(out, " (field %s)",
				       route->stream->fields[route->metric->labels[i].field].name);
		else if (i < route->label_count)
			strbuf__printf(out, " (key bytes %u..%u)", route->labels[i].offset,
				       route->labels[i].offset + route->labels[i].size - 1);
		strbuf__add_char(out, '\n');
	}
	if (route->count && route->metric->value_field)
		strbuf__printf(out, "    value of field %s\n", route->metric->value_field);
	else if (route->metric->cell.size > 0)
		strbuf__printf(out, "    value bytes %u..%u%s\n", route->cell.offset,
			       route->cell.offset + route->cell.size - 1,
			       route->cell.is_signed ? ", signed" : "");
	for (i = 0; i < route->metric->when_count; i++)
		format_when(&route->metric->when[i], out);
	format_count(config, route, out);
	format_bounds(route->metric, out);
	if (route__overflow_text(route))
		strbuf__printf(out, "    what has no room: %s\n", route__overflow_text(route));
	strbuf__printf(out, "    demand %s\n", demand_name(route->demand));
	if (route->error)
		strbuf__printf(out, "    LEFT OUT: %s\n", route->error);
}

static void format_span(const struct agent *agent, const struct span_route *route,
			struct strbuf *out)
{
	bool is_on_purpose;
	const char *why_off = span_export__why_off(agent->span_export, &is_on_purpose);

	strbuf__printf(out, "  span %s\n    map %s\n", route->span->name, route->stream->map);
	for (uint32_t i = 0; i < route->span->label_count; i++) {
		strbuf__add_text(out, "    label ");
		add_label(&route->span->labels[i], out);
		if (i < route->label_count)
			strbuf__printf(out, " (record bytes %u..%u)", route->labels[i].offset,
				       route->labels[i].offset + route->labels[i].size - 1);
		strbuf__add_char(out, '\n');
	}
	if (why_off)
		strbuf__printf(out, "    demand %s: %s\n", demand_name(route->demand), why_off);
	else
		strbuf__printf(out, "    demand %s, to %s\n", demand_name(route->demand),
			       span_export__target(agent->span_export));
	if (route->error)
		strbuf__printf(out, "    LEFT OUT: %s\n", route->error);
}

/* Where keys are put into maps of metrics; known of programs that are loaded. */
static void format_sites(const struct program *program, struct strbuf *out)
{
	for (uint32_t i = 0; i < program__site_count(program); i++) {
		const struct rewrite_site *site = program__site(program, i);

		strbuf__printf(out, "  map %s in %s, instruction %u: %s%s\n", site->map,
			       site->program, site->instruction,
			       site->reason ? "not redirected: " : "redirected",
			       site->reason ? site->reason : "");
	}
}

static void format_rung(const char *ring, const struct rung_view *view, struct strbuf *out)
{
	strbuf__printf(out, "  ring %s in %s: %s", ring, view->program, rung_name(view->rung));
	if (view->rung == RUNG_PRUNED)
		strbuf__printf(
			out,
			", %u of %u instructions taken out, %u of %u bytes of a record filled in",
			view->removed, view->instructions, view->needed_bytes, view->record_bytes);
	if (view->reason)
		strbuf__printf(out, ": %s", view->reason);
	strbuf__add_char(out, '\n');
}

/* How far down records come; known of programs that are loaded. */
static void format_rungs(const struct program *program, struct strbuf *out)
{
	const char *ring;

	for (uint32_t i = 0; (ring = program__counted_ring(program, i)); i++)
		for (uint32_t j = 0; j < program__rung_count(program, ring); j++)
			format_rung(ring, program__rung(program, ring, j), out);
}

static void format_config(const struct agent *agent, uint32_t index, struct strbuf *out)
{
	const struct agent_config *config = agent->configs.items[index];
	struct config_view view = agent__config(agent, index);
	const struct part *part;
	uint32_t i;

	strbuf__printf(out, "config %s (%s)\n", view.name, view.origin);
	if (view.error)
		strbuf__printf(out, "  IMPOSSIBLE: %s\n", view.error);
	for (i = 0; i < config->spec->program_count; i++)
		strbuf__printf(out, "  object %s\n", config->spec->programs[i].object);
	for (i = 0; i < config->spec->param_count; i++)
		strbuf__printf(out, "  param %s (%s): \"%s\"\n", config->spec->params[i].name,
			       config->spec->params[i].type, config->spec->params[i].value);
	for (i = 0; (part = agent__part(agent, index, i)); i++)
		strbuf__printf(out, "  program %s: %s, %s%s%s\n", part->name, part->hook,
			       state_name(part->state), reason_of(part) ? ": " : "",
			       reason_of(part) ? reason_of(part) : "");
	for (i = 0; config->programs && i < config->spec->program_count; i++)
		if (config->programs[i]) {
			format_sites(config->programs[i], out);
			format_rungs(config->programs[i], out);
		}
	for (i = 0; i < config->route_count; i++)
		format_metric(config, &config->routes[i], out);
	for (i = 0; i < config->spec->feed_count; i++)
		strbuf__printf(out, "  feed cgroup ids -> map %s\n", config->spec->feeds[i].map);
	for (i = 0; i < config->span_count; i++)
		format_span(agent, &config->spans[i], out);
}

static void json_labels(const struct label_spec *labels, uint32_t count, struct json_writer *json)
{
	json__begin_array(json, "labels");
	for (uint32_t i = 0; i < count; i++) {
		json__begin_object(json, NULL);
		json__add_text(json, "name", labels[i].name);
		json__begin_array(json, "decoders");
		for (uint32_t step = 0; step < labels[i].step_count; step++)
			json__add_text(json, NULL, labels[i].steps[step].decoder);
		json__end_array(json);
		json__end_object(json);
	}
	json__end_array(json);
}

static void json_metric(const struct agent_config *config, const struct route *route,
			struct json_writer *json)
{
	const struct fact_map *map = find_map(config, route);

	json__begin_object(json, NULL);
	json__add_text(json, "name", route->metric->name);
	json__add_text(json, "kind", metric_kind_name(route->metric->kind));
	json__add_text(json, "map", route->stream->map);
	if (map) {
		json__add_text(json, "map_type", map_type_name(map->type));
		json__add_u64(json, "key_size", map->key_size);
		json__add_u64(json, "max_entries", map->max_entries);
	}
	json_labels(route->metric->labels, route->metric->label_count, json);
	if (route->count && route->count->aggregate) {
		json__add_text(json, "counted_in",
			       route->count->is_in_kernel ? "kernel" : "user space");
		json__add_text(json, "why_user_space", route->count->why_user_space);
	}
	if (route->metric->limit)
		json__add_u64(json, "limit", route->metric->limit);
	if (route->metric->ttl_ns)
		json__add_u64(json, "ttl_ns", (uint64_t)route->metric->ttl_ns);
	json__add_text(json, "overflow", route__overflow_text(route));
	json__add_text(json, "demand", demand_name(route->demand));
	json__add_text(json, "left_out", route->error);
	json__end_object(json);
}

static void json_span(const struct span_route *route, struct json_writer *json)
{
	json__begin_object(json, NULL);
	json__add_text(json, "name", route->span->name);
	json__add_text(json, "service", route->span->service);
	json__add_text(json, "map", route->stream->map);
	json_labels(route->span->labels, route->span->label_count, json);
	json__add_text(json, "demand", demand_name(route->demand));
	json__add_text(json, "left_out", route->error);
	json__end_object(json);
}

static void json_sites(const struct program *program, struct json_writer *json)
{
	for (uint32_t i = 0; i < program__site_count(program); i++) {
		const struct rewrite_site *site = program__site(program, i);

		json__begin_object(json, NULL);
		json__add_text(json, "program", site->program);
		json__add_text(json, "map", site->map);
		json__add_u64(json, "instruction", site->instruction);
		json__add_text(json, "not_redirected", site->reason);
		json__end_object(json);
	}
}

static void json_rungs(const struct program *program, struct json_writer *json)
{
	const char *ring;

	for (uint32_t i = 0; (ring = program__counted_ring(program, i)); i++)
		for (uint32_t j = 0; j < program__rung_count(program, ring); j++) {
			const struct rung_view *view = program__rung(program, ring, j);

			json__begin_object(json, NULL);
			json__add_text(json, "ring", ring);
			json__add_text(json, "program", view->program);
			json__add_text(json, "rung", rung_name(view->rung));
			json__add_text(json, "reason", view->reason);
			json__add_u64(json, "instructions", view->instructions);
			json__add_u64(json, "removed", view->removed);
			json__end_object(json);
		}
}

static void json_config(const struct agent *agent, uint32_t index, struct json_writer *json)
{
	const struct agent_config *config = agent->configs.items[index];
	struct config_view view = agent__config(agent, index);
	const struct part *part;
	uint32_t i;

	json__begin_object(json, NULL);
	json__add_text(json, "name", view.name);
	json__add_text(json, "origin", view.origin);
	json__add_text(json, "error", view.error);
	json__begin_array(json, "programs");
	for (i = 0; (part = agent__part(agent, index, i)); i++) {
		json__begin_object(json, NULL);
		json__add_text(json, "name", part->name);
		json__add_text(json, "section", part->section);
		json__add_text(json, "hook", part->hook);
		json__add_text(json, "state", state_name(part->state));
		json__add_text(json, "reason", reason_of(part));
		json__end_object(json);
	}
	json__end_array(json);
	json__begin_array(json, "inserts");
	for (i = 0; config->programs && i < config->spec->program_count; i++)
		if (config->programs[i])
			json_sites(config->programs[i], json);
	json__end_array(json);
	json__begin_array(json, "rings");
	for (i = 0; config->programs && i < config->spec->program_count; i++)
		if (config->programs[i])
			json_rungs(config->programs[i], json);
	json__end_array(json);
	json__begin_array(json, "metrics");
	for (i = 0; i < config->route_count; i++)
		json_metric(config, &config->routes[i], json);
	json__end_array(json);
	json__begin_array(json, "spans");
	for (i = 0; i < config->span_count; i++)
		json_span(&config->spans[i], json);
	json__end_array(json);
	json__end_object(json);
}

void agent__format_plan(const struct agent *agent, bool as_json, struct strbuf *out)
{
	struct json_writer json = { .out = out };
	uint32_t i;

	if (!as_json) {
		for (i = 0; i < agent__config_count(agent); i++)
			format_config(agent, i, out);
		return;
	}
	json__begin_object(&json, NULL);
	json__begin_array(&json, "configs");
	for (i = 0; i < agent__config_count(agent); i++)
		json_config(agent, i, &json);
	json__end_array(&json);
	json__end_object(&json);
	strbuf__add_char(out, '\n');
}
