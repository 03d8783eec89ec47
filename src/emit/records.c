/* SPDX-License-Identifier: Apache-2.0 */
#include "emit/records.h"

#include <errno.h>

#include "base/mem.h"
#include "emit/insn.h"

/* Newer than the headers of Debian 12, or used by their numbers only. */
#define HELPER_RINGBUF_RESERVE_DYNPTR 198
#define HELPER_TIMER_SET_CALLBACK 170

struct finder {
	const struct flow_program *program;
	uint16_t ring;
	struct record_list *list;
	struct err *err;
	uint32_t first_subprogram; /* instruction; UINT32_MAX: there is none */
	bool takes_function;       /* some helper calls back */
	bool holds_at_call;        /* a record is held while a subprogram runs */
	int result;
};

/* Helpers that take a map to which records go; those without an action cannot be stood in for. */
static const struct {
	int32_t helper;
	uint8_t map, size;
	bool has_action;
	enum record_action action;
} outputs[] = {
	{ BPF_FUNC_ringbuf_reserve, BPF_REG_1, BPF_REG_2, true, RECORD_RESERVE },
	{ BPF_FUNC_ringbuf_output, BPF_REG_1, BPF_REG_3, true, RECORD_OUTPUT },
	{ BPF_FUNC_perf_event_output, BPF_REG_2, BPF_REG_5, true, RECORD_PERF_OUTPUT },
	{ HELPER_RINGBUF_RESERVE_DYNPTR, BPF_REG_1, BPF_REG_2, false, RECORD_RESERVE },
	{ BPF_FUNC_skb_output, BPF_REG_2, BPF_REG_5, false, RECORD_PERF_OUTPUT },
	{ BPF_FUNC_xdp_output, BPF_REG_2, BPF_REG_5, false, RECORD_PERF_OUTPUT },
};

static void refuse(struct finder *finder, uint32_t at, const char *what)
{
	if (finder->result == 0)
		finder->result = err__set(finder->err, -EOPNOTSUPP, NULL, "instruction %u %s", at,
					  what);
}

static void add(struct finder *finder, uint32_t at, enum record_action action, int32_t size)
{
	const struct record_site site = { .at = at, .action = action, .size = size };

	if (finder->result == 0 && vec_push(&finder->list->sites, site) < 0)
		finder->result = err__set(finder->err, -ENOMEM, NULL, "no memory for a site");
}

static bool is_record(const struct finder *finder, struct flow_value value)
{
	return value.kind == FLOW_RECORD && value.map == finder->ring;
}

static bool holds_record(const struct finder *finder, const struct flow_state *state)
{
	for (size_t i = 0; i < FLOW_REGISTERS; i++)
		if (is_record(finder, state->registers[i]))
			return true;
	for (size_t i = 0; i < FLOW_SLOTS; i++)
		if (is_record(finder, state->slots[i]))
			return true;
	return false;
}

static void reserve(struct finder *finder, uint32_t at, const struct flow_state *state,
		    struct flow_value size)
{
	if (size.kind != FLOW_CONSTANT || size.number <= 0) {
		refuse(finder, at, "reserves a record of a size that nobody can tell");
		return;
	}
	finder->list->needs_many |= holds_record(finder, state);
	add(finder, at, RECORD_RESERVE, size.number);
}

static void look_at_output(struct finder *finder, uint32_t at, const struct flow_state *state,
			   size_t kind)
{
	struct flow_value map = state->registers[outputs[kind].map];
	struct flow_value size = state->registers[outputs[kind].size];

	if (map.kind != FLOW_MAP) {
		refuse(finder, at, "sends to a map that nobody can tell");
		return;
	}
	if (map.map != finder->ring)
		return;
	if (!outputs[kind].has_action)
		refuse(finder, at, "sends in a way that cannot be counted");
	else if (outputs[kind].action == RECORD_RESERVE)
		reserve(finder, at, state, size);
	else
		add(finder, at, outputs[kind].action,
		    size.kind == FLOW_CONSTANT ? size.number : -1);
}

static void look_at_end(struct finder *finder, uint32_t at, const struct flow_state *state,
			enum record_action action)
{
	struct flow_value record = state->registers[BPF_REG_1];

	if (record.kind != FLOW_RECORD)
		refuse(finder, at, "ends a record of which nobody can tell whose it is");
	else if (record.map == finder->ring)
		add(finder, at, action, -1);
}

static void look_at(void *ctx, uint32_t at, const struct flow_state *state)
{
	struct finder *finder = ctx;
	const struct bpf_insn *insn = &finder->program->insns[at];

	if (insn_calls_subprogram(insn))
		finder->holds_at_call |= holds_record(finder, state);
	if (!insn_is_call(insn) || insn->src_reg != 0)
		return;
	for (size_t i = 0; i < array_size(outputs); i++)
		if (insn->imm == outputs[i].helper)
			look_at_output(finder, at, state, i);
	if (insn->imm == BPF_FUNC_ringbuf_submit)
		look_at_end(finder, at, state, RECORD_SUBMIT);
	if (insn->imm == BPF_FUNC_ringbuf_discard)
		look_at_end(finder, at, state, RECORD_DISCARD);
	finder->list->needs_many |= insn->imm == HELPER_TIMER_SET_CALLBACK;
}

/* The program comes first, its functions follow. */
static void find_functions(struct finder *finder)
{
	finder->first_subprogram = UINT32_MAX;
	for (uint32_t at = 0; at < finder->program->insn_count; at++) {
		const struct bpf_insn *insn = &finder->program->insns[at];
		bool is_address = insn_is_load_imm64(insn) && insn->src_reg == BPF_PSEUDO_FUNC;
		uint32_t target = (uint32_t)((int64_t)at + 1 + insn->imm);

		finder->takes_function |= is_address;
		if ((is_address || insn_calls_subprogram(insn)) &&
		    target < finder->first_subprogram)
			finder->first_subprogram = target;
		at += insn_is_load_imm64(insn) ? 1 : 0;
	}
}

static bool reserves_in_subprogram(const struct finder *finder)
{
	vec_for_each(&finder->list->sites, site)
		if (site->action == RECORD_RESERVE && site->at >= finder->first_subprogram)
			return true;
	return false;
}

int records_find(const struct flow_program *program, const struct flow *flow, uint16_t ring,
		 struct record_list *ret_list, struct err *err)
{
	struct finder finder = { .program = program, .ring = ring, .list = ret_list, .err = err };

	find_functions(&finder);
	flow__each(flow, look_at, &finder);
	if (finder.result == 0 && (finder.holds_at_call || finder.takes_function) &&
	    reserves_in_subprogram(&finder))
		ret_list->needs_many = true;
	return finder.result;
}

void record_list__done(struct record_list *list)
{
	vec_done(&list->sites);
}
