/* SPDX-License-Identifier: Apache-2.0 */
#include "emit/flow.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/vec.h"
#include "emit/flow_state.h"
#include "emit/insn.h"

/*
 * States are kept where blocks begin, and worked out again for the instructions behind: a state has 600 bytes, and a
 * program may have ten thousand instructions.
 */
struct block {
	struct flow_state state;
	uint32_t first;    /* instruction */
	uint32_t function; /* index of the function that control came in with */
	bool is_reached, is_queued, calls;
};

struct function {
	uint32_t first; /* instruction */
	struct flow_value result;
};

struct flow {
	struct flow_program program;
	uint8_t *marks;       /* owned; per instruction: enum mark */
	uint32_t *block_of;   /* owned; per instruction, of leaders only */
	struct block *blocks; /* owned */
	uint32_t block_count;
	VEC(struct function) functions;
	VEC(uint32_t) queue; /* blocks */
};

enum mark {
	MARK_LEADER = 1 << 0,
	MARK_SECOND_HALF = 1 << 1, /* of a wide instruction */
};

#define NO_BLOCK UINT32_MAX
#define FUNCTIONS_MAX 256 /* the kernel's own bound (BPF_MAX_SUBPROGS) */

/* ---- is it a program ---- */

static int check_insn(const struct flow_program *program, uint32_t at, struct err *err)
{
	const struct bpf_insn *insn = &program->insns[at];

	if (insn->dst_reg >= FLOW_REGISTERS || insn->src_reg >= FLOW_REGISTERS)
		return err__set(err, -EINVAL, NULL, "instruction %u names a register above r10",
				at);
	if (insn_is_load_imm64(insn) && at + 1 >= program->insn_count)
		return err__set(err, -EINVAL, NULL, "instruction %u lacks its second half", at);
	if (insn_is_load_imm64(insn) && program->insns[at + 1].code != 0)
		return err__set(err, -EINVAL, NULL, "instruction %u has no second half behind it",
				at);
	return 0;
}

/* Where an instruction may send control beside the next one; -1: nowhere. */
static int64_t target_of(const struct bpf_insn *insn, uint32_t at)
{
	enum insn_next next = insn_next(insn);

	if (next == INSN_GOTO || next == INSN_BRANCH)
		return (int64_t)at + 1 + insn_jump_offset(insn);
	if (insn_calls_subprogram(insn) ||
	    (insn_is_load_imm64(insn) && insn->src_reg == BPF_PSEUDO_FUNC))
		return (int64_t)at + 1 + insn->imm;
	return -1;
}

static bool has_target(const struct bpf_insn *insn)
{
	enum insn_next next = insn_next(insn);

	return next == INSN_GOTO || next == INSN_BRANCH || insn_calls_subprogram(insn) ||
	       (insn_is_load_imm64(insn) && insn->src_reg == BPF_PSEUDO_FUNC);
}

static int mark_halves(struct flow *flow, struct err *err)
{
	const struct flow_program *program = &flow->program;

	for (uint32_t at = 0; at < program->insn_count; at++) {
		int r = check_insn(program, at, err);

		if (r < 0)
			return r;
		if (insn_is_load_imm64(&program->insns[at]))
			flow->marks[++at] |= MARK_SECOND_HALF;
	}
	return 0;
}

/* Control goes on behind it only when there is something behind it. */
static int check_end(const struct flow_program *program, uint32_t at, struct err *err)
{
	enum insn_next next = insn_next(&program->insns[at]);
	uint32_t behind = at + (insn_is_load_imm64(&program->insns[at]) ? 2 : 1);

	if (behind < program->insn_count || next == INSN_END || next == INSN_GOTO)
		return 0;
	return err__set(err, -EINVAL, NULL, "instruction %u is the last one and does not end", at);
}

static int mark_leaders(struct flow *flow, struct err *err)
{
	const struct flow_program *program = &flow->program;

	flow->marks[0] |= MARK_LEADER;
	for (uint32_t at = 0; at < program->insn_count; at++) {
		const struct bpf_insn *insn = &program->insns[at];
		int64_t target = target_of(insn, at);
		int r;

		if (flow->marks[at] & MARK_SECOND_HALF)
			continue;
		r = check_end(program, at, err);
		if (r < 0)
			return r;
		if (insn_next(insn) != INSN_NEXT && at + 1 < program->insn_count)
			flow->marks[at + 1] |= MARK_LEADER;
		if (!has_target(insn))
			continue;
		if (target < 0 || target >= program->insn_count ||
		    flow->marks[target] & MARK_SECOND_HALF)
			return err__set(err, -EINVAL, NULL,
					"instruction %u leads to %lld, where none begins", at,
					(long long)target);
		flow->marks[target] |= MARK_LEADER;
	}
	return 0;
}

