/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics that one config lays over the streams of another. They are copied when the other is opened, for each spec dies
 * by itself, and held against its fields once those are known.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "config/load.h"

#define MAX_HINTS 3

/* ---- copies --------------------------------------------------------------------------------- */

/* A copy in the making: everything goes into one arena, and what could not be is remembered. */
struct copier {
	struct arena *arena;
	const char *file; /* of all positions: they are of one text */
	bool keeps_constants;
	bool has_failed;
};

static struct loc copy_loc(const struct copier *copier, const struct loc *at)
{
	return (struct loc){ .file = copier->file, .line = at->line, .column = at->column };
}

static const char *copy_text(struct copier *copier, const char *text)
{
	const char *copy = text ? arena__strdup(copier->arena, text) : NULL;

	copier->has_failed |= text && !copy;
	return copy;
}

/* Elements as they are; what they point to is still the original's. */
static void *copy_array(struct copier *copier, const void *items, uint32_t count, size_t size)
{
	void *copy = count ? arena__memdup(copier->arena, items, count * size) : NULL;

	copier->has_failed |= count && !copy;
	return copy;
}

static const struct spec_text *copy_texts(struct copier *copier, const struct spec_text *texts,
					  uint32_t count)
{
	struct spec_text *copy = copy_array(copier, texts, count, sizeof(*texts));

	for (uint32_t i = 0; copy && i < count; i++) {
		copy[i].text = copy_text(copier, texts[i].text);
		copy[i].at = copy_loc(copier, &texts[i].at);
	}
	return copy;
}

/* Labels that are always the same are there for whoever wants to see what the original shows. */
static const struct label_spec *copy_labels(struct copier *copier, const struct label_spec *labels,
					    uint32_t count, uint32_t *ret_count)
{
	struct label_spec *copy = copy_array(copier, labels, count, sizeof(*labels));
	uint32_t len = 0;

	for (uint32_t i = 0; copy && i < count; i++)
		if (!labels[i].constant || copier->keeps_constants)
			copy[len++] = (struct label_spec){
				.at = copy_loc(copier, &labels[i].at),
				.name = copy_text(copier, labels[i].name),
				.field = labels[i].field,
				.constant = copy_text(copier, labels[i].constant)
			};
	*ret_count = len;
	return copy;
}

static const struct when_spec *copy_conditions(struct copier *copier, const struct when_spec *when,
					       uint32_t count)
{
	struct when_spec *copy = copy_array(copier, when, count, sizeof(*when));

	for (uint32_t i = 0; copy && i < count; i++) {
		copy[i].at = copy_loc(copier, &when[i].at);
		copy[i].field = copy_text(copier, when[i].field);
		copy[i].values = copy_texts(copier, when[i].values, when[i].value_count);
	}
	return copy;
}

static const struct metric_spec *copy_metrics(struct copier *copier,
					      const struct metric_spec *metrics, uint32_t count)
{
	struct metric_spec *copy = copy_array(copier, metrics, count, sizeof(*metrics));

	for (uint32_t i = 0; copy && i < count; i++) {
		const struct metric_spec *from = &metrics[i];
		struct metric_spec *to = &copy[i];

		to->at = copy_loc(copier, &from->at);
		to->name = copy_text(copier, from->name);
		to->help = copy_text(copier, from->help);
		to->unit = copy_text(copier, from->unit);
		to->labels = copy_labels(copier, from->labels, from->label_count, &to->label_count);
		to->when = copy_conditions(copier, from->when, from->when_count);
		to->value_field = copy_text(copier, from->value_field);
		to->sum_field = copy_text(copier, from->sum_field);
		to->cell.at = copy_loc(copier, &from->cell.at);
		to->bucket.at = copy_loc(copier, &from->bucket.at);
		to->bucket.type = copy_text(copier, from->bucket.type);
		to->bucket.keys = copy_array(copier, from->bucket.keys, from->bucket.key_count,
					     sizeof(*from->bucket.keys));
	}
	return copy;
}

static const struct use_field_spec *copy_fields(struct copier *copier,
						const struct use_field_spec *fields, uint32_t count)
{
	struct use_field_spec *copy = copy_array(copier, fields, count, sizeof(*fields));

	for (uint32_t i = 0; copy && i < count; i++)
		copy[i] = (struct use_field_spec){ .at = copy_loc(copier, &fields[i].at),
						   .asked = copy_text(copier, fields[i].asked),
						   .name = copy_text(copier, fields[i].name) };
	return copy;
}

