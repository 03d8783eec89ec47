/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_CELL_H
#define SRC_PIPELINE_CELL_H

/*
 * The number in a map's value or in a record: where it is and how many bytes it has. A plain value; a route has one.
 * scrape.c and event.c read with it, for every row: nearly always eight bytes at the very beginning.
 */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct value_cell {
	uint32_t offset;
	uint32_t size; /* 1, 2, 4 or 8 */
	bool is_signed;
};

/* Fewer than eight bytes, the sign carried up to the 64th bit. */
uint64_t value_cell__read_narrow(const struct value_cell *cell, const uint8_t *bytes);

/* Sums of signed numbers are right as well: they wrap around and back. Hot. */
static inline uint64_t value_cell__read(const struct value_cell *cell, const uint8_t *value)
{
	uint64_t number;

	if (__builtin_expect(cell->size != sizeof(number), 0))
		return value_cell__read_narrow(cell, value + cell->offset);
	memcpy(&number, value + cell->offset, sizeof(number));
	return number;
}

#endif
