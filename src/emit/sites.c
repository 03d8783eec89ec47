/* SPDX-License-Identifier: Apache-2.0 */
#include "emit/sites.h"

#include "emit/insn.h"

struct finder {
	const struct flow_program *program;
	const struct flow *flow;
};

/* ---- is it the same key ---- */

/* A key's address is a register that survives calls, or a slot of the stack, plus a distance. */
struct origin {
	enum { ORIGIN_NONE, ORIGIN_REGISTER, ORIGIN_SLOT } kind;
	int32_t place; /* register, or offset from r10 */
	int32_t distance;
	uint32_t taken_at; /* instruction that read it there */
};

static bool survives_calls(uint8_t reg)
{
	return reg >= BPF_REG_6 && reg <= BPF_REG_9;
}

/* One step back through an instruction that writes `reg`. False: the trail is lost. */
static bool step_back(const struct bpf_insn *insn, uint32_t at, uint8_t *reg, struct origin *origin)
{
	if (insn->code == (BPF_ALU64 | BPF_ADD | BPF_K) && insn->off == 0)
		return !__builtin_add_overflow(origin->distance, insn->imm, &origin->distance);
	origin->taken_at = at;
	if (insn->code == (BPF_LDX | BPF_MEM | BPF_DW) && insn->src_reg == BPF_REG_10) {
		origin->kind = ORIGIN_SLOT;
		origin->place = insn->off;
		return true;
	}
	if (insn->code != (BPF_ALU64 | BPF_MOV | BPF_X) || insn->off != 0)
		return false;
	*reg = insn->src_reg;
	if (survives_calls(*reg)) {
		origin->kind = ORIGIN_REGISTER;
		origin->place = *reg;
	}
	return true;
}

/* Where the register's value at `at` came from, as far as this straight line tells. */
static struct origin find_origin(const struct finder *finder, uint32_t at, uint8_t reg)
{
	const struct bpf_insn *insns = finder->program->insns;
	struct origin origin = { .kind = ORIGIN_NONE };

	while (origin.kind == ORIGIN_NONE && !flow__is_leader(finder->flow, at)) {
		const struct bpf_insn *insn = &insns[--at];

		/* The second half of a wide load writes nothing by itself; its first half comes next. */
		if (insn->code == 0 || !(insn_writes(insn) >> reg & 1))
			continue;
		if (!step_back(insn, at, &reg, &origin))
			return (struct origin){ .kind = ORIGIN_NONE };
	}
	return origin;
}

/* Whether a store may change these bytes of the stack, or (bytes 0) memory elsewhere. */
static bool may_touch(const struct finder *finder, uint32_t at, int64_t offset, uint32_t bytes)
{
	const struct bpf_insn *insn = &finder->program->insns[at];
	struct flow_state state;
	struct flow_value base;
	int64_t start;

	if (!insn_is_store(insn) || !flow__state(finder->flow, at, &state))
		return false;
	base = state.registers[insn->dst_reg];
	if (base.kind == FLOW_TAINTED)
		return true;
	if (base.kind != FLOW_STACK)
		return bytes == 0;
	start = (int64_t)base.number + insn->off;
	return start < offset + bytes && start + insn_access_bytes(insn) > offset;
}

static bool stays_put(const struct finder *finder, const struct origin *origin, uint32_t from,
		      uint32_t to)
{
	for (uint32_t at = from + 1; at < to; at++) {
		const struct bpf_insn *insn = &finder->program->insns[at];

		if (insn->code == 0)
			continue;
		if (origin->kind == ORIGIN_REGISTER && insn_writes(insn) >> origin->place & 1)
			return false;
		if (origin->kind == ORIGIN_SLOT &&
		    may_touch(finder, at, origin->place, 8 /* a pointer */))
			return false;
	}
	return true;
}

