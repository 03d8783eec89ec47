/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash_index.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"

#define NONE HASH_INDEX_NONE
#define SWEEP_SHARE 8 /* one of so many must be dead for a sweep to pay */
#define KEY_SIZE_MAX (64u << 10)

/* One key, followed by its bytes up to the next multiple of 8. */
struct cached {
	uint32_t next; /* the entry that followed in the last pass, or NONE */
	uint32_t seen; /* generation */
	struct label_entry entry;
	uint8_t key[];
};

struct label_cache {
	uint8_t *entries; /* owned; `count` of them, `stride` bytes apart, in the order they came */
	size_t stride;
	size_t key_size;
	size_t count;
	size_t capacity;
	size_t max_keys;
	struct hash_index index;
	uint64_t *accounts; /* owned; `words` by entry; NULL: nobody has asked for one */
	size_t words;
	size_t accounts_capacity; /* entries */

	uint32_t generation;
	uint32_t previous;   /* generation of the pass before */
	uint32_t evicted_in; /* generation of the last eviction */
	uint32_t first;      /* where a pass starts */
	uint32_t last;       /* found last, NONE at the start */
	uint32_t hint;       /* expected next, or NONE */
	size_t seen_count;   /* entries seen in this generation */
	size_t provisional_count;
};

static inline struct cached *entry_at(const struct label_cache *cache, uint32_t number)
{
	return (struct cached *)(void *)(cache->entries + number * cache->stride);
}

/* Most keys are a few words: cheaper compared here than by a call. */
static inline bool is_same_key(const uint8_t *a, const uint8_t *b, size_t size)
{
	uint64_t word_a, word_b;
	size_t at = 0;

	if (size < sizeof(uint64_t))
		return memcmp(a, b, size) == 0;
	for (; at + sizeof(uint64_t) < size; at += sizeof(uint64_t)) {
		memcpy(&word_a, a + at, sizeof(word_a));
		memcpy(&word_b, b + at, sizeof(word_b));
		if (word_a != word_b)
			return false;
	}
	/* the last word, perhaps overlapping the one before */
	memcpy(&word_a, a + size - sizeof(word_a), sizeof(word_a));
	memcpy(&word_b, b + size - sizeof(word_b), sizeof(word_b));
	return word_a == word_b;
}

static inline uint32_t hash_key(const struct label_cache *cache, const void *key)
{
	return (uint32_t)hash_bytes(key, cache->key_size);
}

int label_cache__new(const struct label_cache_options *options, struct label_cache **ret_cache,
		     struct err *err)
{
	struct label_cache *cache;

	if (options->key_size == 0 || options->key_size > KEY_SIZE_MAX)
		return err__set(err, -EINVAL, NULL, "key size %u is not in 1 to %u",
				options->key_size, KEY_SIZE_MAX);
	cache = new_zero(struct label_cache);
	if (!cache)
		return err__set(err, -ENOMEM, NULL, "no memory for a label cache");
	cache->key_size = options->key_size;
	cache->stride = (sizeof(struct cached) + options->key_size + 7) & ~(size_t)7;
	cache->max_keys = options->max_keys ? options->max_keys : LABEL_CACHE_DEFAULT_MAX_KEYS;
	cache->words = options->account_words ? options->account_words : 1;
	cache->first = cache->last = cache->hint = NONE;
	*ret_cache = cache;
	return 0;
}

struct label_cache *label_cache__free(struct label_cache *cache)
{
	if (!cache)
		return NULL;
	free(cache->entries);
	free(cache->accounts);
	hash_index__done(&cache->index);
	free(cache);
	return NULL;
}

void label_cache__begin(struct label_cache *cache, uint32_t generation)
{
	cache->previous = cache->generation;
	cache->generation = generation;
	cache->seen_count = 0;
	cache->hint = cache->first;
	cache->last = NONE;
}

static inline const struct label_entry *touch(struct label_cache *cache, uint32_t number,
					      struct cached *cached)
{
	if (cached->seen != cache->generation) {
		cached->seen = cache->generation;
		cache->seen_count++;
	}
	cache->last = number;
	cache->hint = cached->next;
	return &cached->entry;
}

/* From now on the entry follows the one that was found last. */
static void link_after_last(struct label_cache *cache, uint32_t number)
{
	if (cache->last == NONE)
		cache->first = number;
	else
		entry_at(cache, cache->last)->next = number;
}

