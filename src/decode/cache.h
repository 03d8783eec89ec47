/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_DECODE_CACHE_H
#define SRC_DECODE_CACHE_H

/*
 * Decode's memo: raw key bytes to the series (and bucket) they were decoded to, so that a steady
 * scrape decodes nothing. It owns copies of the keys; bounded by number; keys unseen for a while
 * leave in a sweep. pipeline/ has one per route. A map that did not change is read in the same
 * order again, so every entry remembers which one followed it: the usual look-up is one compare of
 * neighbouring memory, no hash.
 *
 * On demand every key has an account besides: what of its value was counted already, for sums that
 * must go on when a series does not. A key with something in its account is not forgotten as
 * long as it is in the map.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

/* Instead of the index of a series: */
#define LABEL_SERIES_SKIP UINT32_MAX           /* the row is not wanted (a regexp refused it) */
#define LABEL_SERIES_OVERFLOW (UINT32_MAX - 1) /* the limit was reached: the overflow series */
#define LABEL_SERIES_STALE (UINT32_MAX - 2)    /* to be decoded again */
/* To be decoded again once the value has changed: its series has left and was forgotten. */
#define LABEL_SERIES_DORMANT (UINT32_MAX - 3)
#define LABEL_SERIES_FIRST_CODE LABEL_SERIES_DORMANT

struct label_entry {
	uint32_t series;     /* index in the family, or one of LABEL_SERIES_ */
	int16_t bucket;      /* histogram: slot in the family's bucket array; < 0: counts nowhere */
	bool is_provisional; /* came from a placeholder: see __forget_provisional() */
};

struct label_cache;

struct label_cache_options {
	uint32_t key_size;
	size_t max_keys;        /* beyond, the keys unseen longest leave first; 0: the default */
	uint32_t account_words; /* numbers that an account has; 0: one */
};

#define LABEL_CACHE_DEFAULT_MAX_KEYS (1u << 20)

int label_cache__new(const struct label_cache_options *options, struct label_cache **ret_cache,
		     struct err *err);
struct label_cache *label_cache__free(struct label_cache *cache);

/* A new pass over the map begins: order hints start at the first entry again, entries found from
 * here on are marked as seen in `generation` (which only grows, from 1). */
void label_cache__begin(struct label_cache *cache, uint32_t generation);
/* The entry of the key, or NULL. Valid until the next add or sweep. */
const struct label_entry *label_cache__find(struct label_cache *cache, const void *key);
/* Adds a key that __find() did not have. When the cache is full, the keys that neither this pass
 * nor the one before has seen leave, once per pass; -ENOSPC: there were none, decode this key
 * again next time. */
int label_cache__add(struct label_cache *cache, const void *key, const struct label_entry *entry);
/* Another entry for the key that was found or added last. */
void label_cache__set(struct label_cache *cache, const struct label_entry *entry);
/*
 * Forgets entries last seen before `oldest`, when they are an eighth or more of all: copying the
 * others costs more than keeping a few. With map_series (new series index by old one, UINT32_MAX:
 * gone, its entries leave, or are dormant when there is something in their account) it always
 * happens. Returns how many left.
 */
size_t label_cache__sweep(struct label_cache *cache, uint32_t oldest, const uint32_t *map_series);
/* Forgets the provisional entries, so that what was unknown is asked again; with something in their
 * account they become stale instead. Returns how many left. */
size_t label_cache__forget_provisional(struct label_cache *cache);
/* What labels say may have changed: entries are dormant from now on, i.e. decoded again once their values have changed. Of a
 * cache without accounts they become stale. */
void label_cache__make_dormant(struct label_cache *cache);
/* Every series index is wrong from now on: their entries become stale. */
void label_cache__make_stale(struct label_cache *cache);
/* Forgets everything. */
void label_cache__clear(struct label_cache *cache);

/* The bound is not less than this from now on. */
void label_cache__raise_bound(struct label_cache *cache, size_t max_keys);
size_t label_cache__bound(const struct label_cache *cache);
bool label_cache__has_accounts(const struct label_cache *cache); /* somebody has asked for one */
/* The account of the key that was found or added last; all 0 at first. Valid until the next add, sweep
 * or forgetting. NULL: the cache has no room for this key. */
uint64_t *label_cache__account(struct label_cache *cache, const void *key);
/* The pass is over. Complete: accounts of keys that it did not bring since `oldest` are closed, as
 * the keys are gone; when they come back they start from 0. Otherwise every key counts as seen. */
void label_cache__end(struct label_cache *cache, uint32_t oldest, bool is_complete);

size_t label_cache__count(const struct label_cache *cache);
size_t label_cache__bytes(const struct label_cache *cache);

#endif
