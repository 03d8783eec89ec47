/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "source/table.h"

int key_set__add(struct key_set *set, const void *key)
{
	uint32_t hash = (uint32_t)hash_bytes(key, set->key_size);
	size_t position = hash;
	size_t count = set->index.len;
	uint32_t number;

	while ((number = hash_index__next(&set->index, hash, &position)) != HASH_INDEX_NONE) {
		if (memcmp(set->keys + number * set->key_size, key, set->key_size) == 0)
			return 0;
	}
	if (hash_index__reserve(&set->index, count + 1) < 0 ||
	    mem_grow((void **)(void *)&set->keys, &set->capacity, count + 1, set->key_size) < 0)
		return -ENOMEM;
	memcpy(set->keys + count * set->key_size, key, set->key_size);
	hash_index__add(&set->index, hash, (uint32_t)count);
	return 1;
}

void key_set__clear(struct key_set *set)
{
	hash_index__clear(&set->index);
}

void key_set__done(struct key_set *set)
{
	hash_index__done(&set->index);
	free(set->keys);
	set->keys = NULL;
	set->capacity = 0;
}
