/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "config/bind.h"
#include "config/gadget_metrics/gadget_metrics.h"
#include "config/metric_name.h"

/* A metric has a family of its own, and a scrape visits each. */
#define MAX_METRICS 1024u
#define MAX_LABELS 32u
#define MAX_SELECTORS 32u
#define MAX_BUCKETS 256

/* What the original's exporter adds to every series, with an empty otel_scope_version, which is as good as none. */
#define SCOPE_LABEL "otel_scope_name"
#define SCOPE_PREFIX "gadgets.inspektor-gadget.io/"

/* ---- what the text says --------------------------------------------------------------------- */

struct bucket_text {
	struct loc at;
	int64_t min, max;
	int type;
	double multiplier;
	struct spec_text unit;
};

struct metric_text {
	struct loc at;
	struct spec_text name, category, gadget, field;
	int type;
	struct bind_list labels;   /* struct spec_text */
	struct bind_list selector; /* const struct node * */
	struct bucket_text bucket;
};

struct config_text {
	struct loc at;
	struct spec_text metrics_name;
	struct bind_list metrics; /* struct metric_text */
};

static const struct bind_word type_words[] = {
	{ "counter", METRIC_KIND_COUNTER },
	{ "gauge", METRIC_KIND_GAUGE },
	{ "histogram", METRIC_KIND_HISTOGRAM },
};
static const struct bind_type type_type = { .kind = BIND_WORD,
					    .noun = "type of a metric",
					    .words = type_words,
					    .word_count = array_size(type_words) };

static const struct bind_word bucket_words[] = {
	{ "exp2", BUCKET_KIND_EXP2 },
	{ "linear", BUCKET_KIND_LINEAR },
};
static const struct bind_type bucket_type_type = { .kind = BIND_WORD,
						   .noun = "type of buckets",
						   .words = bucket_words,
						   .word_count = array_size(bucket_words) };

static const struct bind_field bucket_fields[] = {
	BIND_FIELD(struct bucket_text, min, &bind_i64),
	BIND_FIELD(struct bucket_text, max, &bind_i64),
	BIND_REQUIRED(struct bucket_text, type, &bucket_type_type),
	BIND_FIELD(struct bucket_text, multiplier, &bind_double),
	BIND_FIELD(struct bucket_text, unit, &bind_text),
};
/* The original means 1 and says so, but leaves a 0 that makes all bounds 0. */
static const struct bucket_text initial_bucket = { .multiplier = 1 };
static const struct bind_type bucket_type = { .kind = BIND_STRUCT,
					      .noun = "bucket",
					      .size = sizeof(struct bucket_text),
					      .initial = &initial_bucket,
					      .fields = bucket_fields,
					      .field_count = array_size(bucket_fields) };

static const struct bind_type selector_type = BIND_LIST_TYPE(&bind_node);

static const struct bind_field metric_fields[] = {
	BIND_REQUIRED(struct metric_text, name, &bind_text),
	BIND_REQUIRED(struct metric_text, category, &bind_text),
	BIND_REQUIRED(struct metric_text, gadget, &bind_text),
	BIND_REQUIRED(struct metric_text, type, &type_type),
	BIND_FIELD(struct metric_text, field, &bind_text),
	BIND_FIELD(struct metric_text, labels, &bind_texts),
	BIND_FIELD(struct metric_text, selector, &selector_type),
	BIND_FIELD(struct metric_text, bucket, &bucket_type),
};
static const struct metric_text initial_metric = { .bucket = { .multiplier = 1 } };
static const struct bind_type metric_type = { .kind = BIND_STRUCT,
					      .noun = "metric",
					      .size = sizeof(struct metric_text),
					      .initial = &initial_metric,
					      .fields = metric_fields,
					      .field_count = array_size(metric_fields) };

static const struct bind_type metrics_type = BIND_LIST_TYPE(&metric_type);
static const struct bind_field config_fields[] = {
	BIND_REQUIRED(struct config_text, metrics_name, &bind_text),
	BIND_REQUIRED(struct config_text, metrics, &metrics_type),
};
static const struct bind_type config_type = BIND_STRUCT_TYPE("config of metrics",
							     struct config_text, config_fields);

