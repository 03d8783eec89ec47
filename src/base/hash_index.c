/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define FIRST_CAPACITY 16

/* Slots for so many elements; 0: more than can be. */
static size_t capacity_for(size_t count)
{
	size_t capacity = FIRST_CAPACITY;
	size_t wanted;

	if (count >= HASH_INDEX_NONE - 1 || num_add_size(count, count / 2 + 1, &wanted))
		return 0;
	while (capacity < wanted)
		capacity *= 2;
	return capacity;
}

static void put(struct hash_index_slot *slots, size_t capacity, uint32_t hash, uint32_t number)
{
	size_t position = hash;

	while (slots[position & (capacity - 1)].number != 0)
		position++;
	slots[position & (capacity - 1)] = (struct hash_index_slot){ hash, number + 1 };
}

int hash_index__reserve(struct hash_index *index, size_t count)
{
	size_t capacity = capacity_for(count);
	struct hash_index_slot *slots;

	if (capacity != 0 && capacity <= index->capacity)
		return 0;
	slots = capacity ? new_array(struct hash_index_slot, capacity) : NULL;
	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < index->capacity; i++) {
		if (index->slots[i].number != 0)
			put(slots, capacity, index->slots[i].hash, index->slots[i].number - 1);
	}
	free(index->slots);
	index->slots = slots;
	index->capacity = capacity;
	return 0;
}

void hash_index__add(struct hash_index *index, uint32_t hash, uint32_t number)
{
	put(index->slots, index->capacity, hash, number);
	index->len++;
}

int hash_index__renumber(struct hash_index *index, const uint32_t *numbers, size_t kept)
{
	struct hash_index fresh = HASH_INDEX_INIT;

	if (hash_index__reserve(&fresh, kept) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < index->capacity; i++) {
		const struct hash_index_slot slot = index->slots[i];
		uint32_t number = slot.number ? numbers[slot.number - 1] : HASH_INDEX_NONE;

		if (number != HASH_INDEX_NONE)
			hash_index__add(&fresh, slot.hash, number);
	}
	free(index->slots);
	*index = fresh;
	return 0;
}

void hash_index__clear(struct hash_index *index)
{
	if (index->len != 0)
		memset(index->slots, 0, index->capacity * sizeof(*index->slots));
	index->len = 0;
}

void hash_index__done(struct hash_index *index)
{
	free(index->slots);
	*index = (struct hash_index)HASH_INDEX_INIT;
}
