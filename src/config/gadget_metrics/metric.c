/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/gadget_metrics/writer.h"
#include "config/metric_name.h"

/* A metric has a family of its own, and a scrape visits each. */
#define MAX_METRICS 1024u
#define MAX_LABELS 32u
#define MAX_SELECTORS 32u
#define MAX_BUCKETS 256

/* What the original's exporter adds to every series, with an empty otel_scope_version, which is as good as none. */
#define SCOPE_LABEL "otel_scope_name"

/* ---- gadgets -------------------------------------------------------------------------------- */

/* "trace/exex": among all that there are by their full names. */
static int unknown_gadget(struct writer *writer, const struct metric_text *text)
{
	__cleanup(x_freep) char *asked = str_printf("%s/%s", text->category.text,
						    text->gadget.text);
	const struct legacy_gadget *gadget, *meant = NULL;
	struct strbuf names = STRBUF_INIT;
	int r;

	for (uint32_t i = 0; asked && (gadget = legacy_gadget_at(i)); i++) {
		const char *name = arena__printf(writer->arena, "%s/%s", gadget->category,
						 gadget->name);

		if (name && str_nearest(asked, &name, 1))
			meant = meant ? meant : gadget;
		strbuf__printf(&names, "%s%s", i ? ", " : "", name ? name : "");
	}
	if (meant)
		r = err_list__set(writer->errors, -EINVAL, &text->gadget.at,
				  "there is no gadget '%.64s/%.64s'; did you mean '%s/%s'?",
				  text->category.text, text->gadget.text, meant->category,
				  meant->name);
	else
		r = err_list__set(writer->errors, -EINVAL, &text->gadget.at,
				  "there is no gadget '%.64s/%.64s'; there are %s",
				  text->category.text, text->gadget.text, strbuf__text(&names));
	strbuf__done(&names);
	return r;
}

/* What has no end makes counters and histograms, what is there makes gauges. */
static int check_kind(struct writer *writer, const struct metric_text *text,
		      const struct legacy_gadget *gadget)
{
	bool is_snapshot = gadget->mode == STREAM_MODE_SNAPSHOT;

	if (is_snapshot == (text->type == METRIC_KIND_GAUGE))
		return 0;
	return err_list__set(
		writer->errors, -EINVAL, &text->at,
		is_snapshot
			? "metric '%.64s' is of %s/%s, which says what is there; its type is gauge"
			: "metric '%.64s' is of %s/%s, which says what happens; its type is "
			  "counter or histogram",
		text->name.text, gadget->category, gadget->name);
}

/* ---- labels and selectors ------------------------------------------------------------------- */

/* Named as it was asked for, whatever the field is called today. */
static const char *label_name(struct writer *writer, const struct draft *draft, const char *asked)
{
	const struct legacy_column *column = legacy_column_find(draft->gadget, asked);

	return metric_name_plain(writer->arena, column ? column->name : asked);
}

static int add_labels(struct writer *writer, struct draft *draft, const struct metric_text *text,
		      struct metric_spec *metric)
{
	const struct spec_text *asked = text->labels.items;
	struct label_spec *labels = arena_array(writer->arena, struct label_spec,
						(size_t)text->labels.count + 1); /* the scope */

	if (!labels)
		return -ENOMEM;
	if (text->labels.count > MAX_LABELS)
		return err_list__set(writer->errors, -E2BIG, &text->labels.at,
				     "a metric has at most %u labels, not %u", MAX_LABELS,
				     text->labels.count);
	labels[metric->label_count++] = (struct label_spec){
		.at = text->at, .name = SCOPE_LABEL, .field = SPEC_NONE, .constant = writer->scope
	};
	for (uint32_t i = 0; i < text->labels.count; i++) {
		struct label_spec *label = &labels[metric->label_count++];
		int field;

		if (!asked[i].text || !asked[i].text[0])
			return err_list__set(writer->errors, -EINVAL, &asked[i].at,
					     "a label is empty; name a column");
		field = draft__add_field(draft, asked[i].text, &asked[i].at);
		label->at = asked[i].at;
		label->name = label_name(writer, draft, asked[i].text);
		if (field < 0 || !label->name)
			return -ENOMEM;
		label->field = (uint32_t)field;
	}
	metric->labels = labels;
	return 0;
}

/* Without a prefix they mean whose events are wanted: in the original, filters of its container collection. */
static const struct {
	const char *column, *field;
} who_selectors[] = {
	{ "container", "runtime.containerName" },
	{ "namespace", "k8s.namespace" },
	{ "pod", "k8s.podName" },
};

