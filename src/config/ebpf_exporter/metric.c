/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/ebpf_exporter/convert.h"

#define METRIC_PREFIX "ebpf_exporter_"
#define DEFAULT_FLUSH_NS (3600 * INT64_C(1000000000))
/* A line per bucket and label set goes out at every scrape; upstream has no bound and no config above 60. */
#define MAX_BUCKETS 1000
/* The only key that a metric without labels reads is one u32 of zero: the one cell of an array. */
#define ZERO_KEY_SIZE 4

/* ---- counters ------------------------------------------------------------------------------- */

static int add_zero_key(struct writer *writer, const struct table *table,
			struct stream_spec *stream)
{
	struct field_spec *field = arena_new(writer->arena, struct field_spec);

	if (!field)
		return -ENOMEM;
	*field = (struct field_spec){
		.at = table->at,
		.name = "",
		.role = FIELD_ROLE_NONE,
		.size = ZERO_KEY_SIZE,
		.is_hidden = true,
		.must_be_zero = true,
	};
	stream->fields = field;
	stream->field_count = 1;
	return 0;
}

static struct stream_spec *add_stream(struct writer *writer, const struct table *table)
{
	struct stream_spec *stream = &writer->streams[writer->spec->stream_count++];

	*stream = (struct stream_spec){
		.at = table->at,
		.name = table->map,
		.mode = STREAM_MODE_TABLE,
		.map = table->map,
		.read = STREAM_READ_CUMULATIVE,
		.fields = table->fields,
		.field_count = table->labels->count,
	};
	return stream;
}

static void listen_to(struct stream_spec *stream, enum stream_transport transport)
{
	stream->mode = STREAM_MODE_EVENTS;
	stream->transport = transport;
	/* Samples are longer than what was sent: the kernel pads them. */
	stream->rest = STREAM_REST_IGNORE;
}

static struct metric_spec *add_metric(struct writer *writer, const struct table *table,
				      enum metric_kind kind, const struct spec_text *help)
{
	struct metric_spec *metric = &writer->metrics[writer->spec->metric_count++];

	*metric = (struct metric_spec){
		.at = table->at,
		.name = arena__printf(writer->arena, METRIC_PREFIX "%s", table->name),
		.help = help->text,
		.kind = kind,
		.stream = writer->spec->stream_count - 1,
		.labels = table->label_specs,
		.label_count = table->labels->count,
		.scale = 1,
		.condition = table->condition,
		.problem = table->problem,
	};
	return metric->name ? metric : NULL;
}

/* A metric that has nothing of its own beside the others: what its value is comes later. */
static int convert_plain(struct writer *writer, enum metric_kind kind, const struct spec_text *help,
			 const struct extra_text *extra, struct table *table,
			 struct metric_spec **ret_metric)
{
	struct metric_spec *metric;
	int r = start_table(writer, extra, table);

	if (r < 0)
		return r;
	add_stream(writer, table);
	metric = add_metric(writer, table, kind, help);
	if (!metric)
		return -ENOMEM;
	metric->value = VALUE_KIND_FIELD;
	*ret_metric = metric;
	return convert_extra(writer, extra, table, metric);
}

static struct stream_spec *stream_of(struct writer *writer, const struct metric_spec *metric)
{
	return &writer->streams[metric->stream];
}

/* Of events each counts one, unless it brings a number. */
static int listen_for_counter(struct writer *writer, const struct counter_text *counter,
			      struct metric_spec *metric)
{
	struct stream_spec *stream = stream_of(writer, metric);

	if (counter->perf_event_array && counter->ringbuf)
		return err_list__set(
			writer->errors, -EINVAL, &counter->at,
			"'perf_event_array' and 'ringbuf' are two kinds of maps; name the one it is");
	if (stream->overflow_map)
		return err_list__set(
			writer->errors, -EINVAL, &counter->extra.overflow.at,
			"'overflow' is for maps with keys; what events lose is 'lost'");
	listen_to(stream, counter->ringbuf ? STREAM_TRANSPORT_RINGBUF : STREAM_TRANSPORT_PERFBUF);
	stream->lost_map = text_or(&counter->lost, NULL);
	metric->value = counter->extra.value ? VALUE_KIND_FIELD : VALUE_KIND_ROW_COUNT;
	metric->flush_ns = counter->flush_interval > 0 ? counter->flush_interval : 0;
	/* Upstream begins anew every hour when nothing is said; what is not upstream's just counts. */
	if (counter->perf_event_array && metric->flush_ns == 0)
		metric->flush_ns = DEFAULT_FLUSH_NS;
	if (metric->flush_ns > 0)
		metric->temporality = TEMPORALITY_INTERVAL;
	return 0;
}