/* ---- uses ----------------------------------------------------------------------------------- */

/* Parameters that columns and gadgets of old need. */
static const char *const settings[] = { "connect-only", "paths" };

/* One gadget and all that is laid over it. */
struct draft {
	const struct legacy_gadget *gadget;
	struct loc at;
	bool wants_setting[array_size(settings)];
	VEC(struct use_field_spec) fields;
	VEC(struct metric_spec) metrics;
};

struct writer {
	struct arena *arena; /* of the spec */
	struct spec *spec;
	struct err_list *errors;
	VEC(struct draft) drafts;
	struct map names; /* of metrics, to what the text says of them */
	uint32_t metric_count;
	const char *scope; /* of the config at hand */
};

static void writer_done(struct writer *writer)
{
	vec_for_each(&writer->drafts, draft) {
		vec_done(&draft->fields);
		vec_done(&draft->metrics);
	}
	vec_done(&writer->drafts);
	map__done(&writer->names, NULL);
}

static void want_setting(struct draft *draft, const char *setting)
{
	for (size_t i = 0; setting && i < array_size(settings); i++)
		draft->wants_setting[i] |= str_eq(settings[i], setting);
}

/* One for each gadget of old: two of them that are one today differ in their parameters. */
static struct draft *draft_of(struct writer *writer, const struct legacy_gadget *gadget,
			      const struct loc *at)
{
	struct draft draft = { .gadget = gadget, .at = *at };

	vec_for_each(&writer->drafts, known)
		if (known->gadget == gadget)
			return known;
	want_setting(&draft, gadget->setting);
	return vec_push(&writer->drafts, draft) < 0 ? NULL
						    : &writer->drafts.items[writer->drafts.len - 1];
}

/* Its place among the fields of the draft; -ENOMEM. */
static int add_field(struct draft *draft, const char *asked, const struct loc *at)
{
	const struct legacy_column *column = legacy_column_find(draft->gadget, asked);
	const struct use_field_spec field = { .at = *at,
					      .asked = asked,
					      .name = column ? column->field : asked };

	if (column)
		want_setting(draft, column->setting);
	for (size_t i = 0; i < draft->fields.len; i++)
		if (str_eq(draft->fields.items[i].name, field.name))
			return (int)i;
	return vec_push(&draft->fields, field) < 0 ? -ENOMEM : (int)draft->fields.len - 1;
}

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
		field = add_field(draft, asked[i].text, &asked[i].at);
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
				  : add_field(draft, selected_column(when[i].field), &when[i].at);

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
	field = add_field(draft, text->field.text, &text->field.at);
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
	draft = draft_of(writer, gadget, &text->at);
	if (!draft)
		return -ENOMEM;
	r = fill_metric(writer, draft, text, &metric);
	if (r == 0)
		r = check_name(writer, text, &metric);
	return r == 0 ? vec_push(&draft->metrics, metric) : r;
}

static int add_metrics(struct writer *writer, const struct config_text *config)
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

/* ---- the spec ------------------------------------------------------------------------------- */

static int set_columns(struct writer *writer, const struct draft *draft, struct use_spec *use)
{
	const struct legacy_column *column;
	struct spec_text *columns;
	uint32_t count = 0;

	while (legacy_column_at(draft->gadget, count))
		count++;
	columns = arena_array(writer->arena, struct spec_text, (size_t)count + 1);
	if (!columns)
		return -ENOMEM;
	for (uint32_t i = 0; (column = legacy_column_at(draft->gadget, i)); i++)
		columns[i].text = column->name;
	use->columns = columns;
	use->column_count = count;
	return 0;
}

static int set_settings(struct writer *writer, const struct draft *draft, struct use_spec *use)
{
	struct note_spec *notes = arena_array(writer->arena, struct note_spec,
					      array_size(settings));

	if (!notes)
		return -ENOMEM;
	for (size_t i = 0; i < array_size(settings); i++)
		if (draft->wants_setting[i])
			notes[use->setting_count++] = (struct note_spec){ settings[i], "true" };
	use->settings = notes;
	return 0;
}

