/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics of a stream: of each field that the text or its type calls a counter, a gauge or a histogram, and of the rows
 * or events themselves. What a metric is follows from the mode of the stream: rows of a table are sums so far, those of a
 * snapshot are what there is, an event adds to what was before.
 */
#include "config/gadget/metrics.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

#define TYPE_NOTE "metrics.type"
#define NAME_NOTE "metrics.name"
#define HELP_NOTE "metrics.description"
#define UNIT_NOTE "metrics.unit"
#define BOUNDS_NOTE "metrics.boundaries"
#define SLOTS_NOTE "metrics.slots" /* sonde's own: what the index of a slot means */
#define LIMIT_NOTE "metrics.limit" /* sonde's own, of data sources; as this one */
#define TTL_NOTE "metrics.ttl"
#define COUNT_NAME_NOTE "metrics.implicit-counter.name"
#define COUNT_HELP_NOTE "metrics.implicit-counter.description"
#define SUM_SUFFIX "_sum"
#define MAX_BOUNDS 127

/* Observations of which nobody said where to draw lines: 27 powers of two, as the histograms of gadgets have them. */
#define OBSERVED_SLOTS 27
#define OBSERVED_NS_MIN 10 /* about a microsecond; the last line is at 69 seconds */

/* Lines of OpenTelemetry, which the original draws then. */
static const double original_bounds[] = { 0,   5,   10,   25,   50,   75,   100,  250,
					  500, 750, 1000, 2500, 5000, 7500, 10000 };

struct maker {
	struct gadget_writer *writer; /* borrowed */
	const struct object_facts *facts;
	struct stream_spec *stream; /* borrowed; at hand */
	uint32_t index;             /* of it */
	const char *prefix;         /* of names that nobody chose */
	const struct label_spec *labels;
	uint32_t label_count;
	uint64_t limit; /* of series; 0: the default */
	int64_t ttl_ns;
	VEC(struct metric_spec) metrics;
};

static const char *note(const struct field_spec *field, const char *key)
{
	const char *value = gadget_note(field->notes, field->note_count, key);

	return value && value[0] ? value : NULL;
}

static const char *stream_note(const struct maker *maker, const char *key)
{
	const char *value = gadget_note(maker->stream->notes, maker->stream->note_count, key);

	return value && value[0] ? value : NULL;
}

static bool is_original(const struct maker *maker)
{
	return maker->writer->spec->keeps_original_names;
}

static bool has_exact_names(const struct maker *maker)
{
	const char *names = stream_note(maker, GADGET_EXACT_NAMES_NOTE);

	return names && strcasecmp(names, "exact") == 0;
}

/* ---- one metric ----------------------------------------------------------------------------- */

static int push(struct maker *maker, struct metric_spec *metric, const struct metric_name *name)
{
	metric->name = name->name;
	metric->unit = name->unit;
	metric->scale = name->scale;
	if (metric->bucket.kind != BUCKET_KIND_NONE) {
		metric->bucket.scale = name->scale;
		metric->scale = 1;
	}
	metric->stream = maker->index;
	metric->labels = maker->labels;
	metric->label_count = maker->label_count;
	metric->limit = maker->limit;
	metric->ttl_ns = metric->kind == METRIC_KIND_GAUGE ? 0 : maker->ttl_ns;
	/* Rows that gadgets drain or delete stay counted. */
	metric->is_conserved = maker->stream->mode == STREAM_MODE_TABLE &&
			       metric->kind != METRIC_KIND_GAUGE;
	if (maker->metrics.len >= GADGET_MAX_METRICS)
		return gadget_writer__warn(maker->writer, &metric->at,
					   "a gadget has at most %d metrics, ignoring '%s'",
					   GADGET_MAX_METRICS, metric->name);
	return vec_push(&maker->metrics, *metric);
}

static uint32_t key_size_of(const struct maker *maker)
{
	const struct fact_map *map = NULL;

	if (maker->stream->mode == STREAM_MODE_TABLE)
		map = object_facts__find_map(maker->facts, maker->stream->map);
	return map ? map->key_size : 0;
}

/* Where a number is: in the value of a row, or in the record. */
static struct cell_spec cell_of(const struct maker *maker, const struct field_spec *field)
{
	return (struct cell_spec){
		.at = field->at,
		.offset = field->offset - key_size_of(maker),
		.size = field->size,
		.is_signed = field->type == FIELD_TYPE_S8 || field->type == FIELD_TYPE_S16 ||
			     field->type == FIELD_TYPE_S32 || field->type == FIELD_TYPE_S64,
	};
}

static bool is_whole_number(const struct field_spec *field)
{
	return field->type == FIELD_TYPE_BOOL ||
	       (field->type >= FIELD_TYPE_U8 && field->type <= FIELD_TYPE_S64);
}