static const struct label_entry *find_by_hash(struct label_cache *cache, const void *key)
{
	uint32_t hash = hash_key(cache, key);
	size_t position = hash;
	uint32_t number;

	while ((number = hash_index__next(&cache->index, hash, &position)) != NONE) {
		struct cached *cached = entry_at(cache, number);

		if (is_same_key(cached->key, key, cache->key_size)) {
			link_after_last(cache, number);
			return touch(cache, number, cached);
		}
	}
	return NULL;
}

const struct label_entry *label_cache__find(struct label_cache *cache, const void *key)
{
	struct cached *expected;

	if (cache->hint == NONE)
		return find_by_hash(cache, key);
	expected = entry_at(cache, cache->hint);
	if (is_same_key(expected->key, key, cache->key_size))
		return touch(cache, cache->hint, expected);

	/* The usual change is that one key has gone: then the one after it is here. */
	if (expected->next != NONE) {
		uint32_t after = expected->next;

		expected = entry_at(cache, after);
		if (is_same_key(expected->key, key, cache->key_size)) {
			link_after_last(cache, after);
			return touch(cache, after, expected);
		}
	}
	return find_by_hash(cache, key);
}

/* ---- forgetting ------------------------------------------------------------------------------ */

/* Who stays. */
struct retention {
	uint32_t oldest;            /* those seen since */
	bool has_no_provisional;    /* only what is certain */
	const uint32_t *map_series; /* or NULL; whose series is still there */
};

static inline uint64_t *account_at(const struct label_cache *cache, uint32_t number)
{
	return cache->accounts + number * cache->words;
}

static bool is_open(const struct label_cache *cache, uint32_t number)
{
	if (!cache->accounts)
		return false;
	for (size_t i = 0; i < cache->words; i++) {
		if (account_at(cache, number)[i] != 0)
			return true;
	}
	return false;
}

static inline bool is_index(uint32_t series)
{
	return series < LABEL_SERIES_FIRST_CODE;
}

static bool loses_series(const struct cached *cached, const struct retention *retention)
{
	return retention->map_series && is_index(cached->entry.series) &&
	       retention->map_series[cached->entry.series] == UINT32_MAX;
}

static bool is_kept(const struct label_cache *cache, uint32_t number,
		    const struct retention *retention)
{
	const struct cached *cached = entry_at(cache, number);

	if (cached->seen < retention->oldest)
		return false;
	if (is_open(cache, number))
		return true;
	if (retention->has_no_provisional && cached->entry.is_provisional)
		return false;
	return !loses_series(cached, retention);
}

/* What the retention makes of an entry that stays. */
static struct label_entry retained(const struct cached *cached, const struct retention *retention)
{
	struct label_entry entry = cached->entry;
	bool is_asked_again = retention->has_no_provisional && entry.is_provisional;

	entry.is_provisional = entry.is_provisional && !is_asked_again;
	if (!is_index(entry.series))
		return entry;
	if (is_asked_again) {
		entry.series = LABEL_SERIES_STALE;
	} else if (loses_series(cached, retention)) {
		entry.series = LABEL_SERIES_DORMANT;
	} else if (retention->map_series) {
		entry.series = retention->map_series[entry.series];
	}
	return entry;
}

/* Numbers those that stay in the order of the last pass, then the rest of them; returns how many
 * stay. */
static size_t number_kept(const struct label_cache *cache, const struct retention *retention,
			  uint32_t *numbers)
{
	uint32_t count = 0;
	uint32_t at = cache->first;

	memset(numbers, 0xff, cache->count * sizeof(*numbers)); /* NONE */
	/* after a pass that jumped back the chain may run in a circle */
	for (size_t step = 0; step < cache->count && at != NONE && numbers[at] == NONE; step++) {
		if (is_kept(cache, at, retention))
			numbers[at] = count++;
		at = entry_at(cache, at)->next;
	}
	for (uint32_t i = 0; i < cache->count; i++) {
		if (numbers[i] == NONE && is_kept(cache, i, retention))
			numbers[i] = count++;
	}
	return count;
}

/* Takes over `kept` entries at their new places: neighbours in the map become neighbours in
 * memory again. */
static void adopt_entries(struct label_cache *cache, const struct retention *retention,
			  const uint32_t *numbers, uint8_t *entries, size_t kept)
{
	cache->seen_count = 0;
	cache->provisional_count = 0;
	for (uint32_t i = 0; i < cache->count; i++) {
		struct cached *moved;

		if (numbers[i] == NONE)
			continue;
		moved = (struct cached *)(void *)(entries + numbers[i] * cache->stride);
		memcpy(moved, entry_at(cache, i), cache->stride);
		moved->next = numbers[i] + 1 < kept ? numbers[i] + 1 : NONE;
		moved->entry = retained(moved, retention);
		cache->seen_count += moved->seen == cache->generation;
		cache->provisional_count += moved->entry.is_provisional;
	}
	free(cache->entries);
	cache->entries = entries;
	cache->count = kept;
	cache->first = kept ? 0 : NONE;
	cache->last = cache->last == NONE ? NONE : numbers[cache->last];
	cache->hint = cache->last == NONE ? cache->first : entry_at(cache, cache->last)->next;
}