int spec__set_overlay(struct spec *spec, const struct use_spec *use)
{
	struct copier copier = { .arena = &spec->arena,
				 .keeps_constants = spec->keeps_original_names };
	struct use_spec *copy = arena_new(&spec->arena, struct use_spec);

	if (!copy)
		return -ENOMEM;
	copier.file = copy_text(&copier, use->at.file);
	*copy = *use;
	copy->at = copy_loc(&copier, &use->at);
	copy->gadget = copy_text(&copier, use->gadget);
	copy->called = copy_text(&copier, use->called);
	copy->settings = NULL; /* set when it was opened */
	copy->setting_count = 0;
	copy->fields = copy_fields(&copier, use->fields, use->field_count);
	copy->columns = copy_texts(&copier, use->columns, use->column_count);
	copy->metrics = copy_metrics(&copier, use->metrics, use->metric_count);
	spec->overlay = copy;
	return copier.has_failed ? -ENOMEM : 0;
}

/* ---- fields --------------------------------------------------------------------------------- */

/* Who it was: streams of which somebody can tell have these without saying so. */
static const struct {
	const char *name;
	enum field_type type;
} who_fields[] = {
	{ "k8s.containerName", FIELD_TYPE_STRING },
	{ "k8s.hostnetwork", FIELD_TYPE_BOOL },
	{ "k8s.namespace", FIELD_TYPE_STRING },
	{ "k8s.node", FIELD_TYPE_STRING },
	{ "k8s.owner.kind", FIELD_TYPE_STRING },
	{ "k8s.owner.name", FIELD_TYPE_STRING },
	{ "k8s.podLabels", FIELD_TYPE_STRING },
	{ "k8s.podName", FIELD_TYPE_STRING },
	{ "runtime.containerId", FIELD_TYPE_STRING },
	{ "runtime.containerImageDigest", FIELD_TYPE_STRING },
	{ "runtime.containerImageName", FIELD_TYPE_STRING },
	{ "runtime.containerName", FIELD_TYPE_STRING },
	{ "runtime.containerPid", FIELD_TYPE_U32 },
	{ "runtime.containerStartedAt", FIELD_TYPE_S64 },
	{ "runtime.runtimeName", FIELD_TYPE_STRING },
};

struct layer {
	struct spec *spec;
	const struct use_spec *use;
	const struct object_facts *facts;
	struct err_list *errors;
	uint32_t stream_index;
	struct stream_spec *stream; /* a copy of the gadget's, whose fields may become more */
	uint32_t *fields;           /* of the stream, by those of the use */
	int first;                  /* code of the first error */
};

#define complain(layer, code, ...)                                                                 \
	do {                                                                                       \
		int complained = err_list__set((layer)->errors, (code), __VA_ARGS__);              \
		if ((layer)->first == 0)                                                           \
			(layer)->first = complained;                                               \
	} while (0)

static bool tells_who(const struct stream_spec *stream)
{
	for (uint32_t i = 0; i < stream->field_count; i++)
		if (stream->fields[i].role == FIELD_ROLE_MNTNS_ID ||
		    stream->fields[i].role == FIELD_ROLE_NETNS_ID ||
		    stream->fields[i].role == FIELD_ROLE_CGROUP_ID)
			return true;
	return false;
}

static uint32_t find_field(const struct stream_spec *stream, const char *name)
{
	for (uint32_t i = 0; i < stream->field_count; i++)
		if (str_eq(stream->fields[i].name, name))
			return i;
	for (uint32_t i = 0; i < stream->field_count; i++)
		if (strcasecmp(stream->fields[i].name, name) == 0)
			return i;
	return SPEC_NONE;
}

/* The stream with the fields that its records are enriched with. */
static int add_who_fields(struct layer *layer)
{
	struct arena *arena = &layer->spec->arena;
	struct stream_spec *streams = arena__memdup(arena, layer->spec->streams,
						    layer->spec->stream_count * sizeof(*streams));
	struct field_spec *fields;

	if (!streams)
		return -ENOMEM;
	layer->spec->streams = streams;
	layer->stream = &streams[layer->stream_index];
	fields = arena_array(arena, struct field_spec,
			     layer->stream->field_count + array_size(who_fields));
	if (!fields)
		return -ENOMEM;
	if (layer->stream->field_count)
		memcpy(fields, layer->stream->fields, layer->stream->field_count * sizeof(*fields));
	layer->stream->fields = fields;
	for (size_t i = 0; tells_who(layer->stream) && i < array_size(who_fields); i++)
		if (find_field(layer->stream, who_fields[i].name) == SPEC_NONE)
			fields[layer->stream->field_count++] =
				(struct field_spec){ .at = layer->stream->at,
						     .name = who_fields[i].name,
						     .role = FIELD_ROLE_NONE,
						     .type = who_fields[i].type,
						     .is_foreign = true };
	return 0;
}

