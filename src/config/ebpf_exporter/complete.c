/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/bpf.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/ebpf_exporter/complete.h"

#define KERNEL_ADDRESS_SIZE 8 /* const volatile u64 kaddr_x */
#define CPU_LABEL "cpu"
#define CPU_LABEL_SIZE 2 /* upstream appends the CPU's number to the key as a u16 */
#define ZERO_KEY_SIZE 4
/* More names than any object has maps; "did you mean" looks at these. */
#define MAX_NAMES 256

/* ---- what must be there --------------------------------------------------------------------- */

static int missing_map(struct completer *completer, const char *name, const struct loc *at)
{
	const struct object_facts *facts = completer->facts;
	const char *names[MAX_NAMES], *nearest;
	size_t count = 0;

	for (uint32_t i = 0; i < facts->map_count && count < MAX_NAMES; i++)
		names[count++] = facts->maps[i].name;
	/* beyond the bound errors are only counted: no need to think about them */
	nearest = completer->errors->len < ERR_LIST_MAX ? str_nearest(name, names, count) : NULL;
	if (nearest)
		return err_list__set(completer->errors, -ENOENT, at,
				     "map '%s' does not exist in %s; did you mean '%s'?", name,
				     facts->path, nearest);
	return err_list__set(
		completer->errors, -ENOENT, at,
		"map '%s' does not exist in %s; a metric has the name of the map that holds it",
		name, facts->path);
}

int completer__check_value_size(struct completer *completer, const struct fact_map *map,
				const struct loc *at)
{
	if (map->value_size == VALUE_SIZE)
		return 0;
	/* upstream's own words, which its users know and search for */
	return err_list__set(
		completer->errors, -EINVAL, at,
		"value size for map \"%s\" is not expected %d bytes (u64), it is %u bytes",
		map->name, VALUE_SIZE, map->value_size);
}

static int check_rodata(struct completer *completer, const struct rodata_spec *rodata)
{
	const struct fact_variable *variable = object_facts__find_variable(completer->facts,
									   rodata->name);

	if (!variable)
		return err_list__set(completer->errors, -ENOENT, &rodata->at,
				     "%s has no variable '%s'; declare const volatile u64 %s = 0",
				     completer->facts->path, rodata->name, rodata->name);
	if (variable->size != KERNEL_ADDRESS_SIZE)
		return err_list__set(completer->errors, -EINVAL, &rodata->at,
				     "variable '%s' has %u bytes; an address needs a u64",
				     rodata->name, variable->size);
	return 0;
}

static int check_feed(struct completer *completer, const struct feed_spec *feed)
{
	const struct fact_map *map = object_facts__find_map(completer->facts, feed->map);
	uint32_t key_size = feed->key == FEED_KEY_FD ? 4 : 8;

	if (!map)
		return missing_map(completer, feed->map, &feed->at);
	if (map->key_size != key_size)
		return err_list__set(completer->errors, -EINVAL, &feed->at,
				     "map '%s' has keys of %u bytes; %s needs %u", map->name,
				     map->key_size,
				     feed->key == FEED_KEY_FD ? "type cgrp_storage, a descriptor,"
							      : "type hash, a u64,",
				     key_size);
	return completer__check_value_size(completer, map, &feed->at);
}

static int check_transport(struct completer *completer, const struct stream_spec *stream,
			   const struct fact_map *map)
{
	bool is_perf = stream->transport == STREAM_TRANSPORT_PERFBUF;
	uint32_t wanted = is_perf ? BPF_MAP_TYPE_PERF_EVENT_ARRAY : BPF_MAP_TYPE_RINGBUF;

	if (map->type == wanted)
		return 0;
	return err_list__set(
		completer->errors, -EINVAL, &stream->at, "map '%s' is no %s; make it one",
		map->name,
		is_perf ? "BPF_MAP_TYPE_PERF_EVENT_ARRAY, which 'perf_event_array' asks for"
			: "BPF_MAP_TYPE_RINGBUF, which records come through");
}

/* Where the program counts what found no room in its ring: every value of an array of u64. */
static int check_lost_map(struct completer *completer, const struct stream_spec *stream)
{
	const struct fact_map *map;

	if (!stream->lost_map)
		return 0;
	map = object_facts__find_map(completer->facts, stream->lost_map);
	if (!map)
		return missing_map(completer, stream->lost_map, &stream->at);
	if (map->type != BPF_MAP_TYPE_ARRAY && map->type != BPF_MAP_TYPE_PERCPU_ARRAY)
		return err_list__set(
			completer->errors, -EINVAL, &stream->at,
			"map '%s' of 'lost' is no array; make it BPF_MAP_TYPE_PERCPU_ARRAY",
			map->name);
	return completer__check_value_size(completer, map, &stream->at);
}

/* ---- keys and labels ------------------------------------------------------------------------ */

