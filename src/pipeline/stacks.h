/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_STACKS_H
#define SRC_PIPELINE_STACKS_H

/*
 * The stacks that a gadget keeps in maps of its own, for the decoders that show them. The struct is embedded in its stream
 * and owns nothing; the program is borrowed, and its maps are looked for when the first stack is asked for, since before
 * the program is loaded there are none.
 */

#include <stdbool.h>
#include "decode/stack_source.h"
#include "program/program.h"

#define STACKS_FRAMES 2 /* behind the kinds: frames of user space by their files */

struct stacks {
	struct program *program; /* borrowed */
	struct stack_source source;
	struct {
		bool is_sought;
		bool is_there;
		struct program_map map;
	} kinds[STACKS_FRAMES + 1]; /* by enum stack_kind */
};

/* The struct must not move afterwards. */
void stacks__init(struct stacks *stacks, struct program *program);

#endif