/* ---- what was meant ------------------------------------------------------------------------- */

static const char *last_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

static const char *nearest_of_all(const struct layer *layer, const char *name)
{
	size_t count = 0, most = (size_t)layer->stream->field_count + layer->use->column_count;
	const char **names = new_array(const char *, most + 1), *nearest;

	for (uint32_t i = 0; names && i < layer->use->column_count; i++)
		names[count++] = layer->use->columns[i].text;
	for (uint32_t i = 0; names && i < layer->stream->field_count; i++)
		names[count++] = layer->stream->fields[i].name;
	nearest = names ? str_nearest(name, names, count) : NULL;
	free(names);
	return nearest;
}

/* Fields that end in the same word, else what is spelt most alike. */
static void add_hints(const struct layer *layer, const char *asked, struct strbuf *out)
{
	const char *nearest;
	uint32_t count = 0;

	for (uint32_t i = 0; i < layer->stream->field_count && count < MAX_HINTS; i++) {
		const char *name = layer->stream->fields[i].name;

		if (strcasecmp(last_part(name), last_part(asked)) == 0)
			strbuf__printf(out, "%s'%s'", count++ ? " or " : "; did you mean ", name);
	}
	nearest = count ? NULL : nearest_of_all(layer, asked);
	if (nearest)
		strbuf__printf(out, "; did you mean '%s'", nearest);
	strbuf__add_text(out, count || nearest ? "?" : "; sonde inspect lists them");
}

/* The language has it, but this gadget does not tell it. */
static bool is_column(const struct use_spec *use, const char *asked)
{
	for (uint32_t i = 0; i < use->column_count; i++)
		if (strcasecmp(use->columns[i].text, asked) == 0)
			return true;
	return false;
}

static void no_such_field(struct layer *layer, const struct use_field_spec *field)
{
	struct strbuf hints = STRBUF_INIT;

	if (is_column(layer->use, field->asked)) {
		complain(layer, -EINVAL, &field->at,
			 "%s has no column '%.64s' here: gadget '%s' does not tell its '%s'",
			 layer->use->called, field->asked, layer->use->gadget, field->name);
		return;
	}
	add_hints(layer, field->asked, &hints);
	complain(layer, -EINVAL, &field->at, "%s has no column '%.64s'%s", layer->use->called,
		 field->asked, strbuf__text(&hints));
	strbuf__done(&hints);
}

/* ---- metrics held against fields ------------------------------------------------------------ */

static bool is_text(const struct field_spec *field)
{
	return field->source || (field->type == FIELD_TYPE_STRING && field->count <= 1);
}

static bool is_number(const struct field_spec *field)
{
	return !field->source && field->count <= 1 && field->type >= FIELD_TYPE_U8 &&
	       field->type <= FIELD_TYPE_F64;
}

static bool is_whole_number_of_record(const struct field_spec *field)
{
	return is_number(field) && !field->is_foreign && field->type <= FIELD_TYPE_S64;
}

static bool is_signed(const struct field_spec *field)
{
	return field->type >= FIELD_TYPE_S8 && field->type <= FIELD_TYPE_S64;
}

/* The field that a metric names; what is not there was complained of before. */
static const struct field_spec *field_named(const struct layer *layer, const char *name)
{
	uint32_t index = find_field(layer->stream, name);

	return index == SPEC_NONE ? NULL : &layer->stream->fields[index];
}

static void hold_labels(struct layer *layer, struct metric_spec *metric)
{
	struct label_spec *labels = (struct label_spec *)metric->labels; /* our copy */

	for (uint32_t i = 0; i < metric->label_count; i++) {
		const struct use_field_spec *asked;
		const struct field_spec *field;

		if (labels[i].constant)
			continue;
		asked = &layer->use->fields[labels[i].field];
		labels[i].field = layer->fields[labels[i].field];
		field = &layer->stream->fields[labels[i].field];
		if (!field->is_foreign && !is_text(field) && !is_number(field) &&
		    (field->type != FIELD_TYPE_BOOL || field->count > 1))
			complain(layer, -EINVAL, &labels[i].at,
				 "column '%.64s' of %s is no number and no text, so it makes no "
				 "label",
				 asked->asked, layer->use->called);
	}
}

