/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/account.h"

#include <assert.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "pipeline/route.h"

/* Of a trie a key that stays may be missed while others come and go (the kernel walks it without a lock). */
#define TRIE_PASSES 4

/* A count that is less than before began anew: the key was deleted and came back. */
static bool began_anew(const uint64_t *values, const uint64_t *before, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (values[i] < before[i])
			return true;
	}
	return false;
}

/* Takes the place of the key's entry in the cache, which was found or added last. */
static void remember_overflow(struct route *route, struct label_entry entry)
{
	entry.series = LABEL_SERIES_OVERFLOW;
	label_cache__set(route->cache, &entry);
}

enum find_result {
	FIND_SERIES,
	FIND_NOTHING_NEW, /* for a series that has left: all of the value is in the overflow series */
	FIND_NONE,        /* the row is not wanted or cannot be decoded, which the ledger knows */
};

/* A series that has left comes back, if there is room for it. */
static int return_series(struct route *route, struct label_entry *entry, struct err *err)
{
	int r = family__return(route->family, &entry->series, err);

	if (r == 0 && family__is_overflow(route->family, entry->series))
		remember_overflow(route, *entry);
	return r;
}

/* From what the cache says to a series that may be added to. */
static enum find_result find_series(struct route *route, const void *key,
				    const struct label_entry *cached, bool has_more,
				    struct label_entry *ret_entry)
{
	struct label_entry entry = *cached;
	struct err err = ERR_INIT;
	int r = 0;

	if (entry.series == LABEL_SERIES_DORMANT && !has_more)
		return FIND_NOTHING_NEW;
	if (entry.series == LABEL_SERIES_STALE || entry.series == LABEL_SERIES_DORMANT) {
		if (!route__decode_again(route, key, &entry))
			return FIND_NONE;
	}
	if (entry.series == LABEL_SERIES_SKIP) {
		route->ledger.filtered++;
		return FIND_NONE;
	}
	if (entry.series == LABEL_SERIES_OVERFLOW) {
		r = family__overflow(route->family, &entry.series, &err);
	} else if (family__has_left(route->family, entry.series)) {
		if (!has_more)
			return FIND_NOTHING_NEW;
		r = return_series(route, &entry, &err);
	}
	if (r < 0) {
		route->ledger.decode_errors++;
		route__note_error(route, STAGE_METRIC, &err);
		return FIND_NONE;
	}
	*ret_entry = entry;
	return FIND_SERIES;
}

static bool is_changed(const struct route *route, const uint64_t *values, const uint64_t *account)
{
	return memcmp(values, account, route->value_count * sizeof(*account)) != 0;
}

static void add(struct route *route, const struct label_entry *entry, uint32_t index,
		uint64_t value)
{
	if (route->has_slots)
		family__add_slot(route->family, entry->series, (int32_t)index, value);
	else if (route->has_bucket)
		family__add_slot(route->family, entry->series, entry->bucket, value);
	else
		family__add(route->family, entry->series, value);
}

/* What came since the account was written. */
static void add_increases(struct route *route, const struct label_entry *entry,
			  const uint64_t *values, uint64_t *account)
{
	uint32_t i;

	if (began_anew(values, account, route->value_count))
		memset(account, 0, route->value_count * sizeof(*account));
	for (i = 0; i < route->value_count; i++) {
		add(route, entry, i, values[i] - account[i]);
		account[i] = values[i];
	}
}

void route__account(struct route *route, const void *key, const struct label_entry *entry,
		    const uint64_t *values)
{
	uint64_t *account = label_cache__account(route->cache, key);
	struct label_entry found;
	uint32_t i;

	/* Added without an account it would be added again in the next pass: better late than twice. */
	if (!account && entry->series != LABEL_SERIES_SKIP) {
		route->ledger.unremembered++;
		return;
	}
	switch (find_series(route, key, entry, account && is_changed(route, values, account),
			    &found)) {
	case FIND_SERIES:
		break;
	case FIND_NOTHING_NEW:
		route->ledger.kept++;
		return;
	case FIND_NONE:
		return;
	}
	route->ledger.kept++;
	if (family__keeps(route->family, found.series)) {
		add_increases(route, &found, values, account);
		return;
	}
	for (i = 0; i < route->value_count; i++)
		add(route, &found, i, values[i]);
}

bool route__event_series(struct route *route, const void *key, const struct label_entry *entry,
			 uint32_t *ret_series)
{
	struct label_entry found;

	if (find_series(route, key, entry, true /* an event is one more */, &found) != FIND_SERIES)
		return false;
	*ret_series = found.series;
	return true;
}

void route__end_pass(struct route *route, bool is_complete)
{
	uint32_t oldest = route->pass;

	if (route->map.type == BPF_MAP_TYPE_LPM_TRIE)
		oldest = oldest > TRIE_PASSES ? oldest - TRIE_PASSES : 0;
	label_cache__end(route->cache, oldest, is_complete);
	if (!is_complete)
		family__note_incomplete(route->family);
}

/* ---- beside the keys ----------------------------------------------------------------------------------- */

static uint32_t count_slots(const struct route *route)
{
	return route->buckets ? bucket_map__layout(route->buckets)->slot_count + 1 : 1;
}

/* What was told before; NULL: no memory. */
static uint64_t *told_before(struct route *route, uint32_t slot)
{
	if (!route->beside)
		route->beside = new_array(uint64_t, count_slots(route));
	return route->beside ? &route->beside[slot] : NULL;
}

static uint64_t increase_of(uint64_t value, uint64_t before)
{
	return value >= before ? value - before : value;
}

int route__add_overflow(struct route *route, uint32_t slot, uint64_t value, struct err *err)
{
	uint64_t *before, more;
	uint32_t series;
	int r;

	if (value == 0)
		return 0;
	assert(slot < count_slots(route));
	before = told_before(route, slot);
	if (!before)
		return err__set(err, -ENOMEM, NULL, "no memory for the overflow of metric '%s'",
				route->metric->name);
	r = family__overflow(route->family, &series, err);
	if (r < 0)
		return r;
	more = family__keeps(route->family, series) ? increase_of(value, *before) : value;
	*before = value;
	if (route->buckets)
		family__add_slot(route->family, series, (int32_t)slot, more);
	else
		family__add(route->family, series, more);
	return 0;
}

/* Its counts go on in the other's map then (program__inherit()), or it is the very same. */
static bool has_same_map(const struct route *route, const struct route *former)
{
	return str_eq(route->stream->map, former->stream->map) &&
	       route->map.type == former->map.type && route->map.key_size == former->map.key_size &&
	       route->map.value_size == former->map.value_size;
}

static bool has_same_numbers(const struct route *route, const struct route *former)
{
	return route->value_count == former->value_count &&
	       route->cell.offset == former->cell.offset && route->cell.size == former->cell.size;
}

void route__take_accounts(struct route *route, struct route *former)
{
	/* Events are counted from 0 by every program anew. */
	if (!route->family || route->family != former->family || !has_same_map(route, former) ||
	    (route->count && route->stream->mode == STREAM_MODE_EVENTS))
		return;
	free(route->beside);
	route->beside = take_ptr(former->beside);
	if (route->key_size != former->key_size || !has_same_numbers(route, former) ||
	    !former->cache || !label_cache__has_accounts(former->cache))
		return;
	label_cache__free(route->cache);
	route->cache = take_ptr(former->cache);
	label_cache__make_stale(route->cache);
}