/* By the annotation, else by what the type says. */
static const char *unit_of(const struct field_spec *field)
{
	const char *unit = note(field, UNIT_NOTE);

	if (unit)
		return unit;
	if (field->type_name && str_eq(field->type_name, "gadget_bytes"))
		return "By";
	return field->role == FIELD_ROLE_DURATION ? "ns" : NULL;
}

static int describe(struct maker *maker, const struct field_spec *field, struct metric_spec *metric,
		    struct metric_name *ret_name)
{
	const char *chosen = note(field, NAME_NOTE);
	const struct metric_naming naming = {
		.prefix = chosen ? NULL : maker->prefix,
		.name = chosen ? chosen : field->name,
		.unit = unit_of(field),
		.kind = metric->kind,
		.is_original = is_original(maker),
		.is_exact = has_exact_names(maker),
	};

	metric->help = note(field, HELP_NOTE);
	if (!metric->help)
		metric->help = note(field, "description");
	if (!metric->help)
		metric->help = arena__printf(maker->writer->arena, "%s of %s", field->name,
					     maker->writer->spec->name);
	return metric->help ? metric_name_make(maker->writer->arena, &naming, ret_name) : -ENOMEM;
}

static int ignore_field(struct maker *maker, const struct field_spec *field, const char *why)
{
	return gadget_writer__warn(maker->writer, &field->at, "field '%s' is no metric: %s",
				   field->name, why);
}

static int add_number(struct maker *maker, const struct field_spec *field, enum metric_kind kind)
{
	struct metric_spec metric = { .at = field->at,
				      .kind = kind,
				      .value = VALUE_KIND_FIELD,
				      .value_field = field->name,
				      .cell = cell_of(maker, field) };
	struct metric_name name;
	int r;

	if (!is_whole_number(field) || field->count > 0)
		return ignore_field(maker, field, "counters and gauges are whole numbers");
	if (field->is_key)
		return ignore_field(maker, field, "it is a part of the key");
	/* What there is at the moment is no sum of what there was. */
	if (maker->stream->mode == STREAM_MODE_SNAPSHOT)
		metric.kind = METRIC_KIND_GAUGE;
	if (metric.kind == METRIC_KIND_COUNTER)
		metric.cell.is_signed = false;
	r = describe(maker, field, &metric, &name);
	return r < 0 ? r : push(maker, &metric, &name);
}

/* ---- histograms ----------------------------------------------------------------------------- */

static const struct field_spec *find_sum(struct maker *maker, const struct field_spec *field)
{
	const char *name = arena__printf(maker->writer->arena, "%s" SUM_SUFFIX, field->name);

	for (uint32_t i = 0; name && i < maker->stream->field_count; i++) {
		const struct field_spec *other = &maker->stream->fields[i];

		if (str_eq(other->name, name) && is_whole_number(other) && other->count == 0 &&
		    !other->source && !other->is_foreign)
			return other;
	}
	return NULL;
}

/* The program has sorted them already: slot i ends at 2^i, or begins there. */
static int add_slots(struct maker *maker, const struct field_spec *field)
{
	const char *convention = note(field, SLOTS_NOTE);
	bool is_floor = convention && strcasecmp(convention, "floor-log2") == 0;
	const struct field_spec *sum = find_sum(maker, field);
	struct metric_spec metric = {
		.at = field->at,
		.kind = METRIC_KIND_HISTOGRAM,
		.value = VALUE_KIND_SLOTS,
		.value_field = field->name,
		.cell = cell_of(maker, field),
		.bucket = { .at = field->at,
			    .kind = BUCKET_KIND_EXP2,
			    .type = "exp2",
			    .min = is_floor ? 1 : 0,
			    .max = (int64_t)field->count - (is_floor ? 0 : 1),
			    .is_open_ended = true },
		.sum = sum ? SUM_KIND_FIELD : SUM_KIND_UNKNOWN,
		.slots = is_floor ? SLOT_CONVENTION_FLOOR_LOG2 : SLOT_CONVENTION_CEIL_LOG2,
	};
	struct metric_name name;
	int r;

	if (convention && !is_floor && strcasecmp(convention, "ceil-log2") != 0)
		return ignore_field(maker, field, "'" SLOTS_NOTE "' is ceil-log2 or floor-log2");
	if (!is_whole_number(field) || field->count < 2 || field->count > 64)
		return ignore_field(maker, field, "slots are 2 to 64 whole numbers");
	if (maker->stream->mode == STREAM_MODE_EVENTS)
		return ignore_field(maker, field, "an event has no slots that could be added up");
	if (sum) {
		metric.sum_field = sum->name;
		metric.sum_cell = cell_of(maker, sum);
	}
	r = describe(maker, field, &metric, &name);
	return r < 0 ? r : push(maker, &metric, &name);
}

