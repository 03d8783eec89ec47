/* SPDX-License-Identifier: Apache-2.0 */
#include "metric/family_private.h"

/* Another one after every change: counts only grow, so that the sum of the slots does. */
static uint64_t print_of(const struct family *family, uint32_t number)
{
	uint64_t print = 0;

	if (!family->stride)
		return family->series[number].value;
	for (uint32_t i = 0; i < family->stride; i++)
		print += series_slots(family, number)[i];
	return print;
}

static bool is_due(struct family *family, uint32_t number)
{
	struct watch *watch = &family->watches[number];
	uint64_t print = print_of(family, number);

	if (watch->changed_ns == 0 || watch->print != print) {
		*watch = (struct watch){ .print = print, .changed_ns = family->pass.monotonic_ns };
		return false;
	}
	return family->pass.monotonic_ns - watch->changed_ns >= family->ttl_ns;
}

/* ---- values that last for a pass: a gauge is no longer shown, and there is no total that could fall --- */

static void hide_unchanged(struct family *family)
{
	for (uint32_t i = 0; i < family->count; i++) {
		struct series *series = &family->series[i];

		if (series->seen != family->pass.generation) {
			family->watches[i].changed_ns =
				0; /* its key was not there: it starts anew */
		} else if (is_due(family, i)) {
			family->expired += !family->watches[i].is_hidden;
			family->watches[i].is_hidden = true;
			series->seen = 0;
			family->shown--;
		}
	}
}

/* ---- values that are kept: they go to the overflow series -------------------------------------------- */

static int move_to_overflow(struct family *family, uint32_t number)
{
	uint64_t *slots;

	if (family_need_overflow(family) < 0)
		return -1;
	family_add_value(family, family->overflow, family->series[number].value);
	family->series[number].value = 0;
	if (!family->stride)
		return 0;
	slots = series_slots(family, number);
	for (uint32_t i = 0; i < family->stride; i++)
		family__add_slot(family, family->overflow, (int32_t)i, slots[i]);
	memset(slots, 0, family->stride * sizeof(*slots));
	return 0;
}

/* False: there is no memory for the overflow series, so the series has to stay. */
static bool leave(struct family *family, uint32_t number)
{
	if (family->kind != FAMILY_KIND_GAUGE && print_of(family, number) != 0) {
		if (move_to_overflow(family, number) < 0)
			return false;
		family->moved++;
	}
	if (family->watches)
		family->watches[number].changed_ns = 0;
	family->series[number].seen = SEEN_LEFT;
	family->shown--;
	family->left++;
	return true;
}

/* Who knows whether they are gone: as far as they are concerned the pass has seen them. */
static void stay(struct family *family)
{
	for (uint32_t i = 0; i < family->count; i++) {
		if (is_shown(family, &family->series[i]))
			family->series[i].seen = family->pass.generation;
	}
}

static void let_go(struct family *family)
{
	/* the overflow series may come on the way, behind the others */
	for (uint32_t i = 0; i < family->count; i++) {
		const struct series *series = &family->series[i];

		if (i == family->overflow || !is_shown(family, series))
			continue;
		if (family->leaves_unseen && series->seen != family->pass.generation)
			(void)leave(family, i); /* next time, when there is memory */
		else if (family->ttl_ns && is_due(family, i))
			family->expired += leave(family, i);
	}
}

void family_expire(struct family *family)
{
	bool has_ends = family->ttl_ns != 0 || family->leaves_unseen;

	/* The one series of a family without labels has nowhere to go. */
	if (!has_ends || family->labels.count == 0)
		return;
	if (!family->keeps_values)
		hide_unchanged(family);
	else if (family->is_incomplete)
		stay(family);
	else
		let_go(family);
}
