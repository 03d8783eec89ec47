/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_EMIT_LIVENESS_H
#define SRC_EMIT_LIVENESS_H

/*
 * Which registers, bytes of the stack and bytes of a record are read after an instruction, and whether the instruction
 * does anything else: the arithmetic under prune.c.
 * Plain functions over what the caller owns; only prune.c uses them.
 */

#include <stdbool.h>
#include <stdint.h>
#include "emit/flow.h"
#include "emit/insn.h"

#define LIVE_STACK_WORDS (INSN_STACK_BYTES / 64)

/* What is read later, of one function's own registers and stack. */
struct live {
	uint32_t registers;               /* bits, r0 the lowest */
	uint64_t stack[LIVE_STACK_WORDS]; /* bits; the lowest is r10-512 */
};

/* The record whose bytes are followed through the whole program, whoever holds it. */
struct live_record {
	uint16_t ring; /* index into the maps */
	uint32_t size;
	uint8_t *needed;
	bool is_changed; /* something was added to needed */
};

void live__join(struct live *live, const struct live *other);
bool live__equal(const struct live *a, const struct live *b);

/*
 * `live` is what is read behind the instruction, and becomes what is read before it. `values` are the registers there.
 * True: the instruction has no effect that anybody sees, and adds no reads. Branches are the caller's: they are kept.
 */
bool live__step(struct live *live, struct live_record *record, const struct flow_program *program,
		const struct bpf_insn *insn, const struct flow_value *values);

#endif
