/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_COUNT_TABLE_H
#define SRC_PIPELINE_COUNT_TABLE_H

/*
 * What the kernel's map of an aggregate is, in user space: keys with values that only grow, at most so many of them, and
 * a spare value for records whose key has no room. It owns its keys and values.
 * count_source.c adds records to it where the kernel cannot count them; a scrape reads it like any other table.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/hash_index.h"
#include "ir/interpret.h"
#include "source/source.h"

struct count_table {
	const struct aggregate *aggregate;     /* borrowed */
	const struct aggregate_layout *layout; /* borrowed; of the value */
	uint32_t key_size, value_size, max_keys;
	struct hash_index index;
	uint8_t *keys, *values; /* owned; `len` of them */
	size_t len, capacity;
	uint8_t *spare; /* owned; one value */
};

struct count_table *count_table__new(const struct aggregate *aggregate,
				     const struct aggregate_layout *layout, uint32_t key_size);
struct count_table *count_table__free(struct count_table *table);
/* One more record under this key. Hot. */
void count_table__add(struct count_table *table, const uint8_t *key,
		      const struct aggregate_sample *sample);
/* All keys there are, in one batch. */
int count_table__read(const struct count_table *table, table_rows_fn run, void *ctx);

#endif