static void hold_numbers(struct layer *layer, const struct when_spec *when)
{
	for (uint32_t i = 0; i < when->value_count; i++) {
		const struct spec_text *value = &when->values[i];
		double number;
		uint64_t whole;

		if (num_parse_double(value->text, strlen(value->text), &number) < 0 &&
		    num_parse_u64_go(value->text, strlen(value->text), &whole) < 0)
			complain(layer, -EINVAL, &value->at,
				 "'%.64s' is no number; column '%s' is compared with one",
				 value->text, when->field);
	}
}

static void hold_condition(struct layer *layer, struct when_spec *when)
{
	const struct field_spec *field = field_named(layer, when->field);
	bool is_pattern = when->op == MATCH_OP_REGEXP || when->op == MATCH_OP_NOT_REGEXP;

	if (!field)
		return;
	when->field = field->name;
	when->is_signed = is_signed(field);
	if (is_pattern && !is_text(field))
		complain(layer, -EINVAL, &when->at,
			 "column '%s' is no text; regular expressions are for texts", field->name);
	else if (is_number(field))
		hold_numbers(layer, when);
}

static uint32_t key_size_of(const struct layer *layer)
{
	const struct fact_map *map = NULL;

	if (layer->stream->mode == STREAM_MODE_TABLE)
		map = object_facts__find_map(layer->facts, layer->stream->map);
	return map ? map->key_size : 0;
}

static void hold_value(struct layer *layer, struct metric_spec *metric)
{
	const struct field_spec *field;

	if (metric->value == VALUE_KIND_ROW_COUNT)
		return;
	field = field_named(layer, metric->value_field);
	if (!field)
		return;
	if (!is_whole_number_of_record(field)) {
		complain(layer, -EINVAL, &metric->cell.at,
			 "column '%s' is no whole number of the event; name one that is",
			 field->name);
		return;
	}
	metric->value_field = field->name;
	metric->cell.offset = field->offset - key_size_of(layer);
	metric->cell.size = field->size;
	metric->cell.is_signed = is_signed(field) && metric->kind != METRIC_KIND_COUNTER;
	if (metric->sum == SUM_KIND_FIELD) {
		metric->sum_field = field->name;
		metric->sum_cell = metric->cell;
	}
}

static int hold_metrics(struct layer *layer)
{
	const struct use_spec *use = layer->use;
	struct metric_spec *metrics = arena__memdup(&layer->spec->arena, use->metrics,
						    use->metric_count * sizeof(*metrics));

	if (!metrics)
		return -ENOMEM;
	for (uint32_t i = 0; i < use->metric_count; i++) {
		metrics[i].stream = layer->stream_index;
		hold_labels(layer, &metrics[i]);
		for (uint32_t k = 0; k < metrics[i].when_count; k++) /* our copy */
			hold_condition(layer, (struct when_spec *)&metrics[i].when[k]);
		hold_value(layer, &metrics[i]);
	}
	layer->spec->metrics = metrics;
	layer->spec->metric_count = use->metric_count;
	return layer->first;
}

/* All names that are wrong are told at once, and then nothing else. */
static int hold_fields(struct layer *layer)
{
	layer->fields = arena_array(&layer->spec->arena, uint32_t,
				    (size_t)layer->use->field_count + 1);
	if (!layer->fields)
		return -ENOMEM;
	for (uint32_t i = 0; i < layer->use->field_count; i++) {
		layer->fields[i] = find_field(layer->stream, layer->use->fields[i].name);
		if (layer->fields[i] == SPEC_NONE)
			no_such_field(layer, &layer->use->fields[i]);
	}
	return layer->first;
}

static int find_stream(struct layer *layer)
{
	static const char *const kinds[] = {
		[STREAM_MODE_TABLE] = "rows",
		[STREAM_MODE_EVENTS] = "events",
		[STREAM_MODE_SNAPSHOT] = "snapshots",
	};

	for (uint32_t i = 0; i < layer->spec->stream_count; i++)
		if (!layer->spec->streams[i].is_foreign &&
		    layer->spec->streams[i].mode == layer->use->mode) {
			layer->stream_index = i;
			return 0;
		}
	return err_list__set(layer->errors, -EINVAL, &layer->use->at,
			     "gadget '%s' brings no %s, which %s would have", layer->use->gadget,
			     kinds[layer->use->mode], layer->use->called);
}

int spec__apply_overlay(struct spec *spec, const struct object_facts *facts,
			struct err_list *errors)
{
	struct layer layer = {
		.spec = spec, .use = spec->overlay, .facts = facts, .errors = errors
	};
	int r;

	if (!spec->overlay)
		return 0;
	r = find_stream(&layer);
	if (r == 0)
		r = add_who_fields(&layer);
	if (r == 0)
		r = hold_fields(&layer);
	return r == 0 ? hold_metrics(&layer) : r;
}
