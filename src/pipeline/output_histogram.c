/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/output_histogram.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/vec.h"
#include "config/spec.h"
#include "pipeline/output_style.h"
#include "pipeline/stream.h"
#include "record/record.h"
#include "sink/histogram.h"

#define SLOTS_MAX 64 /* powers of two that a number can be below */
#define LABELS_MAX 8
#define GROUPS_MAX 32 /* told apart on a screen; what is beyond is one more, without labels */

/* Rows with the same labels. */
struct group {
	char *labels
		[LABELS_MAX]; /* owned; by field of the histogram's keys; NULL: all the others */
	uint64_t *slots;      /* owned; of each slot field one behind the other */
};

struct slot_field {
	uint32_t field;
	const char *name, *unit; /* unit: or NULL */
	uint32_t count;
};

struct output_histogram {
	const struct stream *stream; /* borrowed */
	VEC(struct slot_field) fields;
	uint32_t keys[LABELS_MAX];
	uint32_t key_count;
	uint32_t slot_count; /* of all fields */
	VEC(struct group) groups;
};

/* ---- which fields --------------------------------------------------------------------------------------- */

static bool has_note(const struct field_spec *field, const char *key, const char *value)
{
	const char *note = output_note(field->notes, field->note_count, key);

	return note && strcasecmp(note, value) == 0;
}

static int find_fields(struct output_histogram *histogram)
{
	const struct schema *schema = stream__schema(histogram->stream);

	for (uint32_t i = 0; i < schema->field_count; i++) {
		const struct field_spec *spec = stream__field_spec(histogram->stream, i);
		const struct field *field = &schema->fields[i];
		struct slot_field slots = { .field = i,
					    .name = field->name,
					    .count = field->count };

		if (!spec)
			continue;
		if (has_note(spec, "metrics.type", "key") && histogram->key_count < LABELS_MAX)
			histogram->keys[histogram->key_count++] = i;
		if (!has_note(spec, "metrics.type", "histogram") || field->count < 2 ||
		    field->count > SLOTS_MAX)
			continue;
		slots.unit = output_note(spec->notes, spec->note_count, "metrics.unit");
		histogram->slot_count += field->count;
		if (vec_push(&histogram->fields, slots) < 0)
			return -ENOMEM;
	}
	return 0;
}

int output_histogram__new(const struct stream *stream, struct output_histogram **ret_histogram,
			  struct err *err)
{
	const struct stream_spec *spec = stream__spec(stream);
	struct output_histogram *histogram = NULL;

	*ret_histogram = NULL;
	if (!stream__is_batch(stream) ||
	    !output_note_is_true(spec->notes, spec->note_count, "metrics.print"))
		return 0;
	histogram = new_zero(struct output_histogram);
	if (!histogram)
		return err__set(err, -ENOMEM, NULL, "no memory for histograms");
	histogram->stream = stream;
	if (find_fields(histogram) < 0) {
		output_histogram__free(histogram);
		return err__set(err, -ENOMEM, NULL, "no memory for histograms");
	}
	*ret_histogram = histogram->fields.len > 0 ? histogram : output_histogram__free(histogram);
	return 0;
}

static void group_done(struct group *group)
{
	for (size_t i = 0; i < LABELS_MAX; i++)
		free(group->labels[i]);
	free(group->slots);
}

struct output_histogram *output_histogram__free(struct output_histogram *histogram)
{
	if (!histogram)
		return NULL;
	vec_for_each(&histogram->groups, group)
		group_done(group);
	vec_done(&histogram->groups);
	vec_done(&histogram->fields);
	free(histogram);
	return NULL;
}

/* ---- adding --------------------------------------------------------------------------------------------- */

static char *format_label(const struct record *record, uint32_t field)
{
	struct value value;

	if (record__get(record, field, &value) < 0)
		return strdup("");
	switch (value.type) {
	case FIELD_TYPE_STRING:
		return strndup(value.bytes.data, value.bytes.len);
	case FIELD_TYPE_S64:
		return str_printf("%lld", (long long)value.s64);
	case FIELD_TYPE_U64:
		return str_printf("%llu", (unsigned long long)value.u64);
	case FIELD_TYPE_BOOL:
		return strdup(value.u64 ? "true" : "false");
	case FIELD_TYPE_F64:
		return str_printf("%g", value.f64);
	default:
		return strdup("");
	}
}