static uint64_t *new_accounts(const struct label_cache *cache, size_t capacity)
{
	size_t words;

	return num_mul_size(capacity, cache->words, &words) ? NULL : new_array(uint64_t, words);
}

static void adopt_accounts(struct label_cache *cache, const uint32_t *numbers, uint64_t *accounts,
			   size_t capacity)
{
	for (uint32_t i = 0; i < cache->count; i++) {
		if (numbers[i] != NONE)
			memcpy(accounts + numbers[i] * cache->words, account_at(cache, i),
			       cache->words * sizeof(*accounts));
	}
	free(cache->accounts);
	cache->accounts = accounts;
	cache->accounts_capacity = capacity;
}

/* Whether entries that stay will be others: those with an account are not simply forgotten. */
static bool changes_entries(const struct label_cache *cache, const struct retention *retention)
{
	return retention->map_series || (retention->has_no_provisional && cache->accounts);
}

/* Returns how many left, or -ENOMEM: nothing was done. */
static long forget(struct label_cache *cache, const struct retention *retention)
{
	__cleanup(x_freep) uint32_t *numbers = NULL;
	__cleanup(x_freep) uint8_t *entries = NULL;
	__cleanup(x_freep) uint64_t *accounts = NULL;
	size_t before = cache->count;
	size_t kept, capacity, bytes;

	if (before == 0)
		return 0;
	numbers = new_array(uint32_t, before);
	if (!numbers)
		return -ENOMEM;
	kept = number_kept(cache, retention, numbers);
	if (kept == before && !changes_entries(cache, retention))
		return 0;
	capacity = kept + kept / 4 + 1; /* room to grow a little before the next copy */
	if (num_mul_size(capacity, cache->stride, &bytes))
		return -ENOMEM;
	entries = malloc(bytes);
	accounts = cache->accounts ? new_accounts(cache, capacity) : NULL;
	if (!entries || !accounts != !cache->accounts ||
	    hash_index__renumber(&cache->index, numbers, kept) < 0)
		return -ENOMEM;
	if (accounts)
		adopt_accounts(cache, numbers, take_ptr(accounts), capacity);
	adopt_entries(cache, retention, numbers, take_ptr(entries), kept);
	cache->capacity = capacity;
	return (long)(before - kept);
}

static size_t count_dead(const struct label_cache *cache, uint32_t oldest)
{
	size_t dead = 0;

	if (cache->seen_count == cache->count && cache->generation >= oldest)
		return 0;
	for (uint32_t i = 0; i < cache->count; i++)
		dead += entry_at(cache, i)->seen < oldest;
	return dead;
}

size_t label_cache__sweep(struct label_cache *cache, uint32_t oldest, const uint32_t *map_series)
{
	const struct retention retention = { .oldest = oldest, .map_series = map_series };
	size_t before = cache->count;
	size_t dead;
	long left;

	if (!map_series) {
		dead = count_dead(cache, oldest);
		if (dead == 0 || dead < before / SWEEP_SHARE)
			return 0;
	}
	left = forget(cache, &retention);
	if (left >= 0)
		return (size_t)left;
	/* old numbers must not survive: better to decode everything again */
	if (map_series)
		label_cache__make_stale(cache);
	return 0;
}

static void replace_all(struct label_cache *cache, uint32_t code)
{
	for (uint32_t i = 0; i < cache->count; i++) {
		struct label_entry *entry = &entry_at(cache, i)->entry;

		if (is_index(entry->series))
			entry->series = code;
		entry->is_provisional = false;
	}
	cache->provisional_count = 0;
}

void label_cache__make_stale(struct label_cache *cache)
{
	replace_all(cache, LABEL_SERIES_STALE);
}

void label_cache__make_dormant(struct label_cache *cache)
{
	replace_all(cache,
		    label_cache__has_accounts(cache) ? LABEL_SERIES_DORMANT : LABEL_SERIES_STALE);
}

size_t label_cache__forget_provisional(struct label_cache *cache)
{
	const struct retention retention = { .has_no_provisional = true };
	long left;

	if (cache->provisional_count == 0)
		return 0;
	left = forget(cache, &retention);
	return left > 0 ? (size_t)left : 0;
}

