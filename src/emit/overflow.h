/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_EMIT_OVERFLOW_H
#define SRC_EMIT_OVERFLOW_H

/*
 * The subprogram that stands in for a lookup: it looks the key up, and when there is none gives a slot of another map,
 * so that what is added does not vanish. Plain functions; the layout is the caller's.
 * pipeline/ says how slots are laid out, program/rewrite.c has the code written.
 */

#include <stdint.h>
#include "base/err.h"
#include "emit/asm.h"

struct overflow_bucket {
	int32_t bucket; /* as it stands in the key, >= 0 */
	uint32_t slot;
};

/* Which slot of the overflow map a key belongs to. */
struct overflow_layout {
	uint32_t slot_count; /* of the overflow map; 1: everything is one sum */
	uint32_t
		bucket_size; /* bytes in the key that name its bucket: 1, 2, 4, 8; 0: there are none */
	uint32_t bucket_offset; /* of these bytes */
	/* Buckets first, first + 1, … have slots 0, 1, …; or a list says which has which. */
	int32_t first;
	const struct overflow_bucket *buckets; /* borrowed, or NULL */
	uint32_t bucket_count;                 /* of the list */
};

#define OVERFLOW_SLOTS_MAX 2048

/*
 * r1 is the map, r2 the key, as for the helper; r0 is the value's address or NULL. A bucket that has no slot gets NULL:
 * no reader of the map would count it either. -EINVAL for a layout that cannot be.
 */
int overflow_emit(const struct overflow_layout *layout, int overflow_fd, struct code *code,
		  struct err *err);

#endif