int convert_counter(struct writer *writer, const struct counter_text *counter)
{
	struct table table = { .at = counter->at,
			       .name = counter->name.text,
			       .labels = &counter->labels };
	struct metric_spec *metric = NULL;
	int r = convert_plain(writer, METRIC_KIND_COUNTER, &counter->help, &counter->extra, &table,
			      &metric);

	if (r < 0)
		return r;
	if (counter->perf_event_array || counter->ringbuf)
		return listen_for_counter(writer, counter, metric);
	return table.labels->count == 0 ? add_zero_key(writer, &table, stream_of(writer, metric))
					: 0;
}

/* ---- gauges: a superset --------------------------------------------------------------------- */

int convert_gauge(struct writer *writer, const struct gauge_text *gauge)
{
	struct table table = { .at = gauge->at,
			       .name = gauge->name.text,
			       .labels = &gauge->labels };
	struct metric_spec *metric = NULL;
	int r = convert_plain(writer, METRIC_KIND_GAUGE, &gauge->help, &gauge->extra, &table,
			      &metric);

	if (r < 0)
		return r;
	return table.labels->count == 0 ? add_zero_key(writer, &table, stream_of(writer, metric))
					: 0;
}

/* ---- histograms ----------------------------------------------------------------------------- */

static const struct {
	const char *type;
	enum bucket_kind kind;
} bucket_types[] = {
	{ "exp2", BUCKET_KIND_EXP2 },
	{ "exp2zero", BUCKET_KIND_EXP2ZERO },
	{ "fixed", BUCKET_KIND_FIXED },
	{ "linear", BUCKET_KIND_LINEAR },
};

static enum bucket_kind bucket_kind_of(const char *type)
{
	for (size_t i = 0; i < array_size(bucket_types); i++)
		if (str_eq(bucket_types[i].type, type))
			return bucket_types[i].kind;
	return BUCKET_KIND_BAD;
}

/* What upstream says at every scrape. NULL: nothing is wrong. */
static const char *bucket_problem(struct writer *writer, const struct bucket_spec *bucket)
{
	uint64_t span = (uint64_t)bucket->max - (uint64_t)bucket->min;

	if (bucket->kind == BUCKET_KIND_BAD && bucket->type[0] == '\0')
		return "'bucket_type' is missing; it must be exp2, exp2zero, fixed or linear";
	if (bucket->kind == BUCKET_KIND_BAD)
		return arena__printf(
			writer->arena,
			"'bucket_type' is \"%.64s\"; it must be exp2, exp2zero, fixed or linear",
			bucket->type);
	if (bucket->kind == BUCKET_KIND_FIXED && bucket->key_count == 0)
		return "fixed buckets have no 'bucket_keys'; list the upper bounds";
	if (bucket->kind == BUCKET_KIND_FIXED)
		return bucket->key_count <= MAX_BUCKETS
			       ? NULL
			       : arena__printf(writer->arena,
					       "%u 'bucket_keys' are too many; at most %d",
					       bucket->key_count, MAX_BUCKETS);
	if (bucket->min == bucket->max)
		return arena__printf(
			writer->arena,
			"'bucket_min' and 'bucket_max' are both %lld; the range must hold two buckets",
			(long long)bucket->min);
	if (bucket->max > bucket->min && span >= MAX_BUCKETS)
		return arena__printf(writer->arena, "buckets %lld to %lld are too many; at most %d",
				     (long long)bucket->min, (long long)bucket->max, MAX_BUCKETS);
	return NULL;
}

static struct bucket_spec convert_bucket(const struct histogram_text *histogram)
{
	const char *type = text_or(&histogram->bucket_type, "");

