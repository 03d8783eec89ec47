/* SPDX-License-Identifier: Apache-2.0 */
#include "metric/family.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "metric/family_private.h"

/* ---- life ------------------------------------------------------------------------------------ */

static int copy_buckets(struct family *family, const struct bucket_layout *buckets)
{
	size_t lines = buckets->line_count;

	family->buckets = *buckets;
	family->buckets.bounds = family->bounds = new_array(double, lines + 1);
	if (!family->bounds)
		return -ENOMEM;
	if (lines)
		memcpy(family->bounds, buckets->bounds, lines * sizeof(*family->bounds));
	if (!buckets->ends)
		return 0;
	family->buckets.ends = family->ends = new_array(uint32_t, lines + 1);
	if (!family->ends)
		return -ENOMEM;
	memcpy(family->ends, buckets->ends, lines * sizeof(*family->ends));
	return 0;
}

static uint64_t limit_of(const struct family_spec *spec)
{
	uint64_t limit = spec->limit ? spec->limit : FAMILY_DEFAULT_LIMIT;

	return limit > SERIES_MAX ? SERIES_MAX : limit;
}

static double scale_of(const struct family_spec *spec)
{
	return spec->scale > 0 || spec->scale < 0 ? spec->scale : 1;
}

static int fill(struct family *family, const struct family_spec *spec)
{
	family->kind = spec->kind;
	family->limit = limit_of(spec);
	family->keeps_values = spec->keeps_values;
	family->leaves_unseen = spec->leaves_unseen;
	family->ttl_ns = spec->ttl_ns;
	family->since_ns = spec->since_ns;
	family->scale = scale_of(spec);
	family->is_signed = spec->is_signed;
	family->overflow = SERIES_NONE;
	family->pass.generation = 1;
	family->name = strdup(spec->name);
	family->help = strdup(spec->help);
	family->unit = strdup(spec->unit ? spec->unit : "");
	if (!family->name || !family->help || !family->unit)
		return -ENOMEM;
	if (spec->kind == FAMILY_KIND_HISTOGRAM) {
		family->stride = spec->buckets.slot_count + 1;
		if (copy_buckets(family, &spec->buckets) < 0)
			return -ENOMEM;
	}
	return label_text__init(&family->labels, spec->label_names, spec->label_count);
}

int family__new(const struct family_spec *spec, struct family **ret_family, struct err *err)
{
	struct family *family = new_zero(struct family);

	if (!family || fill(family, spec) < 0) {
		family__free(family);
		return err__set(err, -ENOMEM, NULL, "no memory for metric '%s'", spec->name);
	}
	*ret_family = family;
	return 0;
}

static void drop_series(struct family *family)
{
	strbuf__done(&family->texts);
	hash_index__done(&family->index);
	free(family->series);
	free(family->slots);
	free(family->order);
	free(family->created);
	free(family->watches);
	family->series = NULL;
	family->slots = NULL;
	family->order = NULL;
	family->created = NULL;
	family->watches = NULL;
	family->count = family->capacity = 0;
	family->order_capacity = family->slots_capacity = 0;
	family->created_capacity = family->watches_capacity = 0;
	family->sorted = family->scattered = family->shown = family->left = 0;
	family->overflow = SERIES_NONE;
}

struct family *family__free(struct family *family)
{
	if (!family)
		return NULL;
	drop_series(family);
	label_text__done(&family->labels);
	free(family->renumbered);
	free(family->bounds);
	free(family->ends);
	free(family->name);
	free(family->help);
	free(family->unit);
	free(family);
	return NULL;
}

static bool has_same_labels(const struct family *family, const struct family_spec *spec)
{
	struct label_text other;
	bool is_same = spec->label_count == family->labels.count;

	if (!is_same || label_text__init(&other, spec->label_names, spec->label_count) < 0)
		return false;
	for (uint32_t i = 0; i < other.count; i++)
		is_same = is_same && str_eq(other.heads[i], family->labels.heads[i]);
	label_text__done(&other);
	return is_same;
}

static bool has_same_buckets(const struct bucket_layout *a, const struct bucket_layout *b)
{
	if (a->slot_count != b->slot_count || a->line_count != b->line_count ||
	    a->sum_slot != b->sum_slot || a->sum_scale != b->sum_scale ||
	    a->has_no_sum != b->has_no_sum || !a->ends != !b->ends)
		return false;
	if (a->line_count == 0)
		return true;
	if (a->ends && memcmp(a->ends, b->ends, a->line_count * sizeof(*a->ends)) != 0)
		return false;
	return memcmp(a->bounds, b->bounds, a->line_count * sizeof(*a->bounds)) == 0;
}

