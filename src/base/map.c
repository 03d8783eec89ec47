/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define FIRST_CAPACITY 16

struct map_slot {
	void *key; /* owned copy; NULL: the slot is free */
	size_t key_len;
	uint64_t hash;
	void *value; /* borrowed */
};

/* The slot that holds the key, or the free one where it would go. The table is never full. */
static size_t find_slot(const struct map *map, const void *key, size_t len, uint64_t hash)
{
	size_t at = hash & (map->capacity - 1);

	for (;; at = (at + 1) & (map->capacity - 1)) {
		const struct map_slot *slot = &map->slots[at];

		if (!slot->key)
			return at;
		if (slot->hash == hash && slot->key_len == len &&
		    (!len || memcmp(slot->key, key, len) == 0))
			return at;
	}
}

static size_t find_free_slot(const struct map_slot *slots, size_t capacity, uint64_t hash)
{
	size_t at = hash & (capacity - 1);

	while (slots[at].key)
		at = (at + 1) & (capacity - 1);
	return at;
}

/* At most three quarters full, so that probing stays short and always ends. */
static int make_room(struct map *map)
{
	size_t capacity;
	struct map_slot *slots;

	if (map->len + 1 <= map->capacity / 4 * 3)
		return 0;
	if (num_mul_size(map->capacity, 2, &capacity))
		return -ENOMEM;
	if (!capacity)
		capacity = FIRST_CAPACITY;
	slots = new_array(struct map_slot, capacity);
	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->capacity; i++) {
		if (map->slots[i].key)
			slots[find_free_slot(slots, capacity, map->slots[i].hash)] = map->slots[i];
	}
	free(map->slots);
	map->slots = slots;
	map->capacity = capacity;
	return 0;
}

void *map__find(const struct map *map, const void *key, size_t len)
{
	const struct map_slot *slot;

	if (!map->len)
		return NULL;
	slot = &map->slots[find_slot(map, key, len, hash_bytes(key, len))];
	return slot->key ? slot->value : NULL;
}

int map__set(struct map *map, const void *key, size_t len, void *value, void **ret_old)
{
	uint64_t hash = hash_bytes(key, len);
	struct map_slot *slot;
	void *old = NULL;

	if (make_room(map) < 0)
		return -ENOMEM;
	slot = &map->slots[find_slot(map, key, len, hash)];
	if (slot->key) {
		old = slot->value;
		slot->value = value;
	} else {
		void *copy = malloc(len ? len : 1);

		if (!copy)
			return -ENOMEM;
		if (len)
			memcpy(copy, key, len);
		*slot = (struct map_slot){
			.key = copy, .key_len = len, .hash = hash, .value = value
		};
		map->len++;
	}
	if (ret_old)
		*ret_old = old;
	return 0;
}

/* Moves later keys of the same run back, so that no key is cut off from its home by the gap. */
static void close_gap(struct map *map, size_t gap)
{
	size_t mask = map->capacity - 1;

	for (size_t at = (gap + 1) & mask; map->slots[at].key; at = (at + 1) & mask) {
		size_t home = map->slots[at].hash & mask;

		if (((at - home) & mask) < ((at - gap) & mask))
			continue; /* it would land before its home */
		map->slots[gap] = map->slots[at];
		gap = at;
	}
	map->slots[gap] = (struct map_slot){ 0 };
}

void *map__take(struct map *map, const void *key, size_t len)
{
	size_t at;
	void *value;

	if (!map->len)
		return NULL;
	at = find_slot(map, key, len, hash_bytes(key, len));
	if (!map->slots[at].key)
		return NULL;
	value = map->slots[at].value;
	free(map->slots[at].key);
	close_gap(map, at);
	map->len--;
	return value;
}

bool map__next(const struct map *map, size_t *cursor, const void **ret_key, size_t *ret_len,
	       void **ret_value)
{
	while (*cursor < map->capacity) {
		const struct map_slot *slot = &map->slots[(*cursor)++];

		if (!slot->key)
			continue;
		if (ret_key)
			*ret_key = slot->key;
		if (ret_len)
			*ret_len = slot->key_len;
		if (ret_value)
			*ret_value = slot->value;
		return true;
	}
	return false;
}

void map__done(struct map *map, void (*free_value)(void *value))
{
	for (size_t i = 0; i < map->capacity; i++) {
		if (!map->slots[i].key)
			continue;
		if (free_value)
			free_value(map->slots[i].value);
		free(map->slots[i].key);
	}
	free(map->slots);
	*map = (struct map)MAP_INIT;
}
