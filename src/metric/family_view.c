/* SPDX-License-Identifier: Apache-2.0 */
/* What sinks, and the agent's own metrics, see of a family. */
#include <errno.h>

#include "base/str.h"
#include "metric/family_private.h"

static void show_negative(const struct series *series, struct series_view *ret_series)
{
	ret_series->number = (double)(int64_t)series->value;
	ret_series->is_number = true;
}

static void scale(const struct family *family, struct series_view *series)
{
	double number = series->is_number ? series->number : (double)series->count;

	series->is_number = true;
	series->number = number * family->scale;
}

bool family__next(const struct family *family, struct family_cursor *cursor,
		  struct series_view *ret_series)
{
	while (cursor->position < family->count) {
		size_t position = cursor->position++;
		uint32_t number = family->order[position];
		const struct series *series = &family->series[number];

		if (position + PREFETCH_DISTANCE < family->count)
			__builtin_prefetch(
				&family->series[family->order[position + PREFETCH_DISTANCE]]);
		if (!is_shown(family, series))
			continue;
		*ret_series = (struct series_view){
			.labels = family->texts.data + series->text_at,
			.labels_len = series->text_len,
			.count = series->value,
			.is_number = family->has_numbers,
			.series = number,
		};
		if (family->has_numbers)
			ret_series->number = number_of(series->value);
		else if (family->is_signed && (int64_t)series->value < 0)
			show_negative(series, ret_series);
		if (family->scale != 1)
			scale(family, ret_series);
		if (family->stride)
			ret_series->slots = series_slots(family, number);
		return true;
	}
	return false;
}

int64_t family__created_ns(const struct family *family, uint32_t number)
{
	return family->created ? family->created[number] : 0;
}

const char *family__name(const struct family *family)
{
	return family->name;
}

const char *family__help(const struct family *family)
{
	return family->help;
}

const char *family__unit(const struct family *family)
{
	return family->unit;
}

enum family_kind family__kind(const struct family *family)
{
	return family->kind;
}

const struct bucket_layout *family__buckets(const struct family *family)
{
	return &family->buckets;
}

uint32_t family__label_count(const struct family *family)
{
	return family->labels.count;
}

int family__label_position(const struct family *family, const char *name)
{
	for (uint32_t i = 0; i < family->labels.count; i++) {
		if (str_eq(family->labels.names[i], name))
			return (int)i;
	}
	return -ENOENT;
}

const char *family__label_name(const struct family *family, uint32_t position)
{
	return family->labels.names[family->labels.order[position]];
}

size_t family__series_count(const struct family *family)
{
	return family->count - family->left;
}

size_t family__left_count(const struct family *family)
{
	return family->left;
}

uint64_t family__limit(const struct family *family)
{
	return family->limit;
}

size_t family__shown_count(const struct family *family)
{
	return family->shown;
}

uint64_t family__overflowed(const struct family *family)
{
	return family->overflowed;
}

uint64_t family__expired(const struct family *family)
{
	return family->expired;
}

uint64_t family__moved(const struct family *family)
{
	return family->moved;
}

uint64_t family__replaced_bytes(const struct family *family)
{
	return family->damage.replaced_bytes;
}

uint64_t family__shortened_values(const struct family *family)
{
	return family->damage.shortened_values;
}

size_t family__bytes(const struct family *family)
{
	return sizeof(*family) + family->texts.capacity +
	       family->capacity * sizeof(*family->series) +
	       family->order_capacity * sizeof(*family->order) +
	       family->created_capacity * sizeof(*family->created) +
	       family->watches_capacity * sizeof(*family->watches) +
	       family->slots_capacity * family->stride * sizeof(*family->slots) +
	       family->index.capacity * sizeof(*family->index.slots);
}
