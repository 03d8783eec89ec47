/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/human.h"
#include "base/json.h"
#include "base/num.h"
#include "pipeline/count.h"
#include "pipeline/internal.h"

uint32_t agent__config_count(const struct agent *agent)
{
	return (uint32_t)agent->configs.len;
}

static uint32_t count_parts(const struct agent_config *config)
{
	uint32_t count = 0, i;

	for (i = 0; i < config->spec->program_count; i++)
		if (config->programs && config->programs[i])
			count += program__part_count(config->programs[i]);
	return count;
}

static bool wants_kernel_types(const struct agent_config *config)
{
	for (uint32_t i = 0; i < config->spec->program_count; i++)
		if (config->programs && config->programs[i] &&
		    program__facts(config->programs[i])->wants_kernel_types)
			return true;
	return false;
}

bool agent_config_is_running(const struct agent_config *config)
{
	if (config->error || !config->programs)
		return false;
	for (uint32_t i = 0; i < config->spec->program_count; i++)
		for (uint32_t k = 0; k < program__part_count(config->programs[i]); k++)
			if (program__part(config->programs[i], k)->state == PART_STATE_ATTACHED)
				return true;
	return config->spec->program_count == 0;
}

static bool has_enabled_policy(const struct agent_config *config)
{
	struct policy_view view;

	for (uint32_t i = 0; config->policies && i < config->spec->policy_count; i++) {
		const struct policy_spec *policy = &config->spec->policies[i];
		uint32_t id;

		if (policies__find(config->policies, policy->name, policy->kube_namespace, &id,
				   NULL) < 0)
			continue;
		for (uint32_t k = 0; policies__view(config->policies, k, &view); k++)
			if (view.id == id && view.state == POLICY_STATE_ENABLED)
				return true;
	}
	return false;
}

struct config_view agent__config(const struct agent *agent, uint32_t index)
{
	const struct agent_config *config = agent->configs.items[index];

	return (struct config_view){
		.name = config->spec->name,
		.origin = config->spec->origin,
		.part_count = count_parts(config),
		.metric_count = config->route_count,
		.span_count = config->span_count,
		.error = config->error,
		.is_running = agent_config_is_running(config),
		.is_partly_running = config->error && has_enabled_policy(config),
		.warning_count = config->spec->warning_count,
		.param_count = config->spec->param_count,
		.help = config->spec->help,
		.wants_kernel_types = wants_kernel_types(config),
	};
}

struct param_view agent__param(const struct agent *agent, uint32_t index, uint32_t param)
{
	const struct param_spec *spec = &agent->configs.items[index]->spec->params[param];

	return (struct param_view){
		.name = spec->name,
		.help = spec->help,
		.type = spec->type,
		.value = spec->value,
	};
}

struct warning_view agent__warning(const struct agent *agent, uint32_t index, uint32_t warning)
{
	const struct spec_text *text = &agent->configs.items[index]->spec->warnings[warning];

	return (struct warning_view){ .at = &text->at, .text = text->text };
}

const struct part *agent__part(const struct agent *agent, uint32_t index, uint32_t part)
{
	const struct agent_config *config = agent->configs.items[index];
	uint32_t i;

	for (i = 0; i < config->spec->program_count; i++) {
		uint32_t count = config->programs && config->programs[i]
					 ? program__part_count(config->programs[i])
					 : 0;

		if (part < count)
			return program__part(config->programs[i], part);
		part -= count;
	}
	return NULL;
}

static const char *metric_kind_name(enum metric_kind kind)
{
	switch (kind) {
	case METRIC_KIND_COUNTER:
		return "counter";
	case METRIC_KIND_GAUGE:
		return "gauge";
	case METRIC_KIND_HISTOGRAM:
		return "histogram";
	}
	return "";
}

static const char *method_name(const struct route *route)
{
	if (route->table)
		return table_method_name(table_source__method(route->table));
	if (route->events)
		return route->map.type == BPF_MAP_TYPE_RINGBUF ? "ring buffer" : "perf buffer";
	if (route->counted)
		return route->stream->mode == STREAM_MODE_SNAPSHOT ? "iterators" : "user space";
	return "";
}

struct metric_view agent__metric(const struct agent *agent, uint32_t index, uint32_t metric)
{
	const struct route *route = &agent->configs.items[index]->routes[metric];