static int make_use(struct writer *writer, const struct draft *draft, struct use_spec *use)
{
	*use = (struct use_spec){
		.at = draft->at,
		.gadget = draft->gadget->gadget,
		.called = arena__printf(writer->arena, "%s/%s", draft->gadget->category,
					draft->gadget->name),
		.mode = draft->gadget->mode,
		.fields = arena__memdup(writer->arena, draft->fields.items,
					draft->fields.len * sizeof(*draft->fields.items)),
		.field_count = (uint32_t)draft->fields.len,
		.metrics = arena__memdup(writer->arena, draft->metrics.items,
					 draft->metrics.len * sizeof(*draft->metrics.items)),
		.metric_count = (uint32_t)draft->metrics.len,
	};
	if (!use->called || !use->fields || !use->metrics || set_columns(writer, draft, use) < 0)
		return -ENOMEM;
	return set_settings(writer, draft, use);
}

static int make_uses(struct writer *writer)
{
	struct use_spec *uses = arena_array(writer->arena, struct use_spec, writer->drafts.len + 1);

	for (size_t i = 0; uses && i < writer->drafts.len; i++)
		if (make_use(writer, &writer->drafts.items[i], &uses[i]) < 0)
			return -ENOMEM;
	writer->spec->uses = uses;
	writer->spec->use_count = (uint32_t)writer->drafts.len;
	return uses ? 0 : -ENOMEM;
}

/* Warnings are kept beside the spec, which outlives the list of errors. */
static int keep_warnings(struct spec *spec, const struct err_list *list)
{
	struct spec_text *warnings = arena_array(&spec->arena, struct spec_text, list->len + 1);

	for (size_t i = 0; warnings && i < list->len; i++) {
		const struct err *err = &list->items[i];

		warnings[i].at = (struct loc){ spec->origin, err->at.line, err->at.column };
		warnings[i].text = arena__strdup(&spec->arena, err->text ? err->text : "");
		if (!warnings[i].text)
			return -ENOMEM;
	}
	spec->warnings = warnings;
	spec->warning_count = (uint32_t)list->len;
	return warnings ? 0 : -ENOMEM;
}

static bool set_scope(struct writer *writer, const struct config_text *config)
{
	writer->scope = arena__printf(writer->arena, SCOPE_PREFIX "%s", config->metrics_name.text);
	return writer->scope != NULL;
}

static int read_configs(struct writer *writer, const struct document_list *documents)
{
	struct err_list warnings = { 0 };
	struct binder binder = { .arena = writer->arena,
				 .errors = writer->errors,
				 .warnings = &warnings };
	int first = 0;

	for (uint32_t i = 0; i < documents->count && first != -ENOMEM; i++) {
		struct config_text config = { .at = { .file = writer->spec->origin } };
		int r = binder__run(&binder, documents->roots[i], &config_type, &config);

		if (r == 0 && !set_scope(writer, &config))
			r = -ENOMEM;
		if (r == 0)
			r = add_metrics(writer, &config);
		if (first == 0 || r == -ENOMEM)
			first = r;
	}
	if (first == 0)
		first = keep_warnings(writer->spec, &warnings);
	err_list__done(&warnings);
	return first;
}

int gadget_metrics_parse(const struct dialect_input *input, struct spec *spec,
			 struct err_list *errors)
{
	__cleanup(writer_done) struct writer writer = { .arena = &spec->arena,
							.spec = spec,
							.errors = errors };
	struct document_list documents;
	int r = documents_read(&spec->arena, input, &documents, errors);

	if (r == 0)
		r = read_configs(&writer, &documents);
	return r == 0 ? make_uses(&writer) : r;
}

/* It has no object: what it asks for is laid over the specs of the gadgets that it uses. */
int gadget_metrics_complete(struct spec *spec, const struct object_facts *facts,
			    struct err_list *errors)
{
	(void)spec;
	(void)facts;
	(void)errors;
	return 0;
}