void label_cache__clear(struct label_cache *cache)
{
	free(cache->entries);
	cache->entries = NULL;
	cache->count = cache->capacity = 0;
	cache->seen_count = cache->provisional_count = 0;
	cache->first = cache->last = cache->hint = NONE;
	hash_index__done(&cache->index);
	free(cache->accounts);
	cache->accounts = NULL;
	cache->accounts_capacity = 0;
}

/* ---- adding ---------------------------------------------------------------------------------- */

/* Once per pass: a map with more keys than fit would otherwise copy the cache for every key. */
static int evict(struct label_cache *cache)
{
	const struct retention retention = { .oldest = cache->previous };

	if (cache->evicted_in == cache->generation)
		return -ENOSPC;
	cache->evicted_in = cache->generation;
	return forget(cache, &retention) > 0 ? 0 : -ENOSPC;
}

static int make_room(struct label_cache *cache)
{
	int r;

	if (cache->count >= cache->max_keys) {
		r = evict(cache);
		if (r < 0)
			return r;
	}
	r = hash_index__reserve(&cache->index, cache->count + 1);
	if (r < 0)
		return r;
	if (cache->accounts &&
	    mem_grow((void **)(void *)&cache->accounts, &cache->accounts_capacity, cache->count + 1,
		     cache->words * sizeof(*cache->accounts)) < 0)
		return -ENOMEM;
	return mem_grow((void **)(void *)&cache->entries, &cache->capacity, cache->count + 1,
			cache->stride);
}

static void close_account(struct label_cache *cache, uint32_t number)
{
	memset(account_at(cache, number), 0, cache->words * sizeof(*cache->accounts));
}

int label_cache__add(struct label_cache *cache, const void *key, const struct label_entry *entry)
{
	int r = make_room(cache);
	struct cached *cached;
	uint32_t number;

	if (r < 0)
		return r;
	number = (uint32_t)cache->count++;
	cached = entry_at(cache, number);
	memset(cached, 0, cache->stride);
	/* It comes between the entry found last and the one expected next, which stays expected. */
	cached->next = cache->hint;
	cached->seen = cache->generation;
	cached->entry = *entry;
	memcpy(cached->key, key, cache->key_size);
	if (cache->accounts)
		close_account(cache, number);
	hash_index__add(&cache->index, hash_key(cache, key), number);
	link_after_last(cache, number);
	cache->last = number;
	cache->seen_count++;
	cache->provisional_count += entry->is_provisional;
	return 0;
}

void label_cache__set(struct label_cache *cache, const struct label_entry *entry)
{
	struct label_entry *at = &entry_at(cache, cache->last)->entry;

	cache->provisional_count += entry->is_provisional;
	cache->provisional_count -= at->is_provisional;
	*at = *entry;
}

/* ---- accounts -------------------------------------------------------------------------------- */

void label_cache__raise_bound(struct label_cache *cache, size_t max_keys)
{
	const size_t most = NONE - 16; /* numbers of entries are 32 bits */

	max_keys = max_keys < most ? max_keys : most;
	if (cache->max_keys < max_keys)
		cache->max_keys = max_keys;
}

size_t label_cache__bound(const struct label_cache *cache)
{
	return cache->max_keys;
}

bool label_cache__has_accounts(const struct label_cache *cache)
{
	return cache->accounts != NULL;
}

uint64_t *label_cache__account(struct label_cache *cache, const void *key)
{
	if (cache->last == NONE ||
	    !is_same_key(entry_at(cache, cache->last)->key, key, cache->key_size))
		return NULL;
	if (!cache->accounts) {
		cache->accounts = new_accounts(cache, cache->capacity);
		if (!cache->accounts)
			return NULL;
		cache->accounts_capacity = cache->capacity;
	}
	return account_at(cache, cache->last);
}

void label_cache__end(struct label_cache *cache, uint32_t oldest, bool is_complete)
{
	if (!cache->accounts || cache->seen_count == cache->count)
		return;
	for (uint32_t i = 0; i < cache->count; i++) {
		struct cached *cached = entry_at(cache, i);

		if (!is_complete)
			cached->seen = cache->generation;
		else if (cached->seen < oldest)
			close_account(cache, i);
	}
	if (!is_complete)
		cache->seen_count = cache->count;
}

/* ---- figures --------------------------------------------------------------------------------- */

size_t label_cache__count(const struct label_cache *cache)
{
	return cache->count;
}

size_t label_cache__bytes(const struct label_cache *cache)
{
	return sizeof(*cache) + cache->capacity * cache->stride +
	       cache->accounts_capacity * cache->words * sizeof(*cache->accounts) +
	       cache->index.capacity * sizeof(*cache->index.slots);
}