static const char *selected_column(const char *column)
{
	for (size_t i = 0; i < array_size(who_selectors); i++)
		if (str_eq(who_selectors[i].column, column))
			return who_selectors[i].field;
	return column;
}

static int add_selectors(struct writer *writer, struct draft *draft, const struct metric_text *text,
			 struct metric_spec *metric)
{
	const struct node *const *nodes = text->selector.items;
	struct when_spec *when = arena_array(writer->arena, struct when_spec,
					     (size_t)text->selector.count + 1);
	int first = 0;

	if (!when)
		return -ENOMEM;
	if (text->selector.count > MAX_SELECTORS)
		return err_list__set(writer->errors, -E2BIG, &text->selector.at,
				     "a metric has at most %u selectors, not %u", MAX_SELECTORS,
				     text->selector.count);
	for (uint32_t i = 0; i < text->selector.count; i++) {
		int r = nodes[i] ? selector_parse(writer->arena, nodes[i], &when[i], writer->errors)
				 : err_list__set(writer->errors, -EINVAL, &text->selector.at,
						 "selector %u is empty; write column:rule", i + 1);
		int field = r < 0 ? r
				  : draft__add_field(draft, selected_column(when[i].field),
						     &when[i].at);

		if (field == -ENOMEM)
			return field;
		if (field < 0)
			first = first ? first : field;
		else
			when[i].field = draft->fields.items[field].name;
	}
	metric->when = when;
	metric->when_count = text->selector.count;
	return first;
}

/* ---- values and buckets --------------------------------------------------------------------- */

static int set_value(struct writer *writer, struct draft *draft, const struct metric_text *text,
		     struct metric_spec *metric)
{
	bool has_field = text->field.text && text->field.text[0];
	bool is_histogram = metric->kind == METRIC_KIND_HISTOGRAM;
	int field;

	metric->value = is_histogram ? VALUE_KIND_OBSERVATION
			: has_field  ? VALUE_KIND_FIELD
				     : VALUE_KIND_ROW_COUNT;
	if (is_histogram && !has_field)
		return err_list__set(writer->errors, -EINVAL, &text->at,
				     "histogram '%.64s' needs 'field', the column that is observed",
				     metric->name);
	if (!has_field)
		return 0;
	field = draft__add_field(draft, text->field.text, &text->field.at);
	if (field < 0)
		return field;
	metric->value_field = draft->fields.items[field].name;
	metric->cell.at = text->field.at;
	return 0;
}

static int bad_bucket(struct writer *writer, const struct metric_text *text, const char *why)
{
	return err_list__set(writer->errors, -EINVAL,
			     text->bucket.at.line ? &text->bucket.at : &text->at,
			     "histogram '%.64s': %s", text->name.text, why);
}

static double bound_at(const struct bucket_text *bucket, int64_t i)
{
	double bound = bucket->type == BUCKET_KIND_EXP2 ? exp2((double)i) : (double)i;

	return bound * bucket->multiplier;
}

/* Bounds from min to max, the latter not among them: above the last one everything is more. */
static int set_bounds(struct writer *writer, const struct bucket_text *from,
		      struct bucket_spec *bucket)
{
	uint32_t count = (uint32_t)(from->max - from->min);
	double *keys = arena_array(writer->arena, double, count);

	if (!keys)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		keys[i] = bound_at(from, from->min + i);
	bucket->kind = BUCKET_KIND_FIXED;
	bucket->type = "fixed";
	bucket->keys = keys;
	bucket->key_count = count;
	return 0;
}

static int set_buckets(struct writer *writer, const struct metric_text *text,
		       struct metric_spec *metric)
{
	const struct bucket_text *from = &text->bucket;
	struct bucket_spec *bucket = &metric->bucket;

	if (metric->kind != METRIC_KIND_HISTOGRAM)
		return 0;
	if (!from->at.line)
		return bad_bucket(writer, text, "it needs 'bucket' with type, min and max");
	if (from->max == 0)
		return bad_bucket(writer, text, "'max' of its bucket is missing or 0");
	if (from->min >= from->max)
		return bad_bucket(writer, text, "'min' of its bucket must be less than 'max'");
	if (from->max > INT32_MAX || from->min < INT32_MIN || from->max - from->min > MAX_BUCKETS)
		return bad_bucket(writer, text, "its bucket has more than 256 bounds");
	if (from->type == BUCKET_KIND_EXP2 && (from->min < -64 || from->max > 64))
		return bad_bucket(writer, text,
				  "'min' and 'max' are powers of two, from -64 to 64");
	if (!(from->multiplier > 0) || isinf(from->multiplier))
		return bad_bucket(writer, text, "'multiplier' must be greater than 0");
	bucket->at = from->at;
	bucket->scale = 1;
	bucket->is_open_ended = true;
	metric->sum = SUM_KIND_FIELD;
	metric->sum_field = metric->value_field;
	if (from->type != BUCKET_KIND_EXP2 || from->multiplier != 1 || from->min < 0)
		return set_bounds(writer, from, bucket);
	bucket->kind = BUCKET_KIND_EXP2;
	bucket->type = "exp2";
	bucket->min = from->min;
	bucket->max = from->max;
	return 0;
}

