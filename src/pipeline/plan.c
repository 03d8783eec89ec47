/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/plan.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/host.h"
#include "pipeline/count.h"

#define VALUE_SIZE 8u    /* what counters and bucket counts are made of */
#define PLAIN_KEY_SIZE 4 /* the u32 index 0 of a metric without labels */

/* The metric is left out, the config goes on. Takes err. */
static int leave_out(struct route *route, struct err *err)
{
	char text[1024];

	err__format(err, text, sizeof(text));
	route->error = strdup(text);
	err__done(err);
	return route->error ? 0 : -ENOMEM;
}

static enum family_kind family_kind_of(enum metric_kind kind)
{
	switch (kind) {
	case METRIC_KIND_COUNTER:
		return FAMILY_KIND_COUNTER;
	case METRIC_KIND_GAUGE:
		return FAMILY_KIND_GAUGE;
	case METRIC_KIND_HISTOGRAM:
		return FAMILY_KIND_HISTOGRAM;
	}
	return FAMILY_KIND_COUNTER;
}

static bool is_percpu_map(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

/* The key must be covered exactly: there is no implicit alignment in this model. */
static int check_key(struct route *route, const struct fact_map *map, struct err *err)
{
	if (route->stream->mode == STREAM_MODE_EVENTS) {
		/* Without labels every event counts, whatever is in it. */
		if (route->metric->label_count == 0 && route->metric->when_count == 0)
			route->fields_size = 0;
		route->key_size = route->fields_size ? route->fields_size : PLAIN_KEY_SIZE;
		return 0;
	}
	route->key_size = map->key_size + (route->has_cpu_label ? ROUTE_CPU_LABEL_SIZE : 0);
	if (route->fields_size == map->key_size)
		return 0;
	return err__set(
		err, -EINVAL, &route->metric->at,
		"total size of key of map '%s' is %u bytes, but labels decode %u; make sizes and paddings add "
		"up to the key",
		map->name, map->key_size, route->fields_size);
}

static int open_labels(struct route *route, const uint32_t *offsets, uint32_t map_key_size,
		       const struct plan_env *env, struct err *err)
{
	uint32_t i;

	if (route->metric->label_count > ROUTE_LABELS_MAX)
		return err__set(err, -E2BIG, &route->metric->at,
				"%u labels; at most %u are possible", route->metric->label_count,
				ROUTE_LABELS_MAX);
	for (i = 0; i < route->metric->label_count; i++) {
		int r = route_label__open(&route->labels[i], &route->metric->labels[i],
					  route->stream, offsets, map_key_size, env->decode, err);

		if (r < 0)
			return r;
		route->label_count++;
	}
	return 0;
}

/* Events that are counted before they get here are read as tables are. */
static bool has_rows(const struct route *route)
{
	return route->stream->mode == STREAM_MODE_TABLE ||
	       (route->count && route->stream->mode == STREAM_MODE_EVENTS);
}

/*
 * Whoever bounds a metric wants its total all the same, also when keys leave the map. Without limit and ttl a series
 * leaves with its key and takes its value along, as in ebpf_exporter.
 */
static bool is_conserved(const struct route *route)
{
	const struct metric_spec *metric = route->metric;

	return has_rows(route) && metric->kind != METRIC_KIND_GAUGE &&
	       (metric->limit != 0 || metric->ttl_ns != 0 || metric->is_conserved || route->count);
}

static bool is_added_for_good(const struct route *route)
{
	return route->metric->temporality == TEMPORALITY_INTERVAL || is_conserved(route) ||
	       (route->stream->mode == STREAM_MODE_EVENTS && !route->count);
}

static int open_family(struct route *route, const struct plan_env *env, struct err *err)
{
	const struct metric_spec *metric = route->metric;
	const char *names[ROUTE_LABELS_MAX];
	struct family_spec spec = {
		.name = metric->name,
		.help = metric->help,
		.unit = metric->unit,
		.kind = family_kind_of(metric->kind),
		.label_names = names,
		.label_count = metric->label_count - (route->has_bucket ? 1 : 0),
		.scale = metric->scale,
		.is_signed = metric->cell.is_signed,
		.limit = metric->limit ? metric->limit : env->series_limit,
		.ttl_ns = metric->ttl_ns,
		.keeps_values = is_added_for_good(route),
		/* Programs of gadgets delete keys, and displays drain them: that says nothing of the series. */
		.leaves_unseen = is_conserved(route) && !route->count,
	};
	uint32_t i;
	int r;

	for (i = 0; i < spec.label_count; i++)
		names[i] = metric->labels[i].name;
	if (route->buckets)
		spec.buckets = *bucket_map__layout(route->buckets);
	r = registry__family(env->registry, &spec, &route->family, err);
	if (r < 0)
		return err__wrap(err, r, &metric->at, "metric '%s'", metric->name);
	for (i = 0; i < spec.label_count; i++)
		route->labels[i].position = (uint32_t)family__label_position(route->family,
									     names[i]);
	return 0;
}

static bool is_cell_size(uint32_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

/* Where the numbers are. What the spec says nothing of is the whole value. */
static int place_cell(struct route *route, const struct fact_map *map, struct err *err)
{
	const struct cell_spec *spec = &route->metric->cell;
	uint64_t end;

	route->cell = (struct value_cell){ .offset = spec->offset,
					   .size = spec->size ? spec->size : VALUE_SIZE,
					   .is_signed = spec->is_signed };
	if (!is_cell_size(route->cell.size))
		return err__set(err, -EINVAL, &spec->at, "a number of %u bytes cannot be read",
				route->cell.size);
	end = (uint64_t)route->cell.offset + route->cell.size;
	if (route->stream->mode == STREAM_MODE_EVENTS)
		return end <= ROUTE_KEY_MAX
			       ? 0
			       : err__set(
					 err, -E2BIG, &spec->at,
					 "the number ends behind byte %llu of a record; at most %u "
					 "are looked at",
					 (unsigned long long)end, ROUTE_KEY_MAX);
	if (!route->has_slots && spec->size == 0 && map->value_size != VALUE_SIZE)
		return err__set(err, -EINVAL, &route->metric->at,
				"values of map '%s' are %u bytes, not %u", map->name,
				map->value_size, VALUE_SIZE);
	if (end > map->value_size)
		return err__set(err, -EINVAL, &route->metric->at,
				"values of map '%s' are %u bytes, the number ends behind %llu",
				map->name, map->value_size, (unsigned long long)end);
	return 0;
}

static int check_map(struct route *route, const struct fact_map *map, struct err *err)
{
	int r = place_cell(route, map, err);

	if (r < 0)
		return r;
	if (route->has_cpu_label && !is_percpu_map(map->type))
		return err__set(err, -EINVAL, &route->metric->at,
				"map '%s' has no value per CPU to label", map->name);
	return 0;
}

/* The dialect has seen already that this metric cannot work. */
static int report_problem(struct route *route, struct err *err)
{
	const struct problem_spec *problem = route->metric->problem;

	route->counts_as_decode_error = problem->kind == PROBLEM_KIND_DECODE;
	return err__set(err, -EINVAL, &problem->at, "%s", problem->text);
}

static int open_buckets(struct route *route, const struct fact_map *map, struct err *err)
{
	const struct metric_spec *metric = route->metric;
	int r = bucket_map__new(&metric->bucket, metric->sum, &route->buckets, err);
	uint64_t size;

	if (r < 0)
		return err__wrap(err, r, &metric->at, "metric '%s'", metric->name);
	if (!route->has_slots || metric->sum != SUM_KIND_SLOT_AFTER_LAST)
		return 0;
	size = ((uint64_t)bucket_map__layout(route->buckets)->slot_count + 1) * VALUE_SIZE;
	if (route->cell.size == VALUE_SIZE && route->cell.offset + size <= map->value_size)
		return 0;
	return err__set(err, -EINVAL, &metric->at,
			"values of map '%s' are %u bytes, the buckets and the sum of metric '%s' "
			"take %llu",
			map->name, map->value_size, metric->name, (unsigned long long)size);
}

/* Everything that, when it fails, leaves out this metric alone. */
static int resolve(struct route *route, const struct fact_map *map, const struct plan_env *env,
		   struct err *err)
{
	uint32_t offsets[ROUTE_LABELS_MAX];
	int r;

	r = route_labels__lay(route->stream, offsets, &route->fields_size, err);
	if (r >= 0)
		r = check_key(route, map, err);
	if (r >= 0)
		r = open_labels(route, offsets, map->key_size, env, err);
	if (r >= 0)
		r = route_whens__open(&route->whens, route->metric, route->stream, offsets,
				      map->key_size, env->decode, err);
	if (r < 0) {
		route->counts_as_decode_error = true;
		return r;
	}
	return route->has_bucket || route->has_slots ? open_buckets(route, map, err) : 0;
}

/* Twice what fits into the map: keys that a pass has not brought yet are remembered beside those that came. */
static size_t count_keys(const struct route *route, const struct fact_map *map,
			 const struct plan_env *env)
{
	size_t rows = 2 * (size_t)map->max_entries;

	return route->has_cpu_label ? rows * host__possible_cpus(env->decode->host) : rows;
}

/* The numbers of a row: one, or slots that follow one another and the sum, behind them or elsewhere. */
static int place_cells(struct route *route, struct err *err)
{
	const struct metric_spec *metric = route->metric;
	uint32_t slots = route->has_slots ? bucket_map__layout(route->buckets)->slot_count : 0;

	route->value_count = slots + 1;
	route->values = new_array(uint64_t, route->value_count);
	route->cells = new_array(struct value_cell, route->value_count);
	if (!route->values || !route->cells)
		return err__set(err, -ENOMEM, NULL, "no memory for metric '%s'", metric->name);
	for (uint32_t i = 0; i < route->value_count; i++) {
		route->cells[i] = route->cell;
		route->cells[i].offset += i * route->cell.size;
	}
	if (route->has_slots && metric->sum == SUM_KIND_FIELD)
		route->cells[slots] = (struct value_cell){ .offset = metric->sum_cell.offset,
							   .size = metric->sum_cell.size };
	else if (route->has_slots && metric->sum == SUM_KIND_UNKNOWN)
		route->cells[slots] = (struct value_cell){ .size = 0 };
	return 0;
}

static int open_cache(struct route *route, const struct fact_map *map, const struct plan_env *env,
		      struct err *err)
{
	struct label_cache_options options = { .key_size = route->key_size,
					       .max_keys = env->label_cache_keys };
	int r;

	options.account_words = route->value_count;
	r = label_cache__new(&options, &route->cache, err);
	if (r < 0 || !has_rows(route))
		return r;
	route->most_keys = route->stream->mode == STREAM_MODE_TABLE
				   ? count_keys(route, map, env)
				   : 2 * (size_t)route->count->aggregate->aggregate.max_keys;
	route->is_accounted = is_added_for_good(route);
	if (route->is_accounted)
		label_cache__raise_bound(route->cache, route->most_keys);
	return 0;
}

/* ---- records of a stream ---------------------------------------------------------------------------- */

/* In a value of ir/: each number has 64 bits and a place of its own. */
static void place_in_aggregate(struct route *route)
{
	const struct aggregate_layout *layout = &route->count->aggregate->layout;
	const bool *is_repeated = route->count->aggregate->is_repeated;
	uint32_t slot = 0;

	route->cell = (struct value_cell){ .offset = layout->number_offset ? layout->number_offset
									   : layout->count_offset,
					   .size = VALUE_SIZE };
	if (!route->has_slots)
		return;
	route->cell.offset = layout->slots_offset;
	for (uint32_t i = 0; i + 1 < route->value_count; i++) {
		bool is_empty = is_repeated && is_repeated[i];

		route->cells[i] = (struct value_cell){
			.offset = layout->slots_offset + slot * VALUE_SIZE,
			.size = is_empty ? 0 : VALUE_SIZE,
		};
		slot += !is_empty;
	}
	route->cells[route->value_count - 1] = (struct value_cell){ .offset = layout->number_offset,
								    .size = VALUE_SIZE };
}

static int check_ends(const struct route *route, uint32_t size, struct err *err)
{
	for (uint32_t i = 0; i < route->value_count; i++)
		if ((uint64_t)route->cells[i].offset + route->cells[i].size > size)
			return err__set(err, -EINVAL, &route->metric->at,
					"a number of metric '%s' ends behind byte %u",
					route->metric->name, size);
	return 0;
}

static int place_numbers(struct route *route, const struct fact_map *map, struct err *err)
{
	const struct metric_spec *metric = route->metric;
	int r;

	/* Entries are counted: then there is no number to read. */
	route->cell = (struct value_cell){ .offset = metric->cell.offset,
					   .size = metric->cell.size,
					   .is_signed = metric->cell.is_signed };
	r = place_cells(route, err);
	if (r < 0)
		return r;
	switch (route->stream->mode) {
	case STREAM_MODE_EVENTS:
		place_in_aggregate(route);
		route->cells[0] = route->cell;
		return 0;
	case STREAM_MODE_TABLE:
		return check_ends(route, map->value_size, err);
	case STREAM_MODE_SNAPSHOT:
		break;
	}
	return check_ends(route, route->stream->record_size, err);
}

/* Everything that, when it fails, leaves out this metric alone. */
static int resolve_count(struct route *route, const struct fact_map *map,
			 const struct plan_env *env, struct err *err)
{
	const struct metric_spec *metric = route->metric;
	const struct count_options options = {
		.spec = route->spec,
		.metric = metric,
		.stream = env->stream,
		.head_size = route->stream->mode == STREAM_MODE_TABLE ? map->key_size : 0,
		.filters = env->filters,
	};
	int r = count__new(&options, &route->count, err);

	if (r < 0)
		return r;
	route->key_size = route->fields_size = route->count->key_size;
	if (route->key_size == 0)
		route->key_size = PLAIN_KEY_SIZE;
	route->label_count = metric->label_count;
	for (uint32_t i = 0; i < metric->label_count; i++)
		route->labels[i] = (struct route_label){ .name = metric->labels[i].name };
	route->has_slots = metric->kind == METRIC_KIND_HISTOGRAM;
	if (!route->has_slots)
		return 0;
	r = bucket_map__new(&metric->bucket, metric->sum, &route->buckets, err);
	return r < 0 ? err__wrap(err, r, &metric->at, "metric '%s'", metric->name) : 0;
}

static int plan_count(struct route *route, const struct fact_map *map, const struct plan_env *env,
		      struct err *err)
{
	struct err local = ERR_INIT;
	int r = resolve_count(route, map, env, &local);

	if (r >= 0)
		r = place_numbers(route, map, &local);
	if (r < 0)
		return leave_out(route, &local);
	r = open_family(route, env, err);
	return r < 0 ? r : open_cache(route, map, env, err);
}

int plan_route(const struct spec *spec, const struct metric_spec *metric,
	       const struct plan_env *env, struct route *ret_route, struct err *err)
{
	struct route *route = ret_route;
	struct err local = ERR_INIT;
	const struct fact_map *map;
	int r;

	*route = (struct route){ .spec = spec,
				 .metric = metric,
				 .stream = &spec->streams[metric->stream] };
	route->demand = DEMAND_COUNT;
	route->has_bucket = metric->value == VALUE_KIND_KEY_BUCKET;
	route->has_slots = metric->value == VALUE_KIND_SLOTS;
	route->has_event_value = route->stream->mode == STREAM_MODE_EVENTS &&
				 metric->value == VALUE_KIND_FIELD;
	route->has_cpu_label = metric->cpu == CPU_RULE_LABEL;
	map = object_facts__find_map(env->facts, route->stream->map);
	if (env->stream && (map || route->stream->mode == STREAM_MODE_SNAPSHOT))
		return plan_count(route, map, env, err);
	if (!map)
		return err__set(err, -ENOENT, &metric->at,
				"no map '%s' in the object; metric '%s' needs it",
				route->stream->map, metric->name);
	r = check_map(route, map, err);
	if (r < 0)
		return r;
	r = metric->problem ? report_problem(route, &local) : resolve(route, map, env, &local);
	if (r < 0)
		return leave_out(route, &local);
	r = open_family(route, env, err);
	if (r >= 0)
		r = place_cells(route, err);
	return r < 0 ? r : open_cache(route, map, env, err);
}
