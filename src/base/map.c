/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define FIRST_CAPACITY 16
#define KEPT_CAPACITY 256 /* what is smaller is not worth the way */

/* Keys that are as small as a pointer, such as ids, stand in the slot: 32 bytes of the heap less, and a miss of the
 * cache. */
struct map_slot {
	union {
		void *copy; /* owned */
		uint8_t bytes[sizeof(void *)];
	} key;
	size_t used; /* length of the key plus one; 0: the slot is free */
	uint64_t hash;
	void *value; /* borrowed */
};

static bool is_small(size_t len)
{
	return len <= sizeof(((struct map_slot *)NULL)->key);
}

static const void *key_of(const struct map_slot *slot)
{
	return is_small(slot->used - 1) ? slot->key.bytes : slot->key.copy;
}

static void free_key(struct map_slot *slot)
{
	if (!is_small(slot->used - 1))
		free(slot->key.copy);
}

/* The slot that holds the key, or the free one where it would go. The table is never full. */
static size_t find_slot(const struct map *map, const void *key, size_t len, uint64_t hash)
{
	size_t at = hash & (map->capacity - 1);

	for (;; at = (at + 1) & (map->capacity - 1)) {
		const struct map_slot *slot = &map->slots[at];

		if (!slot->used)
			return at;
		if (slot->hash == hash && slot->used == len + 1 &&
		    (!len || memcmp(key_of(slot), key, len) == 0))
			return at;
	}
}

static size_t find_free_slot(const struct map_slot *slots, size_t capacity, uint64_t hash)
{
	size_t at = hash & (capacity - 1);

	while (slots[at].used)
		at = (at + 1) & (capacity - 1);
	return at;
}

static int resize(struct map *map, size_t capacity)
{
	struct map_slot *slots = new_array(struct map_slot, capacity);

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->capacity; i++) {
		if (map->slots[i].used)
			slots[find_free_slot(slots, capacity, map->slots[i].hash)] = map->slots[i];
	}
	free(map->slots);
	map->slots = slots;
	map->capacity = capacity;
	return 0;
}

/* At most three quarters full, so that probing stays short and always ends. */
static int make_room(struct map *map)
{
	size_t capacity;

	if (map->len + 1 <= map->capacity / 4 * 3)
		return 0;
	if (num_mul_size(map->capacity, 2, &capacity))
		return -ENOMEM;
	return resize(map, capacity ? capacity : FIRST_CAPACITY);
}

/* From an eighth full to a quarter: far from where it would grow again. Without memory it stays as it is. */
static void give_back(struct map *map)
{
	if (map->capacity > KEPT_CAPACITY && map->len < map->capacity / 8)
		(void)resize(map, map->capacity / 2);
}

void *map__find(const struct map *map, const void *key, size_t len)
{
	const struct map_slot *slot;

	if (!map->len)
		return NULL;
	slot = &map->slots[find_slot(map, key, len, hash_bytes(key, len))];
	return slot->used ? slot->value : NULL;
}

int map__set(struct map *map, const void *key, size_t len, void *value, void **ret_old)
{
	uint64_t hash = hash_bytes(key, len);
	struct map_slot *slot;
	void *old = NULL;

	if (make_room(map) < 0)
		return -ENOMEM;
	slot = &map->slots[find_slot(map, key, len, hash)];
	if (slot->used) {
		old = slot->value;
		slot->value = value;
	} else {
		struct map_slot new = { .used = len + 1, .hash = hash, .value = value };

		if (!is_small(len)) {
			new.key.copy = malloc(len);
			if (!new.key.copy)
				return -ENOMEM;
			map->key_bytes += len;
		}
		if (len)
			memcpy(is_small(len) ? new.key.bytes : new.key.copy, key, len);
		*slot = new;
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

	for (size_t at = (gap + 1) & mask; map->slots[at].used; at = (at + 1) & mask) {
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
	if (!map->slots[at].used)
		return NULL;
	value = map->slots[at].value;
	if (!is_small(len))
		map->key_bytes -= len;
	free_key(&map->slots[at]);
	close_gap(map, at);
	map->len--;
	give_back(map);
	return value;
}

size_t map__bytes(const struct map *map)
{
	return map->capacity * sizeof(*map->slots) + map->key_bytes;
}

bool map__next(const struct map *map, size_t *cursor, const void **ret_key, size_t *ret_len,
	       void **ret_value)
{
	while (*cursor < map->capacity) {
		const struct map_slot *slot = &map->slots[(*cursor)++];

		if (!slot->used)
			continue;
		if (ret_key)
			*ret_key = key_of(slot);
		if (ret_len)
			*ret_len = slot->used - 1;
		if (ret_value)
			*ret_value = slot->value;
		return true;
	}
	return false;
}

void map__done(struct map *map, void (*free_value)(void *value))
{
	for (size_t i = 0; i < map->capacity; i++) {
		if (!map->slots[i].used)
			continue;
		if (free_value)
			free_value(map->slots[i].value);
		free_key(&map->slots[i]);
	}
	free(map->slots);
	*map = (struct map)MAP_INIT;
}