/* ---- metrics -------------------------------------------------------------------------------- */

static const char *unit_of(const struct metric_text *text)
{
	const char *unit = text->type == METRIC_KIND_HISTOGRAM ? text->bucket.unit.text : NULL;

	return unit && unit[0] ? unit : NULL;
}

static int set_name(struct writer *writer, const struct draft *draft,
		    const struct metric_text *text, struct metric_spec *metric)
{
	const struct metric_naming naming = {
		.name = text->name.text,
		.unit = unit_of(text),
		.kind = metric->kind,
		.is_original = true, /* the name is all that says which dashboards it is on */
	};
	struct metric_name name;
	int r = metric_name_make(writer->arena, &naming, &name);

	if (r < 0)
		return r;
	metric->name = name.name;
	metric->unit = name.unit;
	metric->scale = 1;
	metric->help = arena__printf(writer->arena, "%s of %s/%s",
				     text->field.text && text->field.text[0] ? text->field.text
				     : metric->kind == METRIC_KIND_GAUGE     ? "entries"
									     : "events",
				     draft->gadget->category, draft->gadget->name);
	return metric->help ? 0 : -ENOMEM;
}

/* Everything that is wrong with it is told. */
static int fill_metric(struct writer *writer, struct draft *draft, const struct metric_text *text,
		       struct metric_spec *metric)
{
	int (*const steps[])(struct writer * writer, struct draft * draft,
			     const struct metric_text *text,
			     struct metric_spec *metric) = { add_labels, add_selectors, set_value };
	int first = set_name(writer, draft, text, metric);

	for (size_t i = 0; first != -ENOMEM && i < array_size(steps); i++) {
		int r = steps[i](writer, draft, text, metric);

		if (first == 0 || r == -ENOMEM)
			first = r;
	}
	if (first == 0)
		first = set_buckets(writer, text, metric);
	return first;
}

static int check_name(struct writer *writer, const struct metric_text *text,
		      const struct metric_spec *metric)
{
	const struct metric_text *other = map__find(&writer->names, metric->name,
						    strlen(metric->name));

	if (other)
		return err_list__set(writer->errors, -EEXIST, &text->name.at,
				     "metric '%s' stands twice, the other on line %u; rename one",
				     metric->name, other->at.line);
	return map__set(&writer->names, metric->name, strlen(metric->name), (void *)text, NULL);
}

static int add_metric(struct writer *writer, const struct metric_text *text)
{
	const struct legacy_gadget *gadget = legacy_gadget_find(text->category.text,
								text->gadget.text);
	struct metric_spec metric = { .at = text->at,
				      .kind = (enum metric_kind)text->type,
				      .stream = SPEC_NONE };
	struct draft *draft;
	int r;

	if (writer->metric_count++ == MAX_METRICS)
		return err_list__set(writer->errors, -E2BIG, &text->at,
				     "more than %u metrics in one file; split it", MAX_METRICS);
	if (!gadget)
		return unknown_gadget(writer, text);
	r = check_kind(writer, text, gadget);
	if (r < 0)
		return r;
	draft = writer__draft(writer, gadget, &text->at);
	if (!draft)
		return -ENOMEM;
	r = fill_metric(writer, draft, text, &metric);
	if (r == 0)
		r = check_name(writer, text, &metric);
	return r == 0 ? vec_push(&draft->metrics, metric) : r;
}

int writer__add_metrics(struct writer *writer, const struct config_text *config)
{
	const struct metric_text *texts = config->metrics.items;
	int first = 0;

	if (config->metrics.count == 0)
		return err_list__set(writer->errors, -EINVAL,
				     config->metrics.at.file ? &config->metrics.at : &config->at,
				     "'metrics' is empty; it needs at least one metric");
	for (uint32_t i = 0; i < config->metrics.count && first != -ENOMEM; i++) {
		int r = add_metric(writer, &texts[i]);

		if (first == 0 || r == -ENOMEM)
			first = r;
	}
	return first;
}