static bool is_per_cpu(const struct fact_map *map)
{
	return map->type == BPF_MAP_TYPE_PERCPU_HASH || map->type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       map->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static int add_problem(struct completer *completer, struct metric_spec *metric,
		       const struct loc *at, const char *text)
{
	struct problem_spec *problem;

	if (metric->problem)
		return 0;
	problem = arena_new(&completer->spec->arena, struct problem_spec);
	if (!problem || !text)
		return -ENOMEM;
	*problem = (struct problem_spec){ .at = *at, .kind = PROBLEM_KIND_DECODE, .text = text };
	metric->problem = problem;
	return 0;
}

/* Conditions go with the labels that they are about. */
static int move_whens(struct completer *completer, struct metric_spec *metric,
		      const struct label_spec *labels)
{
	struct when_spec *whens = arena__memdup(&completer->spec->arena, metric->when,
						metric->when_count * sizeof(*whens));

	if (!whens)
		return -ENOMEM;
	for (uint32_t i = 0; i < metric->when_count; i++)
		whens[i].label = labels + (whens[i].label - metric->labels);
	metric->when = whens;
	return 0;
}

static uint64_t size_of_fields(const struct stream_spec *stream)
{
	uint64_t size = 0;

	for (uint32_t i = 0; i < stream->field_count; i++)
		size += (uint64_t)stream->fields[i].size + stream->fields[i].padding;
	return size;
}

static bool is_called_cpu(const struct metric_spec *metric, uint32_t label)
{
	return label < metric->label_count && str_eq(metric->labels[label].name, CPU_LABEL);
}

/*
 * The label 'cpu' of a per-CPU map that is no part of the key, but makes one series of each CPU's cell: the last one.
 * A superset: of a histogram, whose last label is the bucket, the one before it, when the key has no room for both.
 * SPEC_NONE: there is none.
 */
static uint32_t find_cpu_label(const struct metric_spec *metric, const struct stream_spec *stream,
			       const struct fact_map *map)
{
	uint32_t last = metric->label_count - 1;

	if (!is_per_cpu(map))
		return SPEC_NONE;
	if (is_called_cpu(metric, last))
		return last;
	if (metric->value == VALUE_KIND_KEY_BUCKET && is_called_cpu(metric, last - 1) &&
	    size_of_fields(stream) == (uint64_t)map->key_size + CPU_LABEL_SIZE)
		return last - 1;
	return SPEC_NONE;
}

/* Takes the field of a label out of the key. When it was the only one, the key is the zero of a metric without labels. */
static void drop_field(struct stream_spec *stream, struct field_spec *fields,
		       struct label_spec *labels, uint32_t index)
{
	struct loc at = fields[index].at;

	stream->fields = fields;
	stream->field_count--;
	for (uint32_t i = index; i < stream->field_count; i++) {
		fields[i] = fields[i + 1];
		labels[i + 1].field--;
	}
	labels[index].field = SPEC_NONE;
	if (stream->field_count > 0)
		return;
	fields[0] = (struct field_spec){
		.at = at,
		.name = "",
		.role = FIELD_ROLE_NONE,
		.size = ZERO_KEY_SIZE,
		.is_hidden = true,
		.must_be_zero = true,
	};
	stream->field_count = 1;
}

static int make_cpu_label(struct completer *completer, struct metric_spec *metric,
			  struct stream_spec *stream, const struct fact_map *map, uint32_t index)
{
	struct arena *arena = &completer->spec->arena;
	struct label_spec *labels = arena__memdup(arena, metric->labels,
						  metric->label_count * sizeof(*labels));
	struct field_spec *fields = arena__memdup(arena, stream->fields,
						  stream->field_count * sizeof(*fields));
	struct field_spec cpu;

	if (!labels || !fields || move_whens(completer, metric, labels) < 0)
		return -ENOMEM;
	cpu = fields[index];
	drop_field(stream, fields, labels, index);
	metric->labels = labels;
	metric->cpu = CPU_RULE_LABEL;
	if ((uint64_t)cpu.size + cpu.padding == CPU_LABEL_SIZE)
		return 0;
	return add_problem(
		completer, metric, &cpu.at,
		arena__printf(arena,
			      "label '" CPU_LABEL
			      "' of per-CPU map '%s' takes %llu bytes; the CPU is a u16, give "
			      "it size 2",
			      map->name, (unsigned long long)cpu.size + cpu.padding));
}

/* Upstream finds this out at every scrape, as a decoder error: the metric is left out, the others are served. */
static int check_key_size(struct completer *completer, struct metric_spec *metric,
			  const struct stream_spec *stream, const struct fact_map *map)
{
	uint64_t size = size_of_fields(stream);
	bool has_zero_key = stream->field_count == 1 && stream->fields[0].must_be_zero;

	if (size == map->key_size)
		return 0;
	if (has_zero_key)
		return add_problem(
			completer, metric, &metric->at,
			arena__printf(
				&completer->spec->arena,
				"no label says what the %u bytes of a key of map '%s' are; without labels "
				"it must be one u32 of zero",
				map->key_size, map->name));
	return add_problem(
		completer, metric, &metric->at,
		arena__printf(&completer->spec->arena,
			      "a key of map '%s' has %u bytes, the labels take %llu; sizes and "
			      "paddings must add up",
			      map->name, map->key_size, (unsigned long long)size));
}

/* Buckets count at the indexes that they have in keys, and the sum at the one behind the last. */
static double last_overflow_index(const struct metric_spec *metric)
{
	const struct bucket_spec *bucket = &metric->bucket;
	double last;

	if (metric->value != VALUE_KIND_KEY_BUCKET)
		return 0;
	if (bucket->kind != BUCKET_KIND_FIXED)
		return (double)bucket->max + 1;
	last = bucket->keys[bucket->key_count - 1] + 1;
	for (uint32_t i = 0; i < bucket->key_count; i++)
		last = bucket->keys[i] > last ? bucket->keys[i] : last;
	return last;
}

static int check_overflow_size(struct completer *completer, const struct metric_spec *metric,
			       const struct fact_map *overflow)
{
	double wanted = metric->problem ? overflow->max_entries : last_overflow_index(metric) + 1;

	if ((double)overflow->max_entries >= wanted && (double)overflow->max_entries <= wanted)
		return 0;
	return err_list__set(
		completer->errors, -EINVAL, &metric->at,
		wanted > 1
			? "map '%s' has %u entries; the buckets and the sum behind them take %.0f"
			: "map '%s' has %u entries; what has no room is one sum, so it takes %.0f",
		overflow->name, overflow->max_entries, wanted);
}

static int check_overflow(struct completer *completer, const struct metric_spec *metric,
			  const struct stream_spec *stream, const struct fact_map *map)
{
	const struct fact_map *overflow;

	if (!stream->overflow_map)
		return 0;
	overflow = object_facts__find_map(completer->facts, stream->overflow_map);
	if (!overflow)
		return missing_map(completer, stream->overflow_map, &metric->at);
	if (overflow->type != BPF_MAP_TYPE_ARRAY && overflow->type != BPF_MAP_TYPE_PERCPU_ARRAY)
		return err_list__set(
			completer->errors, -EINVAL, &metric->at,
			"map '%s' of 'overflow' is no array; make it BPF_MAP_TYPE_PERCPU_ARRAY",
			overflow->name);
	if (overflow->value_size != map->value_size)
		return err_list__set(
			completer->errors, -EINVAL, &metric->at,
			"values of map '%s' have %u bytes, those of map '%s' %u; they must agree",
			overflow->name, overflow->value_size, map->name, map->value_size);
	return check_overflow_size(completer, metric, overflow);
}

static int complete_metric(struct completer *completer, struct metric_spec *metric)
{
	struct stream_spec *stream = &completer->streams[metric->stream];
	const struct fact_map *map = object_facts__find_map(completer->facts, stream->map);
	uint32_t cpu;
	int r;

	if (!map)
		return 0; /* its stream's business */
	r = complete_value(completer, metric, stream, map);
	if (r < 0 || stream->mode != STREAM_MODE_TABLE)
		return r;
	r = check_overflow(completer, metric, stream, map);
	if (r < 0)
		return r;
	cpu = find_cpu_label(metric, stream, map);
	if (cpu != SPEC_NONE)
		r = make_cpu_label(completer, metric, stream, map, cpu);
	return r < 0 ? r : check_key_size(completer, metric, stream, map);
}

static int complete_stream(struct completer *completer, const struct stream_spec *stream)
{
	const struct fact_map *map = object_facts__find_map(completer->facts, stream->map);
	int r;

	if (!map)
		return missing_map(completer, stream->map, &stream->at);
	if (stream->mode != STREAM_MODE_EVENTS)
		return 0;
	r = check_transport(completer, stream, map);
	return r < 0 ? r : check_lost_map(completer, stream);
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* Runs over a list, goes on after an error of the config; `first` keeps the first code. */
#define FOR_ALL(completer, items, count, function, first)                                          \
	for (uint32_t all_i = 0; all_i < (count) && (first) != -ENOMEM; all_i++) {                 \
		int all_result = function((completer), &(items)[all_i]);                           \
		if ((first) == 0 || all_result == -ENOMEM)                                         \
			(first) = all_result;                                                      \
	}

int ebpf_exporter_complete(struct spec *spec, const struct object_facts *facts,
			   struct err_list *errors)
{
	struct completer completer = { .spec = spec, .facts = facts, .errors = errors };
	const struct program_spec *program = &spec->programs[0];
	int first = 0;

	completer.streams = arena__memdup(&spec->arena, spec->streams,
					  spec->stream_count * sizeof(*spec->streams));
	completer.metrics = arena__memdup(&spec->arena, spec->metrics,
					  spec->metric_count * sizeof(*spec->metrics));
	if (!completer.streams || !completer.metrics)
		return -ENOMEM;
	FOR_ALL(&completer, program->rodata, program->rodata_count, check_rodata, first);
	FOR_ALL(&completer, completer.streams, spec->stream_count, complete_stream, first);
	FOR_ALL(&completer, completer.metrics, spec->metric_count, complete_metric, first);
	FOR_ALL(&completer, spec->feeds, spec->feed_count, check_feed, first);
	spec->streams = completer.streams;
	spec->metrics = completer.metrics;
	return first;
}
