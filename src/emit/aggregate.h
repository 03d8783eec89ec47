/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_EMIT_AGGREGATE_H
#define SRC_EMIT_AGGREGATE_H

/*
 * An aggregate as instructions: conditions, the key, and what is added under it, with no helper but a map's lookup and
 * update, no loop, and no branch where a string is cut or a logarithm taken.
 * It owns nothing; it writes into the caller's code, which goes on behind it. slot.c puts it where records end.
 *
 * What a key cannot be made for (the map is full, or locked by whom this interrupts) is added to the spare value: the sum
 * over all keys and the spare value is always the number of records that were kept.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "emit/asm.h"
#include "ir/ir.h"

/* The only element of the spare map: what had no room, then as many zeros for new keys. */
#define AGGREGATE_SPARE_BYTES(layout) (2u * (layout)->value_size)

struct aggregate_code {
	const struct aggregate *aggregate;
	const struct aggregate_layout *layout;
	int counts_fd; /* hash map: key to value */
	int spare_fd;  /* array of one element */
	/* The record is in r6; its key is built at this distance from r7, which has room for it at a multiple of 8. */
	uint32_t key_offset;
	/* The record may be on the stack, from where the verifier takes no load that is not aligned. */
	bool is_aligned;
};

/* r6, r7 and r8 stay, all others do not. -EINVAL, -EOPNOTSUPP; what the code itself lacks shows when it is finished. */
int aggregate_emit(const struct aggregate_code *source, struct code *code, struct err *err);

#endif