/* No store between the two calls may change the key itself. */
static bool key_stays(const struct finder *finder, const struct site *site, struct flow_value key)
{
	bool is_on_stack = key.kind == FLOW_STACK;
	uint32_t bytes = is_on_stack ? finder->program->maps[site->map].key_size : 0;

	for (uint32_t at = site->update_at + 1; at < site->lookup_at; at++)
		if (finder->program->insns[at].code != 0 &&
		    may_touch(finder, at, is_on_stack ? key.number : 0, bytes))
			return false;
	return true;
}

static bool is_same_address(const struct finder *finder, const struct site *site,
			    struct flow_value first, struct flow_value second)
{
	struct origin from, to;

	if (first.kind == FLOW_STACK || first.kind == FLOW_MAP_DATA)
		return flow_value_equal(first, second);
	from = find_origin(finder, site->update_at, BPF_REG_2);
	to = find_origin(finder, site->lookup_at, BPF_REG_2);
	return from.kind != ORIGIN_NONE && from.kind == to.kind && from.place == to.place &&
	       from.distance == to.distance && stays_put(finder, &from, from.taken_at, to.taken_at);
}

static bool is_same_key(const struct finder *finder, const struct site *site,
			const struct flow_state *update, const struct flow_state *lookup)
{
	struct flow_value first = update->registers[BPF_REG_2];

	return is_same_address(finder, site, first, lookup->registers[BPF_REG_2]) &&
	       key_stays(finder, site, first);
}

/* ---- sites ---- */

/* The call straight behind the update: no branch, no other way in, and nobody looks at what the update returned. */
static bool find_next_call(const struct finder *finder, uint32_t update_at, uint32_t *ret_at)
{
	const struct bpf_insn *insns = finder->program->insns;

	for (uint32_t at = update_at + 1; at < finder->program->insn_count; at++) {
		if (flow__is_leader(finder->flow, at) || insn_next(&insns[at]) != INSN_NEXT)
			return false;
		if (insn_is_call(&insns[at])) {
			*ret_at = at;
			return true;
		}
		if (insns[at].code != 0 && insn_reads(&insns[at]) & 1u << BPF_REG_0)
			return false;
	}
	return false;
}

static bool has_lookup(const struct finder *finder, const struct flow_state *update,
		       struct site *site)
{
	struct flow_value map = update->registers[BPF_REG_1];
	struct flow_state lookup;

	if (!find_next_call(finder, site->update_at, &site->lookup_at) ||
	    !insn_calls_helper(&finder->program->insns[site->lookup_at],
			       BPF_FUNC_map_lookup_elem) ||
	    !flow__state(finder->flow, site->lookup_at, &lookup))
		return false;
	return flow_value_equal(map, lookup.registers[BPF_REG_1]) &&
	       is_same_key(finder, site, update, &lookup);
}

static struct site judge(const struct finder *finder, uint32_t at, const struct flow_state *state)
{
	struct flow_value flags = state->registers[BPF_REG_4];
	struct site site = { .update_at = at,
			     .map = state->registers[BPF_REG_1].map,
			     .verdict = SITE_OVERWRITES };

	if (flags.kind == FLOW_CONSTANT && flags.number == BPF_NOEXIST)
		site.verdict = has_lookup(finder, state, &site) ? SITE_LOOKUP_FOLLOWS
								: SITE_NO_LOOKUP;
	return site;
}

int sites_find(const struct flow_program *program, const struct flow *flow,
	       struct site_list *ret_list)
{
	const struct finder finder = { .program = program, .flow = flow };

	for (uint32_t at = 0; at < program->insn_count; at++) {
		struct flow_state state;

		if (!insn_calls_helper(&program->insns[at], BPF_FUNC_map_update_elem) ||
		    !flow__state(flow, at, &state) || state.registers[BPF_REG_1].kind != FLOW_MAP)
			continue;
		if (vec_push(&ret_list->sites, judge(&finder, at, &state)) < 0)
			return -ENOMEM;
	}
	return 0;
}

void site_list__done(struct site_list *list)
{
	vec_done(&list->sites);
}
