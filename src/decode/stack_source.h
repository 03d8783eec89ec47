/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_DECODE_STACK_SOURCE_H
#define SRC_DECODE_STACK_SOURCE_H

/*
 * Where decoders get the frames of a stack from, of which a record has only the number: the map that the program keeps
 * stacks in. The owner of the programs implements it and outlives all chains; decoders of stacks ask it.
 */

#include <stddef.h>
#include <stdint.h>

/* More than any program collects. */
#define STACK_MAX_FRAMES 127

enum stack_kind { STACK_KERNEL, STACK_USER };

struct stack_source {
	/* Addresses, innermost first. How many; 0: it was never kept, or is lost; or -errno. */
	int (*find)(void *ctx, enum stack_kind kind, uint32_t id, uint64_t *ret_addresses,
		    size_t max);
	void *ctx;
};

#endif
