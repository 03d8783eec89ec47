/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/cell.h"

#include "record/record.h"

uint64_t value_cell__read_narrow(const struct value_cell *cell, const uint8_t *bytes)
{
	uint64_t u64 = 0;
	int64_t s64 = 0;

	/* The plan has seen to it that the size is one of theirs. */
	if (!cell->is_signed) {
		(void)bytes_get_uint(bytes, cell->size, &u64);
		return u64;
	}
	(void)bytes_get_int(bytes, cell->size, &s64);
	return (uint64_t)s64;
}