	return (struct bucket_spec){
		.at = histogram->bucket_type.at.line ? histogram->bucket_type.at : histogram->at,
		.kind = bucket_kind_of(type),
		.type = type,
		.scale = histogram->bucket_multiplier < 0 || histogram->bucket_multiplier > 0
				 ? histogram->bucket_multiplier
				 : 1,
		.min = histogram->bucket_min,
		.max = histogram->bucket_max,
		.keys = histogram->bucket_keys.items,
		.key_count = histogram->bucket_keys.count,
	};
}

/* The last label is the bucket. */
static int take_buckets_from_key(struct writer *writer, const struct table *table,
				 struct metric_spec *metric)
{
	const struct label_spec *bucket = &table->label_specs[table->labels->count - 1];

	if (bucket->condition)
		return err_list__set(
			writer->errors, -EINVAL, &bucket->condition->at,
			"the last label of histogram '%s' is the bucket; it cannot be left off",
			table->map);
	if (bucket->identity_count > 0)
		return err_list__set(
			writer->errors, -EINVAL, &bucket->identity[0].at,
			"the last label of histogram '%s' is the bucket; 'identity' cannot stand at it",
			table->map);
	table->fields[table->labels->count - 1].role = FIELD_ROLE_BUCKET;
	metric->value = VALUE_KIND_KEY_BUCKET;
	metric->sum = SUM_KIND_KEY_AFTER_LAST;
	return 0;
}

/* A superset: one row for each set of labels. The program looks it up once, and only such rows fit into a small array. */
static int take_buckets_from_value(struct writer *writer, const struct table *table,
				   struct stream_spec *stream, struct metric_spec *metric)
{
	metric->value = VALUE_KIND_SLOTS;
	metric->sum = SUM_KIND_SLOT_AFTER_LAST;
	return table->labels->count == 0 ? add_zero_key(writer, table, stream) : 0;
}

static int check_histogram(struct writer *writer, const struct histogram_text *histogram)
{
	if (histogram->buckets_in == BUCKETS_IN_KEY && histogram->labels.count == 0)
		return err_list__set(
			writer->errors, -EINVAL, &histogram->at,
			"histogram '%s' has no labels; the last label is the bucket, so it needs one",
			histogram->name.text);
	return 0;
}

int convert_histogram(struct writer *writer, const struct histogram_text *histogram)
{
	struct table table = { .at = histogram->at,
			       .name = histogram->name.text,
			       .labels = &histogram->labels };
	struct bucket_spec bucket = convert_bucket(histogram);
	struct stream_spec *stream;
	struct metric_spec *metric;
	const char *problem;
	int r = check_histogram(writer, histogram);

	if (r == 0)
		r = start_table(writer, &histogram->extra, &table);
	if (r < 0)
		return r;
	problem = bucket_problem(writer, &bucket);
	if (problem &&
	    writer__add_problem(writer, &table, PROBLEM_KIND_BUCKET, &bucket.at, problem) < 0)
		return -ENOMEM;
	stream = add_stream(writer, &table);
	metric = add_metric(writer, &table, METRIC_KIND_HISTOGRAM, &histogram->help);
	if (!metric)
		return -ENOMEM;
	metric->bucket = bucket;
	r = histogram->buckets_in == BUCKETS_IN_KEY
		    ? take_buckets_from_key(writer, &table, metric)
		    : take_buckets_from_value(writer, &table, stream, metric);
	return r < 0 ? r : convert_extra(writer, &histogram->extra, &table, metric);
}

/* ---- spans ---------------------------------------------------------------------------------- */

int convert_span(struct writer *writer, const struct span_text *span)
{
	struct table table = { .at = span->at,
			       .name = span->ringbuf.text,
			       .map = span->ringbuf.text,
			       .labels = &span->labels };
	int r = convert_labels(writer, &table);

	if (r == 0)
		r = convert_condition(writer, &span->condition, &table.condition);
	if (r < 0)
		return r;
	listen_to(add_stream(writer, &table), STREAM_TRANSPORT_RINGBUF);
	writer->spans[writer->spec->span_count++] = (struct span_spec){
		.at = span->at,
		.name = text_or(&span->name, span->ringbuf.text),
		.service = text_or(&span->service, NULL),
		.stream = writer->spec->stream_count - 1,
		.labels = table.label_specs,
		.label_count = span->labels.count,
		.condition = table.condition,
		.problem = table.problem,
	};
	return 0;
}