static int make_blocks(struct flow *flow)
{
	uint32_t count = 0;

	for (uint32_t at = 0; at < flow->program.insn_count; at++)
		count += flow->marks[at] & MARK_LEADER ? 1 : 0;
	flow->blocks = new_array(struct block, count);
	if (!flow->blocks)
		return -ENOMEM;
	for (uint32_t at = 0; at < flow->program.insn_count; at++) {
		flow->block_of[at] = NO_BLOCK;
		if (!(flow->marks[at] & MARK_LEADER))
			continue;
		flow->block_of[at] = flow->block_count;
		flow->blocks[flow->block_count++].first = at;
	}
	return 0;
}

/* ---- the walk ---- */

static int queue_block(struct flow *flow, struct block *block)
{
	if (block->is_queued)
		return 0;
	block->is_queued = true;
	return vec_push(&flow->queue, (uint32_t)(block - flow->blocks));
}

static int reach(struct flow *flow, uint32_t at, uint32_t function, const struct flow_state *state)
{
	struct block *block = &flow->blocks[flow->block_of[at]];
	bool is_new = !block->is_reached;

	if (!flow_state__join(&block->state, state) && !is_new)
		return 0;
	if (is_new)
		block->function = function;
	block->is_reached = true;
	return queue_block(flow, block);
}

/* Index of the function that begins there, -E2BIG or -ENOMEM. */
static int64_t find_function(struct flow *flow, uint32_t first)
{
	struct function function = { .first = first };

	for (size_t i = 0; i < flow->functions.len; i++)
		if (flow->functions.items[i].first == first)
			return (int64_t)i;
	if (flow->functions.len >= FUNCTIONS_MAX)
		return -E2BIG;
	if (vec_push(&flow->functions, function) < 0)
		return -ENOMEM;
	return (int64_t)flow->functions.len - 1;
}

static int step_call(struct flow *flow, uint32_t at, struct flow_state *state)
{
	uint32_t target = (uint32_t)target_of(&flow->program.insns[at], at);
	int64_t function = find_function(flow, target);
	struct flow_state callee;
	int r;

	if (function < 0)
		return (int)function;
	flow_state__enter_callee(state, &callee);
	r = reach(flow, target, (uint32_t)function, &callee);
	flow_state__leave_callee(state, flow->functions.items[function].result);
	return r;
}

/* A function whose address is taken: some helper calls it, with whatever it likes. */
static int step_function_address(struct flow *flow, uint32_t at)
{
	uint32_t target = (uint32_t)target_of(&flow->program.insns[at], at);
	int64_t function = find_function(flow, target);
	struct flow_state callee;

	if (function < 0)
		return (int)function;
	flow_state__enter(&callee);
	for (int reg = BPF_REG_1; reg <= BPF_REG_5; reg++)
		callee.registers[reg] = (struct flow_value){ .kind = FLOW_TAINTED };
	return reach(flow, target, (uint32_t)function, &callee);
}

/* Its callers saw less of the result than there is now. */
static int leave_function(struct flow *flow, uint32_t function, struct flow_value result)
{
	int r = 0;

	if (!flow_value__join(&flow->functions.items[function].result, result))
		return 0;
	for (uint32_t i = 0; r == 0 && i < flow->block_count; i++)
		if (flow->blocks[i].is_reached && flow->blocks[i].calls)
			r = queue_block(flow, &flow->blocks[i]);
	return r;
}

static int leave_block(struct flow *flow, const struct block *block, uint32_t at,
		       struct flow_state *state)
{
	const struct bpf_insn *insn = &flow->program.insns[at];
	enum insn_next next = insn_next(insn);
	enum flow_branch branch = FLOW_BRANCH_NOT_TAKEN;
	struct flow_state taken = *state;
	int r = 0;

	if (next == INSN_END)
		return leave_function(flow, block->function, state->registers[BPF_REG_0]);
	if (next == INSN_GOTO)
		branch = FLOW_BRANCH_TAKEN;
	if (next == INSN_BRANCH) {
		branch = flow_state__branch(state, insn);
		flow_state__refine(&taken, insn, true);
		flow_state__refine(state, insn, false);
	}
	if (branch != FLOW_BRANCH_NOT_TAKEN)
		r = reach(flow, (uint32_t)target_of(insn, at), block->function, &taken);
	if (r == 0 && branch != FLOW_BRANCH_TAKEN)
		r = reach(flow, at + 1, block->function, state);
	return r;
}

/* The instruction behind this one. */
static uint32_t behind(const struct flow *flow, uint32_t at)
{
	return at + (insn_is_load_imm64(&flow->program.insns[at]) ? 2 : 1);
}

static int step(struct flow *flow, struct block *block, uint32_t at, struct flow_state *state)
{
	const struct bpf_insn *insn = &flow->program.insns[at];
	int r = 0;

	if (insn_calls_subprogram(insn)) {
		block->calls = true;
		return step_call(flow, at, state);
	}
	if (insn_is_load_imm64(insn) && insn->src_reg == BPF_PSEUDO_FUNC)
		r = step_function_address(flow, at);
	flow_state__step(state, &flow->program, at);
	return r;
}

