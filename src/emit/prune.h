/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_EMIT_PRUNE_H
#define SRC_EMIT_PRUNE_H

/*
 * Takes out of a program what only works out bytes of a record that nobody reads: liveness backwards over registers, the
 * stack and the record, and what is left without an effect becomes a jump to the next instruction, which the kernel
 * drops. Nothing moves, so the result can be spliced as the program could.
 * It owns nothing. program/aggregate.c asks for it where records are counted and not sent.
 */

#include <stdint.h>
#include "base/err.h"
#include "emit/flow.h"

struct prune_request {
	const struct flow_program *program;
	const struct flow *flow; /* of that program */
	uint16_t ring;           /* whose records: an index into the maps of the program */
	uint32_t record_size;
	uint8_t *
		needed; /* record_size bytes, not 0: the byte is read. Those that the program itself reads are added. */
};

struct prune_result {
	uint32_t removed;      /* instructions */
	uint32_t needed_bytes; /* of the record, at the end */
};

/* `insns` are a copy of the program's, and are changed. -ENOMEM. */
int prune_run(const struct prune_request *request, struct bpf_insn *insns,
	      struct prune_result *ret_result, struct err *err);

#endif
