/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_HASH_INDEX_H
#define SRC_BASE_HASH_INDEX_H

/*
 * From a hash to the numbers of the elements that have it, for tables that keep their elements in
 * an array. It owns the slots (8 bytes each, at most two thirds in use), not the elements:
 * comparing is the caller's. The label cache and the families of metric/ find their entries with
 * it.
 */

#include <stddef.h>
#include <stdint.h>

#define HASH_INDEX_NONE UINT32_MAX

struct hash_index_slot {
	uint32_t hash;
	uint32_t number; /* of the element, plus one; 0: the slot is free */
};

struct hash_index {
	struct hash_index_slot *slots; /* owned */
	size_t capacity;               /* power of two or 0 */
	size_t len;
};

#define HASH_INDEX_INIT                                                                            \
	{                                                                                          \
		0                                                                                  \
	}

/* Makes room for `count` elements in all, so that adding cannot fail. 0 or -ENOMEM. */
int hash_index__reserve(struct hash_index *index, size_t count);
/* There must be room. `number` is less than HASH_INDEX_NONE - 1. */
void hash_index__add(struct hash_index *index, uint32_t hash, uint32_t number);
/* Gives every element its new number, numbers[old]; those with HASH_INDEX_NONE leave, `kept`
 * stay. The table is made anew in the size that they need. 0, or -ENOMEM and nothing has
 * changed. */
int hash_index__renumber(struct hash_index *index, const uint32_t *numbers, size_t kept);
/* Forgets all elements, keeps the room. */
void hash_index__clear(struct hash_index *index);
void hash_index__done(struct hash_index *index);

/* The next element with this hash, or HASH_INDEX_NONE. *position starts as the hash. */
static inline uint32_t hash_index__next(const struct hash_index *index, uint32_t hash,
					size_t *position)
{
	if (index->len == 0)
		return HASH_INDEX_NONE;
	for (;;) {
		const struct hash_index_slot *slot =
			&index->slots[*position & (index->capacity - 1)];

		if (slot->number == 0)
			return HASH_INDEX_NONE;
		++*position;
		if (slot->hash == hash)
			return slot->number - 1;
	}
}

#endif
