/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_RECORD_BATCH_H
#define SRC_RECORD_BATCH_H

/*
 * What a source hands over at once: rows of a map (keys and values side by side) or records of a ring.
 * The source owns the bytes and may reuse them after the callback; the arena is reset per run.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "record/record.h"

/* Rows of a table. For per-CPU maps a value is value_count cells of value_size, one per possible CPU. */
struct row_batch {
	const uint8_t *keys;	/* len keys of key_stride bytes */
	const uint8_t *values;	/* len values of value_stride bytes */
	size_t len;
	uint32_t key_size;
	uint32_t key_stride;
	uint32_t value_size;	/* of one cell, padding excluded */
	uint32_t value_count;	/* cells per row: 1, or the number of possible CPUs */
	uint32_t cell_stride;	/* bytes from one cell to the next (per-CPU cells are padded to 8) */
	uint32_t value_stride;	/* bytes from one row's value to the next row's */
};

struct batch {
	const struct schema *schema;
	struct record *records; /* arena */
	size_t len;
	struct arena arena;
};

#endif
