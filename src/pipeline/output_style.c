/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/output_style.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "config/spec.h"
#include "pipeline/derive.h"
#include "pipeline/stream.h"

#define WIDTH_MAX 1024 /* cells; no terminal is as wide */
#define FOLD_LEVEL_MAX 10000

const char *output_note(const struct note_spec *notes, uint32_t count, const char *key)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcasecmp(notes[i].key, key) == 0)
			return notes[i].value;
	return NULL;
}

bool output_note_is_true(const struct note_spec *notes, uint32_t count, const char *key)
{
	const char *value = output_note(notes, count, key);

	return value && strcasecmp(value, "true") == 0;
}

/* Digits of the largest number of a type, and its sign. */
static uint16_t width_of_type(enum field_type type)
{
	static const uint8_t widths[] = {
		[FIELD_TYPE_U8] = 3,   [FIELD_TYPE_U16] = 5,  [FIELD_TYPE_U32] = 10,
		[FIELD_TYPE_U64] = 20, [FIELD_TYPE_S8] = 4,   [FIELD_TYPE_S16] = 6,
		[FIELD_TYPE_S32] = 11, [FIELD_TYPE_S64] = 20, [FIELD_TYPE_BOOL] = 5,
	};

	return (size_t)type < array_size(widths) && widths[type] ? widths[type]
								 : COLUMN_WIDTH_DEFAULT;
}

/* A number, or "type". Anything else says nothing. */
static uint16_t width_note(const struct field_spec *field, const char *key)
{
	const char *text = output_note(field->notes, field->note_count, key);
	uint64_t width;

	if (!text)
		return 0;
	if (strcasecmp(text, "type") == 0)
		return width_of_type(field->type);
	return num_parse_u64(text, strlen(text), &width) == 0 && width <= WIDTH_MAX
		       ? (uint16_t)width
		       : 0;
}

static enum ellipsis ellipsis_note(const struct field_spec *field)
{
	static const struct {
		const char *name;
		enum ellipsis ellipsis;
	} names[] = {
		{ "end", ELLIPSIS_END },
		{ "middle", ELLIPSIS_MIDDLE },
		{ "none", ELLIPSIS_NONE },
		{ "start", ELLIPSIS_START },
	};
	const char *text = output_note(field->notes, field->note_count, "columns.ellipsis");

	for (size_t i = 0; text && i < array_size(names); i++)
		if (strcasecmp(names[i].name, text) == 0)
			return names[i].ellipsis;
	return ELLIPSIS_END;
}

static void set_by_notes(const struct field_spec *field, struct column_style *style)
{
	const struct note_spec *notes = field->notes;
	uint32_t count = field->note_count;
	const char *alignment = output_note(notes, count, "columns.alignment");
	const char *precision = output_note(notes, count, "columns.precision");
	uint64_t digits;

	*style = (struct column_style){
		.title = output_note(notes, count, "columns.alias"),
		.width = width_note(field, "columns.width"),
		.min_width = width_note(field, "columns.minwidth"),
		.max_width = width_note(field, "columns.maxwidth"),
		.is_right = alignment && strcasecmp(alignment, "right") == 0,
		.is_fixed = output_note_is_true(notes, count, "columns.fixed"),
		.is_hidden = field->is_hidden,
		.is_hex = output_note_is_true(notes, count, "columns.hex"),
		.is_skipped_in_json = output_note_is_true(notes, count, "json.skip"),
		.ellipsis = ellipsis_note(field),
		.replace = output_note(notes, count, "columns.replace"),
	};
	style->has_precision = precision &&
			       num_parse_u64(precision, strlen(precision), &digits) == 0 &&
			       digits <= UINT8_MAX;
	if (style->has_precision)
		style->precision = (uint8_t)digits;
}

/* Who it was: in a cluster by pod, elsewhere by container. */
static void set_by_word(const char *name, bool has_pods, struct column_style *style)
{
	const struct derive_word *word;

	for (uint32_t i = 0; (word = derive_word_at(i)); i++) {
		if (!str_eq(word->name, name))
			continue;
		style->width = word->width;
		style->is_hidden = word->is_hidden || word->is_of_pods != has_pods;
		style->ellipsis = word->is_cut_in_middle ? ELLIPSIS_MIDDLE : ELLIPSIS_END;
	}
}

/* ---- folded stacks -------------------------------------------------------------------------------------- */

static void set_fold(const struct schema *schema, const char *name, enum fold_part part,
		     uint16_t order, struct column_style *styles)
{
	int field = schema__find(schema, name);

	if (field < 0)
		return;
	styles[field].fold = part;
	styles[field].fold_order = order;
}

/* "a,b": the innermost first, and all of them inside of single frames. */
static void set_stacks(const struct schema *schema, const char *names, struct column_style *styles)
{
	uint16_t order = UINT16_MAX;

	while (*names) {
		size_t len = strcspn(names, ",");

		for (uint32_t i = 0; i < schema->field_count; i++) {
			const char *name = schema->fields[i].name;

			if (strlen(name) == len && memcmp(name, names, len) == 0)
				set_fold(schema, name, FOLD_STACK, order--, styles);
		}
		names += len + (names[len] == ',');
	}
}

static void set_folds(const struct stream *stream, struct column_style *styles)
{
	const struct schema *schema = stream__schema(stream);
	const struct stream_spec *spec = stream__spec(stream);
	const char *stacks = output_note(spec->notes, spec->note_count, "profiles.stack-fields");
	const char *count = output_note(spec->notes, spec->note_count, "profiles.value-field");

	for (uint32_t i = 0; i < spec->field_count; i++) {
		const struct field_spec *field = &spec->fields[i];
		const char *type = output_note(field->notes, field->note_count, "flamegraph.type");
		const char *level = output_note(field->notes, field->note_count,
						"flamegraph.level");
		uint64_t order = 0;

		if (!type || strcasecmp(type, "single") != 0)
			continue;
		if (level && num_parse_u64(level, strlen(level), &order) < 0)
			order = 0;
		set_fold(schema, field->name, FOLD_FRAME,
			 order < FOLD_LEVEL_MAX ? (uint16_t)order : FOLD_LEVEL_MAX, styles);
	}
	if (stacks)
		set_stacks(schema, stacks, styles);
	if (count)
		set_fold(schema, count, FOLD_COUNT, 0, styles);
}

const struct column_style *output_styles(const struct stream *stream, bool has_pods,
					 struct arena *arena)
{
	const struct schema *schema = stream__schema(stream);
	struct column_style *styles = arena_array(arena, struct column_style,
						  (size_t)schema->field_count + 1);

	for (uint32_t i = 0; styles && i < schema->field_count; i++) {
		const struct field_spec *field = stream__field_spec(stream, i);

		if (field)
			set_by_notes(field, &styles[i]);
		else
			set_by_word(schema->fields[i].name, has_pods, &styles[i]);
	}
	if (styles)
		set_folds(stream, styles);
	return styles;
}

static bool is_counter(const struct field_spec *field)
{
	const char *type = output_note(field->notes, field->note_count, "metrics.type");

	return !field->is_key && field->count == 0 && type && strcasecmp(type, "counter") == 0;
}

const char *output_default_order(const struct stream *stream, struct arena *arena)
{
	const struct schema *schema = stream__schema(stream);

	for (uint32_t i = 0; i < schema->field_count; i++) {
		const struct field_spec *field = stream__field_spec(stream, i);

		if (field && is_counter(field))
			return arena__printf(arena, "-%s", schema->fields[i].name);
	}
	return NULL;
}
