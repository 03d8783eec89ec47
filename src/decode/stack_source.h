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

/* A frame of user space by its file, as the kernel's struct bpf_stack_build_id has it. */
enum stack_frame_status { STACK_FRAME_NONE, STACK_FRAME_BUILD_ID, STACK_FRAME_ADDRESS };

struct user_frame {
	int32_t status; /* enum stack_frame_status; NONE ends the stack */
	uint8_t build_id[20];
	uint64_t offset; /* in the file, or the address */
};

_Static_assert(sizeof(struct user_frame) == 32, "as in the kernel's map");

struct stack_source {
	/* Addresses, innermost first. How many; 0: it was never kept, or is lost; or -errno. */
	int (*find)(void *ctx, enum stack_kind kind, uint32_t id, uint64_t *ret_addresses,
		    size_t max);
	/* The same of a user stack by files, where the program collects them; NULL: nobody knows. */
	int (*find_frames)(void *ctx, uint32_t id, struct user_frame *ret_frames, size_t max);
	void *ctx;
};

#endif
