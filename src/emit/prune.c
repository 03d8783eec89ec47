/* SPDX-License-Identifier: Apache-2.0 */
#include "emit/prune.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "emit/insn.h"
#include "emit/liveness.h"

static const struct bpf_insn nothing = { .code = BPF_JMP | BPF_JA };

/* Of one instruction. */
struct place {
	struct flow_value values[FLOW_REGISTERS]; /* before it */
	struct live live;                         /* before it */
	bool is_reached, is_dead;
	bool is_removed; /* it, or the wide one that it is the second half of */
};

struct pruner {
	const struct flow_program *program;
	struct bpf_insn *insns; /* as they are now */
	struct place *places;   /* owned; one for each */
	struct live_record record;
	uint32_t removed;
};

static void learn(void *ctx, uint32_t at, const struct flow_state *state)
{
	struct pruner *pruner = ctx;
	struct place *place = &pruner->places[at];

	place->is_reached = true;
	memcpy(place->values, state->registers, sizeof(place->values));
}

/* ---- liveness ---- */

static void join_at(const struct pruner *pruner, int64_t at, struct live *live)
{
	if (at >= 0 && at < (int64_t)pruner->program->insn_count)
		live__join(live, &pruner->places[at].live);
}

/* What is read where control goes from here. */
static struct live live_behind(const struct pruner *pruner, uint32_t at)
{
	const struct bpf_insn *insn = &pruner->insns[at];
	enum insn_next next = insn_next(insn);
	struct live live = { .registers = 0 };

	if (next == INSN_GOTO || next == INSN_BRANCH)
		join_at(pruner, (int64_t)at + 1 + insn_jump_offset(insn), &live);
	if (next == INSN_NEXT || next == INSN_BRANCH)
		join_at(pruner, (int64_t)at + (insn_is_load_imm64(insn) ? 2 : 1), &live);
	return live;
}

/* Whether anything changed. */
static bool step(struct pruner *pruner, uint32_t at)
{
	struct place *place = &pruner->places[at];
	struct live live = live_behind(pruner, at);

	place->is_dead = live__step(&live, &pruner->record, pruner->program, &pruner->insns[at],
				    place->values);
	if (live__equal(&live, &place->live))
		return false;
	place->live = live;
	return true;
}

/* Ends: sets only grow, and so do the bytes of the record that are needed. */
static void find_live(struct pruner *pruner)
{
	bool is_changed = true;

	for (uint32_t at = 0; at < pruner->program->insn_count; at++)
		pruner->places[at].live = (struct live){ .registers = 0 };
	while (is_changed) {
		is_changed = false;
		pruner->record.is_changed = false;
		for (uint32_t at = pruner->program->insn_count; at-- > 0;)
			if (pruner->places[at].is_reached)
				is_changed |= step(pruner, at);
		is_changed |= pruner->record.is_changed;
	}
}

/* ---- removing ---- */

static void remove_at(struct pruner *pruner, uint32_t at)
{
	bool is_wide = insn_is_load_imm64(&pruner->insns[at]);

	pruner->insns[at] = nothing;
	pruner->places[at].is_removed = true;
	pruner->removed++;
	if (!is_wide)
		return;
	/* Its second half is an instruction now, and reached. */
	pruner->insns[at + 1] = nothing;
	pruner->places[at + 1].is_removed = true;
	pruner->places[at + 1].is_reached = true;
	memcpy(pruner->places[at + 1].values, pruner->places[at].values,
	       sizeof(pruner->places[at].values));
}

static bool remove_dead(struct pruner *pruner)
{
	bool is_any = false;

	for (uint32_t at = 0; at < pruner->program->insn_count; at++) {
		const struct place *place = &pruner->places[at];

		if (!place->is_reached || place->is_removed || !place->is_dead)
			continue;
		remove_at(pruner, at);
		is_any = true;
	}
	return is_any;
}

/*
 * A branch forwards over nothing decides nothing: what it looks at may be dead, too. Constant branches stay, and so does
 * one over anything that is not reached: code that nothing leads to is refused.
 */
static bool decides_nothing(const struct pruner *pruner, uint32_t at)
{
	const struct bpf_insn *insn = &pruner->insns[at];
	int64_t distance = insn_jump_offset(insn);

	if (!pruner->places[at].is_reached || insn_next(insn) != INSN_BRANCH || distance <= 0 ||
	    BPF_OP(insn->code) == 0xe0 /* may_goto */)
		return false;
	for (int64_t i = at + 1; i < at + 1 + distance; i++)
		if (!pruner->places[i].is_removed)
			return false;
	return pruner->places[at + 1 + distance].is_reached;
}

static bool remove_branches(struct pruner *pruner)
{
	bool is_any = false;

	for (uint32_t at = 0; at < pruner->program->insn_count; at++) {
		if (!decides_nothing(pruner, at))
			continue;
		remove_at(pruner, at);
		is_any = true;
	}
	return is_any;
}

static void count_needed(const struct pruner *pruner, struct prune_result *result)
{
	*result = (struct prune_result){ .removed = pruner->removed };
	for (uint32_t i = 0; i < pruner->record.size; i++)
		result->needed_bytes += pruner->record.needed[i] != 0;
}

int prune_run(const struct prune_request *request, struct bpf_insn *insns,
	      struct prune_result *ret_result, struct err *err)
{
	struct pruner pruner = {
		.program = request->program,
		.insns = insns,
		.places = new_array(struct place, request->program->insn_count),
		.record = { .ring = request->ring,
			    .size = request->record_size,
			    .needed = request->needed },
	};
	bool is_changed;

	if (!pruner.places)
		return err__set(err, -ENOMEM, NULL, "no memory to prune %u instructions",
				request->program->insn_count);
	flow__each(request->flow, learn, &pruner);
	/* Each round has fewer instructions, so this ends. */
	do {
		find_live(&pruner);
		is_changed = remove_dead(&pruner);
		is_changed |= remove_branches(&pruner);
	} while (is_changed);
	count_needed(&pruner, ret_result);
	free(pruner.places);
	return 0;
}
