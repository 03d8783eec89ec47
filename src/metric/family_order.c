/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "metric/family_private.h"
#include "metric/label_order.h"

#define SCATTERED_SHARE 4 /* texts are laid out anew when one of so many is out of place */
#define SWEEP_SHARE 8     /* a sweep pays when one of so many is dead */

static const char *text_of(const struct family *family, uint32_t number)
{
	return family->texts.data + family->series[number].text_at;
}

/* ---- order ----------------------------------------------------------------------------------- */

static int sort_arrivals(struct family *family)
{
	size_t len = family->count - family->sorted;
	uint32_t *arrivals = family->order + family->sorted;
	__cleanup(x_freep) struct label_ref *refs = malloc(len * sizeof(*refs));

	if (!refs)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++)
		refs[i] = (struct label_ref){ text_of(family, arrivals[i]), arrivals[i] };
	return label_order_sort(&family->labels, refs, len, arrivals);
}

static bool is_before(const struct family *family, uint32_t a, uint32_t b)
{
	return label_order_compare(text_of(family, a), family->series[a].text_len,
				   text_of(family, b), family->series[b].text_len) < 0;
}

/* Where `number` belongs in order[0..len): looked for from the end in growing steps, as arrivals
 * are placed from the last one on and the next place is often near. */
static size_t find_place(const struct family *family, uint32_t number, size_t len)
{
	size_t high = len;
	size_t low = len;
	size_t step = 1;

	while (low > 0 && is_before(family, number, family->order[low - 1])) {
		high = low - 1;
		low = high > step ? high - step : 0;
		step *= 2;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(family, number, family->order[middle]))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Both parts are sorted: order[0..sorted) and what arrived behind it. */
static int merge_arrivals(struct family *family)
{
	size_t len = family->count - family->sorted;
	size_t left = family->sorted;
	uint32_t *order = family->order;
	__cleanup(x_freep) uint32_t *arrivals = NULL;

	if (left == 0)
		return 0;
	arrivals = malloc(len * sizeof(*arrivals));
	if (!arrivals)
		return -ENOMEM;
	memcpy(arrivals, order + left, len * sizeof(*arrivals));
	for (size_t i = len; i-- > 0;) {
		size_t place = find_place(family, arrivals[i], left);

		memmove(order + place + i + 1, order + place, (left - place) * sizeof(*order));
		order[place + i] = arrivals[i];
		left = place;
	}
	return 0;
}

/* Copies the texts in order of output, so that writing reads memory from front to back; the
 * texts of series that are gone stay behind. Without memory everything stays where it is. */
static void lay_out_texts(struct family *family)
{
	struct strbuf texts = STRBUF_INIT;
	size_t size = 0;

	for (size_t i = 0; i < family->count; i++)
		size += family->series[i].text_len + 1;
	if (!strbuf__reserve(&texts, size + size / SCATTERED_SHARE))
		return;
	for (size_t i = 0; i < family->count; i++) {
		struct series *series = &family->series[family->order[i]];

		if (i + PREFETCH_DISTANCE < family->count)
			__builtin_prefetch(text_of(family, family->order[i + PREFETCH_DISTANCE]));
		memcpy(texts.data + texts.len, family->texts.data + series->text_at,
		       series->text_len + 1);
		series->text_at = texts.len;
		texts.len += series->text_len + 1;
	}
	strbuf__done(&family->texts);
	family->texts = texts;
	family->scattered = 0;
}

int family_sort(struct family *family)
{
	if (family->sorted == family->count)
		return 0;
	if (sort_arrivals(family) < 0 || merge_arrivals(family) < 0)
		return -ENOMEM;
	family->scattered += family->count - family->sorted;
	family->sorted = family->count;
	if (family->scattered >= family->count / SCATTERED_SHARE)
		lay_out_texts(family);
	return 0;
}

int family__end(struct family *family)
{
	int r;

	family_expire(family);
	r = family_sort(family);
	/* What comes from here on was not there when this pass began. */
	if (family->pass.wall_ns)
		family->since_ns = family->pass.wall_ns;
	return r;
}

/* ---- sweep ----------------------------------------------------------------------------------- */

static bool is_dead(const struct family *family, uint32_t number, uint32_t oldest)
{
	uint32_t seen = family->series[number].seen;

	if (number == family->overflow)
		return false;
	return family->keeps_values ? seen == SEEN_LEFT : seen < oldest;
}

static size_t count_dead(const struct family *family, uint32_t oldest)
{
	size_t dead = 0;

	for (uint32_t i = 0; i < family->count; i++)
		dead += is_dead(family, i, oldest);
	return dead;
}

/* New numbers in the old order of arrival, which is the order in which maps are read. Returns
 * how many stay. */
static size_t number_kept(struct family *family, uint32_t oldest)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < family->count; i++)
		family->renumbered[i] = is_dead(family, i, oldest) ? SERIES_NONE : kept++;
	return kept;
}

