/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_EMIT_FLOW_H
#define SRC_EMIT_FLOW_H

/*
 * Forward data flow over a program: what each register and each stack slot holds before each instruction.
 * A flow owns its states and borrows the instructions and the list of maps, which must outlive it.
 * sites.c asks it; every pass that rewrites a program can. It takes any bytes: what is no program is -EINVAL.
 *
 * Constant branches are followed on their live side only, as the verifier does; loads from frozen data are constants.
 * Calls into subprograms carry arguments in and the result back. Where it does not know, it says so.
 */

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

#define FLOW_REGISTERS 11
#define FLOW_SLOTS 64 /* of 8 bytes; slot 0 is r10-8 */
#define FLOW_MAX_INSNS (128u << 10)

enum flow_kind {
	FLOW_UNSET,    /* no path brings a value here (yet) */
	FLOW_UNKNOWN,  /* anything but the kinds below that point into the stack or a record */
	FLOW_CONSTANT, /* number, sign-extended to 64 bits */
	FLOW_MAP,      /* the map itself */
	FLOW_MAP_DATA, /* address in the only element of an array map: number is the offset */
	FLOW_STACK,    /* r10 + number, of this function */
	FLOW_RECORD,   /* record reserved from a ring buffer: number is the offset */
	FLOW_TAINTED,  /* may point into a stack or a record, nobody knows where */
};

struct flow_value {
	uint8_t kind; /* enum flow_kind */
	uint16_t map; /* FLOW_MAP, _MAP_DATA, _RECORD: index into the maps */
	int32_t number;
};

struct flow_state {
	struct flow_value registers[FLOW_REGISTERS];
	struct flow_value slots[FLOW_SLOTS];
};

/* What is known of a map that instructions name by its descriptor. */
struct flow_map {
	int fd;
	uint32_t key_size, value_size;
	const uint8_t *data; /* borrowed, or NULL: constants of a frozen data section */
	uint32_t data_size;
};

struct flow_program {
	const struct bpf_insn *insns;
	uint32_t insn_count;
	const struct flow_map *maps; /* at most UINT16_MAX */
	uint32_t map_count;
};

struct flow;

/* 0; -EINVAL: no program that a kernel would take, err says where; -E2BIG; -ENOMEM. */
int flow__new(const struct flow_program *program, struct flow **ret_flow, struct err *err);
struct flow *flow__free(struct flow *flow);
/* What holds before the instruction. False: it is never reached, or is no instruction (second half of a wide one). */
bool flow__state(const struct flow *flow, uint32_t at, struct flow_state *ret_state);
/* Every instruction that is reached, in order, with what holds before it: cheaper than asking for one after another. */
void flow__each(const struct flow *flow,
		void (*run)(void *ctx, uint32_t at, const struct flow_state *state), void *ctx);
/* Whether control may come here other than from the instruction before. */
bool flow__is_leader(const struct flow *flow, uint32_t at);

static inline bool flow_value_equal(struct flow_value a, struct flow_value b)
{
	return a.kind == b.kind && a.map == b.map && a.number == b.number;
}

#endif
