/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_EMIT_FLOW_STATE_H
#define SRC_EMIT_FLOW_STATE_H

/*
 * One instruction's effect on a state, and where two states meet: the arithmetic under flow.c.
 * Plain functions over a state that the caller owns; only flow.c uses them.
 */

#include "emit/flow.h"

/* What holds where a function begins: nothing is known of its arguments. */
void flow_state__enter(struct flow_state *state);
/* Joins another way to the same place. Whether the state changed. */
bool flow_state__join(struct flow_state *state, const struct flow_state *other);
bool flow_value__join(struct flow_value *value, struct flow_value other);

/* Of a call: whether an argument may point into the stack. */
bool flow_state__passes_stack(const struct flow_state *state);
/* What a callee of the same program gets: pointers into the caller's stack have no number there. */
void flow_state__enter_callee(const struct flow_state *caller, struct flow_state *ret_callee);
/* After a call of the same program, which returned this. */
void flow_state__leave_callee(struct flow_state *state, struct flow_value result);
/* Every other instruction that goes on behind itself, wide ones and helper calls included. */
void flow_state__step(struct flow_state *state, const struct flow_program *program, uint32_t at);

enum flow_branch { FLOW_BRANCH_BOTH, FLOW_BRANCH_TAKEN, FLOW_BRANCH_NOT_TAKEN };
enum flow_branch flow_state__branch(const struct flow_state *state, const struct bpf_insn *insn);
/* On one side of `if record == 0` the register holds no record: without this the next join would lose it. */
void flow_state__refine(struct flow_state *state, const struct bpf_insn *insn, bool is_taken);

#endif
