/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_DECODE_CACHE_H
#define SRC_DECODE_CACHE_H

/*
 * Decode's memo: raw key bytes to the series (and bucket) they were decoded to, so that a steady
 * scrape decodes nothing. It owns copies of the keys; bounded by number; keys unseen for a while
 * leave in a sweep. pipeline/ has one per route. A map that did not change is read in the same
 * order again, so every entry remembers which one followed it: the usual look-up is one compare of
 * neighbouring memory, no hash.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

#define LABEL_SERIES_SKIP UINT32_MAX /* the row is not wanted (a regexp refused it) */

struct label_entry {
	uint32_t series;     /* index in the family, or LABEL_SERIES_SKIP */
	int16_t bucket;      /* histogram: slot in the family's bucket array; < 0: counts nowhere */
	bool is_provisional; /* came from a placeholder: see __forget_provisional() */
};

struct label_cache;

struct label_cache_options {
	uint32_t key_size;
	size_t max_keys; /* beyond, the keys unseen longest leave first; 0: the default */
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
/*
 * Forgets entries last seen before `oldest`, when they are an eighth or more of all: copying the
 * others costs more than keeping a few. With map_series (new series index by old one, UINT32_MAX:
 * gone, its entries leave) it always happens. Returns how many left.
 */
size_t label_cache__sweep(struct label_cache *cache, uint32_t oldest, const uint32_t *map_series);
/* Forgets the provisional entries, so that what was unknown is asked again. Returns how many
 * left. */
size_t label_cache__forget_provisional(struct label_cache *cache);
/* Forgets everything. */
void label_cache__clear(struct label_cache *cache);
size_t label_cache__count(const struct label_cache *cache);
size_t label_cache__bytes(const struct label_cache *cache);

#endif