bool family__agrees(const struct family *family, const struct family_spec *spec, struct err *err)
{
	const char *difference = NULL;

	if (family->kind != spec->kind)
		difference = "kind";
	else if (!str_eq(family->help, spec->help))
		difference = "help";
	else if (!str_eq(family->unit, spec->unit ? spec->unit : ""))
		difference = "unit";
	else if (!has_same_labels(family, spec))
		difference = "set of labels";
	else if (spec->kind == FAMILY_KIND_HISTOGRAM &&
		 !has_same_buckets(&family->buckets, &spec->buckets))
		difference = "set of buckets";
	else if (family->scale != scale_of(spec))
		difference = "scale";
	else if (family->is_signed != spec->is_signed)
		difference = "sign (values that may be below zero, or not)";
	else if (family->limit != limit_of(spec))
		difference = "limit";
	else if (family->ttl_ns != spec->ttl_ns)
		difference = "ttl";
	else if (family->keeps_values != spec->keeps_values ||
		 family->leaves_unseen != spec->leaves_unseen)
		difference =
			"kind of source (a table that is read, or events that are counted) or a "
			"limit or ttl of its own";
	if (!difference)
		return true;
	/* The caller says which metric this is, and where. */
	err__set(err, -EEXIST, NULL,
		 "another of that name has another %s; give both the same, or another name",
		 difference);
	return false;
}

/* ---- series ---------------------------------------------------------------------------------- */

static int make_room(struct family *family)
{
	size_t need = family->count + 1;

	if (hash_index__reserve(&family->index, need) < 0)
		return -ENOMEM;
	if (mem_grow((void **)(void *)&family->order, &family->order_capacity, need,
		     sizeof(*family->order)) < 0)
		return -ENOMEM;
	if (family->kind != FAMILY_KIND_GAUGE &&
	    mem_grow((void **)(void *)&family->created, &family->created_capacity, need,
		     sizeof(*family->created)) < 0)
		return -ENOMEM;
	if (family->ttl_ns && mem_grow((void **)(void *)&family->watches, &family->watches_capacity,
				       need, sizeof(*family->watches)) < 0)
		return -ENOMEM;
	if (family->stride && mem_grow((void **)(void *)&family->slots, &family->slots_capacity,
				       need, family->stride * sizeof(*family->slots)) < 0)
		return -ENOMEM;
	return mem_grow((void **)(void *)&family->series, &family->capacity, need,
			sizeof(*family->series));
}

static uint32_t find_text(const struct family *family, const char *text, size_t len, uint32_t hash)
{
	size_t position = hash;
	uint32_t number;

	while ((number = hash_index__next(&family->index, hash, &position)) != HASH_INDEX_NONE) {
		const struct series *series = &family->series[number];

		if (series->text_len == len &&
		    memcmp(family->texts.data + series->text_at, text, len) == 0)
			return number;
	}
	return SERIES_NONE;
}

/* The text stands at the end of family->texts; on success it stays there. */
static uint32_t add_series(struct family *family, size_t text_at, size_t text_len, uint32_t hash)
{
	uint32_t number = (uint32_t)family->count++;

	family->series[number] = (struct series){
		.text_at = text_at,
		.text_len = (uint32_t)text_len,
	};
	if (family->stride)
		memset(series_slots(family, number), 0, family->stride * sizeof(*family->slots));
	if (family->created)
		family->created[number] = family->since_ns;
	if (family->watches)
		family->watches[number] = (struct watch){ 0 };
	family->order[number] = number; /* sorted in by __end() */
	hash_index__add(&family->index, hash, number);
	return number;
}

/* Finds or adds, whatever the limit says. */
static int find_or_add(struct family *family, const struct text_slice *values, bool has_room,
		       uint32_t *ret_series)
{
	size_t text_at = family->texts.len;
	size_t text_len;
	uint32_t hash, number;

	if (label_text__format(&family->labels, values, &family->texts, &family->damage) < 0) {
		family->texts.has_failed = false; /* nothing was written */
		return -ENOMEM;
	}
	text_len = family->texts.len - text_at - 1;
	hash = (uint32_t)hash_bytes(family->texts.data + text_at, text_len);
	number = find_text(family, family->texts.data + text_at, text_len, hash);
	if (number == SERIES_NONE && has_room) {
		if (make_room(family) < 0) {
			family->texts.len = text_at;
			return -ENOMEM;
		}
		*ret_series = add_series(family, text_at, text_len, hash);
		return 0;
	}
	family->texts.len = text_at;
	*ret_series = number;
	return 0;
}

static const struct text_slice overflow_value = { FAMILY_OVERFLOW_VALUE,
						  sizeof(FAMILY_OVERFLOW_VALUE) - 1 };

int family_need_overflow(struct family *family)
{
	__cleanup(x_freep) struct text_slice *values = NULL;

	if (family->overflow != SERIES_NONE)
		return 0;
	values = new_array(struct text_slice, (size_t)family->labels.count + 1);
	if (!values)
		return -ENOMEM;
	for (uint32_t i = 0; i < family->labels.count; i++)
		values[i] = overflow_value;
	return find_or_add(family, values, true, &family->overflow);
}

