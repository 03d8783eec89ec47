/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/count_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

#define FIRST_CAPACITY 64

struct count_table *count_table__new(const struct aggregate *aggregate,
				     const struct aggregate_layout *layout, uint32_t key_size)
{
	struct count_table *table = new_zero(struct count_table);

	if (!table)
		return NULL;
	table->aggregate = aggregate;
	table->layout = layout;
	table->key_size = key_size;
	table->value_size = layout->value_size;
	table->max_keys = aggregate->max_keys;
	table->spare = calloc(1, layout->value_size);
	return table->spare ? table : count_table__free(table);
}

struct count_table *count_table__free(struct count_table *table)
{
	if (!table)
		return NULL;
	hash_index__done(&table->index);
	free(table->keys);
	free(table->values);
	free(table->spare);
	free(table);
	return NULL;
}

static uint8_t *value_at(const struct count_table *table, size_t number)
{
	return table->values + number * table->value_size;
}

static uint8_t *find(const struct count_table *table, const uint8_t *key, uint32_t hash)
{
	size_t position = hash;
	uint32_t number;

	while ((number = hash_index__next(&table->index, hash, &position)) != HASH_INDEX_NONE)
		if (memcmp(table->keys + (size_t)number * table->key_size, key, table->key_size) ==
		    0)
			return value_at(table, number);
	return NULL;
}

static int grow(struct count_table *table)
{
	size_t capacity = table->capacity ? 2 * table->capacity : FIRST_CAPACITY;
	uint8_t *keys, *values;

	if (hash_index__reserve(&table->index, capacity) < 0)
		return -ENOMEM;
	keys = reallocarray(table->keys, capacity, table->key_size);
	if (!keys)
		return -ENOMEM;
	table->keys = keys;
	values = reallocarray(table->values, capacity, table->value_size);
	if (!values)
		return -ENOMEM;
	table->values = values;
	table->capacity = capacity;
	return 0;
}

/* The value of a new key. NULL: it has no room. */
static uint8_t *add_key(struct count_table *table, const uint8_t *key, uint32_t hash)
{
	size_t number = table->len;

	if (number >= table->max_keys || (number == table->capacity && grow(table) < 0))
		return NULL;
	memcpy(table->keys + number * table->key_size, key, table->key_size);
	memset(value_at(table, number), 0, table->value_size);
	hash_index__add(&table->index, hash, (uint32_t)number);
	table->len++;
	return value_at(table, number);
}

void count_table__add(struct count_table *table, const uint8_t *key,
		      const struct aggregate_sample *sample)
{
	uint32_t hash = (uint32_t)hash_bytes(key, table->key_size);
	uint8_t *value = find(table, key, hash);

	if (!value)
		value = add_key(table, key, hash);
	aggregate__add(table->aggregate, table->layout, sample, value ? value : table->spare);
}

int count_table__read(const struct count_table *table, table_rows_fn run, void *ctx)
{
	const struct row_batch rows = {
		.keys = table->keys,
		.values = table->values,
		.len = table->len,
		.key_size = table->key_size,
		.key_stride = table->key_size,
		.value_size = table->value_size,
		.value_count = 1,
		.cell_stride = table->value_size,
		.value_stride = table->value_size,
	};

	return table->len > 0 ? run(ctx, &rows) : 0;
}