	return (struct metric_view){
		.name = route->metric->name,
		.help = route->metric->help,
		.map = route->stream->map,
		.kind = metric_kind_name(route->metric->kind),
		.method = method_name(route),
		.error = route->error ? route->error : route->last_error,
		.series = route->family ? family__series_count(route->family) : 0,
	};
}

struct span_view agent__span(const struct agent *agent, uint32_t index, uint32_t span)
{
	const struct span_route *route = &agent->configs.items[index]->spans[span];
	bool is_on_purpose;
	const char *why_off = span_export__why_off(agent->span_export, &is_on_purpose);

	return (struct span_view){
		.name = route->span->name,
		.map = route->stream->map,
		.target = why_off ? NULL : span_export__target(agent->span_export),
		.why_off = why_off,
		.error = route->error,
		.received = route->ledger.seen,
	};
}

/* ---- the plan ------------------------------------------------------------------------------------------ */

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

/* ---- /maps: raw rows and their labels ------------------------------------------------------------------ */

struct dump {
	struct route *route;
	struct strbuf *out;
};

static void dump_key(const uint8_t *key, uint32_t size, struct strbuf *out)
{
	uint32_t i;

	strbuf__add_text(out, "[]byte{");
	for (i = 0; i < size; i++)
		strbuf__printf(out, "%s0x%x", i ? ", " : "", key[i]);
	strbuf__add_char(out, '}');
}

static void dump_row(struct dump *dump, const uint8_t *key, uint64_t value)
{
	struct route *route = dump->route;
	struct strbuf text = STRBUF_INIT;
	uint32_t i;

	strbuf__add_text(&text, "(labels: [");
	for (i = 0; i < route->label_count; i++) {
		const struct route_label *label = &route->labels[i];
		int r;

		if (i)
			strbuf__add_char(&text, ' ');
		r = decode_chain__run(label->chain, key + label->offset, label->size, &text, NULL);
		if (r == DECODE_SKIP || r == DECODE_SKIP_UNKNOWN) {
			strbuf__done(&text);
			return;
		}
		if (r < 0)
			strbuf__add_text(&text, "<undecodable>");
	}
	dump_key(key, route->key_size, dump->out);
	strbuf__printf(dump->out, " %s]) -> ", strbuf__text(&text));
	if (route->cell.is_signed)
		strbuf__printf(dump->out, "%lld\n", (long long)value);
	else
		strbuf__printf(dump->out, "%llu\n", (unsigned long long)value);
	strbuf__done(&text);
}

static int dump_rows(void *ctx, const struct row_batch *rows)
{
	struct dump *dump = ctx;
	uint8_t key[ROUTE_KEY_MAX + sizeof(uint16_t)];
	uint32_t cell;
	size_t i;

	for (i = 0; i < rows->len; i++) {
		const uint8_t *value = rows->values + i * rows->value_stride;
		uint64_t sum = 0;

		memcpy(key, rows->keys + i * rows->key_stride, rows->key_size);
		for (cell = 0; cell < rows->value_count; cell++) {
			uint16_t cpu = (uint16_t)cell;
			uint64_t number;

			number = value_cell__read(&dump->route->cell,
						  value + (size_t)cell * rows->cell_stride);
			sum += number;
			memcpy(key + rows->key_size, &cpu, sizeof(cpu));
			if (dump->route->has_cpu_label)
				dump_row(dump, key, number);
		}
		if (!dump->route->has_cpu_label)
			dump_row(dump, key, sum);
	}
	return 0;
}

static void dump_route(struct route *route, struct strbuf *out)
{
	struct dump dump = { .route = route, .out = out };
	struct err err = ERR_INIT;
	char text[512];

	strbuf__printf(out, "### Map: %s\n\n```\n", route->stream->map);
	if (!route->table)
		strbuf__printf(out, "# not a table that can be read: %s\n",
			       route->error ? route->error : "events");
	else if (table_source__read(route->table, dump_rows, &dump, &err) < 0) {
		err__format(&err, text, sizeof(text));
		strbuf__printf(out, "# %s\n", text);
	}
	strbuf__add_text(out, "```\n\n");
	err__done(&err);
}

void agent__dump_maps(struct agent *agent, struct strbuf *out)
{
	uint32_t i;

	agent_for_each_config(agent, config) {
		strbuf__printf(out, "## Config: %s\n\n", config->spec->name);
		for (i = 0; i < config->route_count; i++)
			dump_route(&config->routes[i], out);
	}
}