static int parse_bounds(struct maker *maker, const char *text, double *bounds, uint32_t *ret_count)
{
	char *copy = arena__strdup(maker->writer->arena, text), *part;
	uint32_t count = 0;

	if (!copy)
		return -ENOMEM;
	while ((part = strsep(&copy, ","))) {
		part += strspn(part, " ");
		part[strcspn(part, " ")] = '\0';
		if (count == MAX_BOUNDS ||
		    num_parse_double(part, strlen(part), &bounds[count]) < 0 ||
		    (count > 0 && bounds[count] <= bounds[count - 1]))
			return -EINVAL;
		count++;
	}
	*ret_count = count;
	return 0;
}

static int set_bounds(struct maker *maker, const struct field_spec *field,
		      struct bucket_spec *bucket)
{
	const char *text = note(field, BOUNDS_NOTE), *unit = unit_of(field);
	double bounds[MAX_BOUNDS];
	int64_t min = unit && str_eq(unit, "ns") ? OBSERVED_NS_MIN : 0;
	int r = text ? parse_bounds(maker, text, bounds, &bucket->key_count) : 0;

	if (r < 0)
		return r;
	if (!text && is_original(maker)) {
		bucket->key_count = array_size(original_bounds);
		memcpy(bounds, original_bounds, sizeof(original_bounds));
	}
	bucket->is_open_ended = true;
	bucket->kind = bucket->key_count > 0 ? BUCKET_KIND_FIXED : BUCKET_KIND_EXP2;
	bucket->type = bucket->key_count > 0 ? "fixed" : "exp2";
	if (bucket->kind == BUCKET_KIND_EXP2) {
		bucket->min = min;
		bucket->max = min + OBSERVED_SLOTS;
		return 0;
	}
	bucket->keys = arena__memdup(maker->writer->arena, bounds,
				     bucket->key_count * sizeof(*bounds));
	return bucket->keys ? 0 : -ENOMEM;
}

static int add_observations(struct maker *maker, const struct field_spec *field)
{
	struct metric_spec metric = { .at = field->at,
				      .kind = METRIC_KIND_HISTOGRAM,
				      .value = VALUE_KIND_OBSERVATION,
				      .value_field = field->name,
				      .cell = cell_of(maker, field),
				      .bucket = { .at = field->at },
				      .sum = SUM_KIND_FIELD,
				      .sum_field = field->name };
	struct metric_name name;
	int r;

	if (maker->stream->mode != STREAM_MODE_EVENTS)
		return ignore_field(maker, field,
				    "only events bring observations; slots are arrays of numbers");
	if (!is_whole_number(field))
		return ignore_field(maker, field, "observations are whole numbers");
	r = set_bounds(maker, field, &metric.bucket);
	if (r == -EINVAL)
		return ignore_field(maker, field,
				    "'" BOUNDS_NOTE "' is a list of at most 127 ascending numbers");
	if (r == 0)
		r = describe(maker, field, &metric, &name);
	return r < 0 ? r : push(maker, &metric, &name);
}

/* ---- a stream ------------------------------------------------------------------------------- */

static int add_field(struct maker *maker, const struct field_spec *field)
{
	const char *type = note(field, TYPE_NOTE);

	if (!type || strcasecmp(type, "key") == 0)
		return 0;
	if (field->source || field->is_foreign)
		return ignore_field(maker, field, "it is no part of the record");
	if (strcasecmp(type, "counter") == 0)
		return add_number(maker, field, METRIC_KIND_COUNTER);
	if (strcasecmp(type, "gauge") == 0)
		return add_number(maker, field, METRIC_KIND_GAUGE);
	if (strcasecmp(type, "histogram") == 0)
		return field->count > 0 ? add_slots(maker, field) : add_observations(maker, field);
	return gadget_writer__warn(
		maker->writer, &field->at,
		"'" TYPE_NOTE
		"' of field '%s' is '%.64s', ignoring it; it is key, counter, gauge or "
		"histogram",
		field->name, type);
}