static int run_block(struct flow *flow, struct block *block)
{
	struct flow_state state = block->state;
	uint32_t at = block->first;

	for (;;) {
		uint32_t next = behind(flow, at);
		int r;

		if (insn_next(&flow->program.insns[at]) != INSN_NEXT)
			return leave_block(flow, block, at, &state);
		r = step(flow, block, at, &state);
		if (r < 0)
			return r;
		if (flow->marks[next] & MARK_LEADER)
			return reach(flow, next, block->function, &state);
		at = next;
	}
}

static int walk(struct flow *flow)
{
	struct flow_state entry;
	int r;

	flow_state__enter(&entry);
	r = (int)find_function(flow, 0);
	if (r == 0)
		r = reach(flow, 0, 0, &entry);
	/* Ends: each join moves a value up a lattice of three steps. */
	while (r == 0 && flow->queue.len > 0) {
		struct block *block = &flow->blocks[flow->queue.items[--flow->queue.len]];

		block->is_queued = false;
		r = run_block(flow, block);
	}
	return r;
}

/* ---- life ---- */

static int fill(struct flow *flow, struct err *err)
{
	uint32_t count = flow->program.insn_count;
	int r;

	flow->marks = new_array(uint8_t, count);
	flow->block_of = new_array(uint32_t, count);
	if (!flow->marks || !flow->block_of)
		return err__set(err, -ENOMEM, NULL, "no memory for %u instructions", count);
	r = mark_halves(flow, err);
	if (r == 0)
		r = mark_leaders(flow, err);
	if (r < 0)
		return r;
	r = make_blocks(flow);
	if (r == 0)
		r = walk(flow);
	if (r == -E2BIG)
		return err__set(err, r, NULL, "more than %d functions", FUNCTIONS_MAX);
	return r < 0 ? err__set(err, r, NULL, "no memory for the flow of %u instructions", count)
		     : 0;
}

int flow__new(const struct flow_program *program, struct flow **ret_flow, struct err *err)
{
	struct flow *flow;
	int r;

	if (program->insn_count == 0)
		return err__set(err, -EINVAL, NULL, "there are no instructions");
	if (program->insn_count > FLOW_MAX_INSNS || program->map_count > UINT16_MAX)
		return err__set(err, -E2BIG, NULL,
				"%u instructions are too many; at most %u are looked at",
				program->insn_count, FLOW_MAX_INSNS);
	flow = new_zero(struct flow);
	if (!flow)
		return err__set(err, -ENOMEM, NULL, "no memory for a flow");
	flow->program = *program;
	r = fill(flow, err);
	vec_done(&flow->queue);
	if (r < 0) {
		flow__free(flow);
		return r;
	}
	*ret_flow = flow;
	return 0;
}

struct flow *flow__free(struct flow *flow)
{
	if (!flow)
		return NULL;
	free(flow->marks);
	free(flow->block_of);
	free(flow->blocks);
	vec_done(&flow->functions);
	vec_done(&flow->queue);
	free(flow);
	return NULL;
}

/* ---- questions ---- */

bool flow__is_leader(const struct flow *flow, uint32_t at)
{
	return at < flow->program.insn_count && flow->marks[at] & MARK_LEADER;
}

static struct flow_value result_of(const struct flow *flow, uint32_t first)
{
	for (size_t i = 0; i < flow->functions.len; i++)
		if (flow->functions.items[i].first == first)
			return flow->functions.items[i].result;
	return (struct flow_value){ .kind = FLOW_UNSET };
}

/* On to the next instruction of the same block. */
static void advance(const struct flow *flow, uint32_t at, struct flow_state *state)
{
	const struct bpf_insn *insn = &flow->program.insns[at];

	if (insn_calls_subprogram(insn))
		flow_state__leave_callee(state, result_of(flow, (uint32_t)target_of(insn, at)));
	else
		flow_state__step(state, &flow->program, at);
}

bool flow__state(const struct flow *flow, uint32_t at, struct flow_state *ret_state)
{
	const struct block *block;
	uint32_t first = at;
	struct flow_state state;

	if (at >= flow->program.insn_count || flow->marks[at] & MARK_SECOND_HALF)
		return false;
	while (!(flow->marks[first] & MARK_LEADER))
		first--;
	block = &flow->blocks[flow->block_of[first]];
	if (!block->is_reached)
		return false;
	state = block->state;
	for (uint32_t i = first; i < at; i = behind(flow, i))
		advance(flow, i, &state);
	*ret_state = state;
	return true;
}

static void each_of_block(const struct flow *flow, const struct block *block,
			  void (*run)(void *ctx, uint32_t at, const struct flow_state *state),
			  void *ctx)
{
	struct flow_state state = block->state;
	uint32_t at = block->first;

	while (at < flow->program.insn_count &&
	       (at == block->first || !(flow->marks[at] & MARK_LEADER))) {
		run(ctx, at, &state);
		advance(flow, at, &state);
		at = behind(flow, at);
	}
}

void flow__each(const struct flow *flow,
		void (*run)(void *ctx, uint32_t at, const struct flow_state *state), void *ctx)
{
	for (uint32_t i = 0; i < flow->block_count; i++)
		if (flow->blocks[i].is_reached)
			each_of_block(flow, &flow->blocks[i], run, ctx);
}