static bool is_same(const struct output_histogram *histogram, const struct group *a,
		    const struct group *b)
{
	for (uint32_t i = 0; i < histogram->key_count; i++) {
		if (!a->labels[i] || !b->labels[i])
			return a->labels[i] == b->labels[i];
		if (!str_eq(a->labels[i], b->labels[i]))
			return false;
	}
	return true;
}

/* Moves the labels. NULL: no memory. */
static struct group *find_group(struct output_histogram *histogram, struct group *wanted)
{
	if (histogram->groups.len >= GROUPS_MAX) {
		group_done(wanted);
		*wanted = (struct group){ .slots = NULL };
	}
	vec_for_each(&histogram->groups, group) {
		if (!is_same(histogram, group, wanted))
			continue;
		group_done(wanted);
		return group;
	}
	wanted->slots = new_array(uint64_t, histogram->slot_count);
	if (!wanted->slots || vec_push(&histogram->groups, *wanted) < 0) {
		group_done(wanted);
		return NULL;
	}
	return &histogram->groups.items[histogram->groups.len - 1];
}

static void add_slots(const struct output_histogram *histogram, const struct record *record,
		      uint64_t *slots)
{
	const struct schema *schema = record->schema;

	vec_for_each(&histogram->fields, field) {
		uint32_t size = schema->fields[field->field].size;
		struct value value;
		uint64_t count;

		for (uint32_t i = 0; record__get(record, field->field, &value) == 0 &&
				     i < field->count && (i + 1) * size <= value.bytes.len;
		     i++)
			if (bytes_get_uint((const uint8_t *)value.bytes.data + i * size, size,
					   &count) == 0)
				slots[i] += count;
		slots += field->count;
	}
}

int output_histogram__add(struct output_histogram *histogram, const struct record *records,
			  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct group wanted = { .slots = NULL }, *group;

		for (uint32_t k = 0; k < histogram->key_count; k++) {
			wanted.labels[k] = format_label(&records[i], histogram->keys[k]);
			if (!wanted.labels[k]) {
				group_done(&wanted);
				return -ENOMEM;
			}
		}
		group = find_group(histogram, &wanted);
		if (!group)
			return -ENOMEM;
		add_slots(histogram, &records[i], group->slots);
	}
	return 0;
}

/* ---- drawing -------------------------------------------------------------------------------------------- */

static void draw_field(const struct output_histogram *histogram, const struct group *group,
		       const struct slot_field *field, const uint64_t *slots, uint16_t columns,
		       bool is_colored, struct strbuf *out)
{
	const struct schema *schema = stream__schema(histogram->stream);
	struct histogram_label labels[LABELS_MAX];
	double bounds[SLOTS_MAX];
	struct histogram_drawing drawing = {
		.name = field->name,
		.labels = labels,
		.unit = field->unit,
		.bounds = bounds,
		.counts = slots,
		.bucket_count = field->count,
		.is_exclusive = true,
	};

	/* Slot 0 has what is 0, slot k what is less than 2^k; the last one has all that is above, too. */
	for (uint32_t i = 0; i < field->count; i++)
		bounds[i] = i + 1 < field->count ? ldexp(1, (int)i) : (double)INFINITY;
	for (uint32_t i = 0; i < histogram->key_count && group->labels[i]; i++)
		labels[drawing.label_count++] = (struct histogram_label){
			schema->fields[histogram->keys[i]].name, group->labels[i]
		};
	histogram_draw(&drawing, columns, is_colored, out);
}

void output_histogram__draw(const struct output_histogram *histogram, uint16_t columns,
			    bool is_colored, struct strbuf *out)
{
	vec_for_each(&histogram->groups, group) {
		const uint64_t *slots = group->slots;

		vec_for_each(&histogram->fields, field) {
			draw_field(histogram, group, field, slots, columns, is_colored, out);
			slots += field->count;
		}
	}
}