/* What a table without typed numbers adds up, by the types that say a unit. */
static int add_measures(struct maker *maker)
{
	for (uint32_t i = 0; i < maker->stream->field_count; i++) {
		const struct field_spec *field = &maker->stream->fields[i];
		int r = !field->is_key && !field->source && !field->is_foreign && unit_of(field)
				? add_number(maker, field, METRIC_KIND_COUNTER)
				: 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* Events or entries, by the labels alone. */
static int add_count(struct maker *maker)
{
	bool is_counter = maker->stream->mode == STREAM_MODE_EVENTS;
	const char *chosen = stream_note(maker, COUNT_NAME_NOTE);
	const char *help = stream_note(maker, COUNT_HELP_NOTE);
	struct metric_spec metric = {
		.at = maker->stream->at,
		.kind = is_counter ? METRIC_KIND_COUNTER : METRIC_KIND_GAUGE,
		.value = VALUE_KIND_ROW_COUNT,
	};
	const struct metric_naming naming = {
		.prefix = chosen ? NULL : maker->prefix,
		.name = chosen       ? chosen
			: is_counter ? "events"
				     : "entries",
		.kind = metric.kind,
		/* The original makes none that nobody chose a name for. */
		.is_original = is_original(maker) && chosen,
		.is_exact = chosen && has_exact_names(maker),
	};
	struct metric_name name;
	int r = metric_name_make(maker->writer->arena, &naming, &name);

	metric.help = help ? help
			   : arena__printf(maker->writer->arena, "%s of %s",
					   is_counter ? "events" : "entries",
					   maker->writer->spec->name);
	if (r < 0 || !metric.help)
		return -ENOMEM;
	return push(maker, &metric, &name);
}

static bool is_asked_for(const struct maker *maker)
{
	const char *collect = stream_note(maker, "metrics.collect");

	return collect && strcasecmp(collect, "true") == 0;
}

/* How many series, and how long without a change: as anywhere else. */
static int read_bounds(struct maker *maker)
{
	const char *limit = stream_note(maker, LIMIT_NOTE), *ttl = stream_note(maker, TTL_NOTE);

	maker->limit = 0;
	maker->ttl_ns = 0;
	if (limit && num_parse_u64(limit, strlen(limit), &maker->limit) < 0)
		return err_list__set(maker->writer->errors, -EINVAL, &maker->stream->at,
				     "'" LIMIT_NOTE
				     "' of data source '%s' is \"%.64s\"; it must be "
				     "a number of series",
				     maker->stream->name, limit);
	if (ttl && (num_parse_duration(ttl, strlen(ttl), &maker->ttl_ns) < 0 || maker->ttl_ns < 0))
		return err_list__set(maker->writer->errors, -EINVAL, &maker->stream->at,
				     "'" TTL_NOTE
				     "' of data source '%s' is \"%.64s\"; it must be a "
				     "duration such as 10m",
				     maker->stream->name, ttl);
	return 0;
}

static int add_stream(struct maker *maker)
{
	bool is_asked = is_asked_for(maker);
	size_t before = maker->metrics.len;
	int r = 0;

	if (!is_asked && maker->writer->spec->metric_wish != METRIC_WISH_ALL)
		return 0;
	r = read_bounds(maker);
	if (r < 0)
		return r;
	r = gadget_metric_labels(maker->writer, maker->stream, &maker->labels, &maker->label_count);
	for (uint32_t i = 0; r == 0 && i < maker->stream->field_count; i++)
		r = add_field(maker, &maker->stream->fields[i]);
	if (r == 0 && !is_asked && maker->stream->mode == STREAM_MODE_TABLE &&
	    maker->metrics.len == before)
		r = add_measures(maker);
	if (r == 0 && (stream_note(maker, COUNT_NAME_NOTE) ||
		       (!is_asked && maker->stream->mode != STREAM_MODE_TABLE)))
		r = add_count(maker);
	if (r == 0 && maker->metrics.len == before)
		r = gadget_writer__warn(
			maker->writer, &maker->stream->at,
			"data source '%s' has nothing to make a metric of; annotate a field with "
			"'" TYPE_NOTE "'",
			maker->stream->name);
	return r;
}

/* "gadget", or "gadget_stream" where there are several. */
static int set_prefix(struct maker *maker)
{
	struct arena *arena = maker->writer->arena;
	const char *name = maker->writer->spec->name;

	if (maker->writer->streams.len > 1)
		name = arena__printf(arena, "%s_%s", name, maker->stream->name);
	maker->prefix = name ? metric_name_plain(arena, name) : NULL;
	return maker->prefix ? 0 : -ENOMEM;
}

int gadget_add_metrics(struct gadget_writer *writer, const struct object_facts *facts)
{
	struct maker maker = { .writer = writer, .facts = facts };
	int r = 0;

	if (writer->spec->metric_wish == METRIC_WISH_NONE)
		return 0;
	for (size_t i = 0; r == 0 && i < writer->streams.len; i++) {
		maker.stream = &writer->streams.items[i];
		maker.index = (uint32_t)i;
		if (maker.stream->is_foreign)
			continue;
		r = set_prefix(&maker);
		if (r == 0)
			r = add_stream(&maker);
	}
	if (r == 0) {
		writer->spec->metrics =
			arena__memdup(writer->arena, maker.metrics.items,
				      maker.metrics.len * sizeof(*maker.metrics.items));
		writer->spec->metric_count = (uint32_t)maker.metrics.len;
		r = writer->spec->metrics ? 0 : -ENOMEM;
	}
	vec_done(&maker.metrics);
	return r;
}