int family__overflow(struct family *family, uint32_t *ret_series, struct err *err)
{
	if (family_need_overflow(family) < 0)
		return err__set(err, -ENOMEM, NULL,
				"no memory for the overflow series of metric '%s'", family->name);
	*ret_series = family->overflow;
	return 0;
}

bool family__is_overflow(const struct family *family, uint32_t number)
{
	return number == family->overflow;
}

bool family__keeps(const struct family *family, uint32_t number)
{
	if (family->keeps_values)
		return true;
	return number == family->overflow && family->kind != FAMILY_KIND_GAUGE &&
	       family->labels.count > 0;
}

bool family__has_left(const struct family *family, uint32_t number)
{
	return family->series[number].seen == SEEN_LEFT;
}

static bool has_room(const struct family *family)
{
	return family->count - family->left - (family->overflow != SERIES_NONE) < family->limit;
}

static int take_overflow(struct family *family, uint32_t *ret_series, struct err *err)
{
	int r = family__overflow(family, ret_series, err);

	if (r == 0)
		family->overflowed++;
	return r;
}

int family__return(struct family *family, uint32_t *number, struct err *err)
{
	if (!family__has_left(family, *number) || has_room(family))
		return 0;
	return take_overflow(family, number, err);
}

/* A program may have counted under that name, too. */
static bool is_overflow_text(const struct family *family, const struct text_slice *values)
{
	for (uint32_t i = 0; i < family->labels.count; i++) {
		if (values[i].len != overflow_value.len ||
		    memcmp(values[i].data, overflow_value.data, values[i].len) != 0)
			return false;
	}
	return family->labels.count > 0;
}

int family__series(struct family *family, const struct text_slice *values, uint32_t *ret_series,
		   struct err *err)
{
	uint32_t number;

	if (is_overflow_text(family, values))
		return family__overflow(family, ret_series, err);
	if (find_or_add(family, values, has_room(family), &number) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for series of metric '%s'",
				family->name);
	if (number == SERIES_NONE)
		return take_overflow(family, ret_series, err);
	*ret_series = number;
	return family__return(family, ret_series, err);
}

/* ---- values ---------------------------------------------------------------------------------- */

void family__begin(struct family *family, const struct family_pass *pass)
{
	bool is_same = family->pass.generation == pass->generation;

	family->pass = *pass;
	if (is_same)
		return;
	family->is_incomplete = false;
	if (family->keeps_values)
		return;
	family->shown = 0;
	if (family->overflow == SERIES_NONE || !family__keeps(family, family->overflow))
		return;
	family->series[family->overflow].seen = pass->generation;
	family->shown = 1;
}

void family__note_incomplete(struct family *family)
{
	family->is_incomplete = true;
}

/* First row of the series in this pass, and its values are not kept. */
static void show_anew(struct family *family, struct series *series)
{
	series->value = 0;
	if (family->stride)
		memset(series_slots(family, (uint32_t)(series - family->series)), 0,
		       family->stride * sizeof(*family->slots));
	family->shown++;
}

/* The same of a series whose values are kept. */
static void show_on(struct family *family, struct series *series)
{
	if (series->seen == SEEN_LEFT) {
		family->left--;
		if (family->created)
			family->created[series - family->series] = family->since_ns;
	}
	family->shown += series->seen == SEEN_LEFT || series->seen == 0;
}

static void show(struct family *family, struct series *series)
{
	if (family->keeps_values)
		show_on(family, series);
	else
		show_anew(family, series);
	series->seen = family->pass.generation;
}

static inline struct series *touch(struct family *family, uint32_t number)
{
	struct series *series = &family->series[number];

	if (series->seen != family->pass.generation)
		show(family, series);
	return series;
}

void family__add(struct family *family, uint32_t number, uint64_t value)
{
	struct series *series = touch(family, number);

	if (family->has_numbers)
		series->value = bits_of(number_of(series->value) + (double)value);
	else
		series->value += value;
}

void family_add_value(struct family *family, uint32_t number, uint64_t value)
{
	struct series *series = touch(family, number);

	if (family->has_numbers)
		series->value = bits_of(number_of(series->value) + number_of(value));
	else
		series->value += value;
}

static void turn_into_numbers(struct family *family)
{
	for (size_t i = 0; i < family->count; i++)
		family->series[i].value = bits_of((double)family->series[i].value);
	family->has_numbers = true;
}

void family__set(struct family *family, uint32_t number, double value)
{
	if (!family->has_numbers)
		turn_into_numbers(family);
	touch(family, number)->value = bits_of(value);
}

void family__add_slot(struct family *family, uint32_t number, int32_t slot, uint64_t value)
{
	touch(family, number);
	if (slot >= 0)
		series_slots(family, number)[slot] += value;
}

void family__clear(struct family *family, int64_t wall_ns)
{
	drop_series(family);
	family->since_ns = wall_ns;
}
