/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_MAP_H
#define SRC_BASE_MAP_H

/*
 * A hash table from byte strings to pointers (open addressing, linear probing, hash kept beside the
 * key). It owns copies of its keys, not the values. For lookups off the hottest paths; the label
 * cache has its own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot;

struct map {
	struct map_slot *slots; /* owned */
	size_t capacity;        /* power of two or 0 */
	size_t len;
	size_t key_bytes; /* of copies of keys that are longer than a pointer */
};

#define MAP_INIT                                                                                   \
	{                                                                                          \
		0                                                                                  \
	}

void *map__find(const struct map *map, const void *key, size_t len);
/* Adds or replaces; *ret_old (may be NULL) gets the replaced value or NULL. 0 or -ENOMEM. */
int map__set(struct map *map, const void *key, size_t len, void *value, void **ret_old);
/* Removes; returns the value or NULL. A map that has become nearly empty gives memory back. */
void *map__take(struct map *map, const void *key, size_t len);
/* Walks in no order: start with *cursor = 0. False at the end. Do not change the map on the way. */
bool map__next(const struct map *map, size_t *cursor, const void **ret_key, size_t *ret_len,
	       void **ret_value);
/* What it takes of the heap, without the values. */
size_t map__bytes(const struct map *map);
/* Frees the table; free_value (may be NULL) is called for each value. */
void map__done(struct map *map, void (*free_value)(void *value));

/* The hash used here and by the label cache: fast, seeded once per process against crafted keys. */
uint64_t hash_bytes(const void *bytes, size_t len);

#endif