static void compact(struct family *family, size_t kept)
{
	const uint32_t *numbers = family->renumbered;
	size_t sorted = 0;
	size_t len = 0;

	for (uint32_t i = 0; i < family->count; i++) {
		if (numbers[i] == SERIES_NONE)
			continue;
		family->series[numbers[i]] = family->series[i];
		if (family->created)
			family->created[numbers[i]] = family->created[i];
		if (family->watches)
			family->watches[numbers[i]] = family->watches[i];
		if (family->stride)
			memmove(series_slots(family, numbers[i]), series_slots(family, i),
				family->stride * sizeof(*family->slots));
	}
	for (size_t i = 0; i < family->count; i++) {
		uint32_t number = numbers[family->order[i]];

		if (number == SERIES_NONE)
			continue;
		family->order[len++] = number;
		sorted += i < family->sorted;
	}
	family->sorted = sorted;
	family->count = kept;
	family->left = 0;
	if (family->overflow != SERIES_NONE)
		family->overflow = numbers[family->overflow];
}

/* The array with less room, when most of it was unused. A failure to shrink is none. */
static void *shrunk(void *array, size_t *capacity, size_t used, size_t size_bytes)
{
	size_t wanted = used + used / 2 + 16;
	void *smaller;

	if (*capacity / 4 <= wanted)
		return array;
	smaller = realloc(array, wanted * size_bytes);
	if (!smaller)
		return array;
	*capacity = wanted;
	return smaller;
}

static void shrink(struct family *family)
{
	family->series = shrunk(family->series, &family->capacity, family->count,
				sizeof(*family->series));
	family->order = shrunk(family->order, &family->order_capacity, family->count,
			       sizeof(*family->order));
	if (family->created)
		family->created = shrunk(family->created, &family->created_capacity, family->count,
					 sizeof(*family->created));
	if (family->watches)
		family->watches = shrunk(family->watches, &family->watches_capacity, family->count,
					 sizeof(*family->watches));
	if (family->stride)
		family->slots = shrunk(family->slots, &family->slots_capacity, family->count,
				       family->stride * sizeof(*family->slots));
}

static int prepare_sweep(struct family *family, uint32_t oldest, size_t *ret_kept)
{
	uint32_t *numbers;

	numbers = realloc(family->renumbered, family->count * sizeof(*numbers));
	if (!numbers)
		return -ENOMEM;
	family->renumbered = numbers;
	*ret_kept = number_kept(family, oldest);
	return hash_index__renumber(&family->index, numbers, *ret_kept);
}

size_t family__sweep(struct family *family, uint32_t oldest, const uint32_t **ret_map)
{
	size_t dead = count_dead(family, oldest);
	size_t kept;

	if (dead == 0 || dead < family->count / SWEEP_SHARE)
		return 0;
	if (prepare_sweep(family, oldest, &kept) < 0)
		return 0;
	for (uint32_t i = 0; i < family->count; i++) {
		if (family->renumbered[i] == SERIES_NONE && is_shown(family, &family->series[i]))
			family->shown--;
	}
	compact(family, kept);
	shrink(family);
	lay_out_texts(family);
	*ret_map = family->renumbered;
	return dead;
}
