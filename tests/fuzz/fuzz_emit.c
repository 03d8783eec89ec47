/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data flow, sites, records, pruning and splice over any bytes as instructions: nothing is read out of bounds, and a
 * program that was one before is one after its sites were redirected, with nothing but those calls changed, and one after
 * it was pruned, with nothing but jumps to the next instruction in it that were not there before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emit/insn.h"
#include "emit/overflow.h"
#include "emit/prune.h"
#include "emit/records.h"
#include "emit/sites.h"
#include "emit/splice.h"

#define MOST_INSNS 512u

static const uint8_t rodata[] = { 1, 0, 0, 0, 2, 3 };
static const struct flow_map maps[] = {
	{ .fd = 5, .key_size = 8, .value_size = 8 },
	{ .fd = 6, .key_size = 24, .value_size = 16 },
	{ .fd = 7, .data = rodata, .data_size = sizeof(rodata) },
};

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void add_piece(struct splice *splice, uint32_t *ret_subprogram)
{
	const struct overflow_layout layout = { .slot_count = 9, .bucket_size = 4, .first = 2 };
	struct code code = CODE_INIT;

	require(overflow_emit(&layout, 9, &code, NULL) == 0);
	require(splice__add(splice, &code, 1, ret_subprogram, NULL) == 0);
	code__done(&code);
}

static void check_spliced(const struct flow_program *program, const struct splice *splice,
			  const struct site_list *list)
{
	const struct flow_program after = { .insns = splice->insns.items,
					    .insn_count = (uint32_t)splice->insns.len,
					    .maps = program->maps,
					    .map_count = program->map_count };
	uint32_t changed = 0, redirected = 0;
	struct flow *flow = NULL;
	int r;

	for (uint32_t i = 0; i < program->insn_count; i++)
		changed += memcmp(&program->insns[i], &splice->insns.items[i],
				  sizeof(struct bpf_insn)) != 0;
	vec_for_each(&list->sites, site)
		redirected += site->verdict == SITE_LOOKUP_FOLLOWS;
	require(changed == redirected);
	r = flow__new(&after, &flow, NULL);
	require(r == 0 || r == -E2BIG); /* one function too many */
	flow__free(flow);
}

static void redirect(const struct flow_program *program, const struct site_list *list)
{
	const struct bpf_func_info function = { 0, 1 };
	const struct bpf_line_info line = { 0, 1, 2, 3 };
	const struct splice_source source = { .insns = program->insns,
					      .insn_count = program->insn_count,
					      .functions = { &function, 1, sizeof(function) },
					      .lines = { &line, 1, sizeof(line) } };
	struct splice splice;
	uint32_t subprogram;

	require(splice__init(&splice, &source, NULL) == 0);
	add_piece(&splice, &subprogram);
	vec_for_each(&list->sites, site) {
		require(site->update_at < program->insn_count);
		if (site->verdict == SITE_LOOKUP_FOLLOWS)
			require(splice__call(&splice, site->lookup_at, subprogram, NULL) == 0);
	}
	check_spliced(program, &splice, list);
	splice__done(&splice);
}

static void ask(const struct flow_program *program, const struct flow *flow)
{
	struct flow_state state;

	for (uint32_t at = 0; at < program->insn_count + 2; at++)
		if (flow__state(flow, at, &state))
			require(at < program->insn_count);
}

#define RECORD_SIZE 64

static void find_records(const struct flow_program *program, const struct flow *flow)
{
	for (uint16_t ring = 0; ring < program->map_count; ring++) {
		struct record_list list = { .sites = VEC_INIT };
		int r = records_find(program, flow, ring, &list, NULL);

		require(r == 0 || r == -EOPNOTSUPP);
		vec_for_each(&list.sites, site)
			require(insn_is_call(&program->insns[site->at]));
		record_list__done(&list);
	}
}

static void check_pruned(const struct flow_program *program, const struct bpf_insn *insns,
			 uint32_t removed)
{
	static const struct bpf_insn nothing = { .code = BPF_JMP | BPF_JA };
	struct flow_program after = *program;
	struct flow *flow = NULL;
	uint32_t changed = 0;

	for (uint32_t i = 0; i < program->insn_count; i++) {
		if (memcmp(&insns[i], &program->insns[i], sizeof(insns[i])) == 0)
			continue;
		require(memcmp(&insns[i], &nothing, sizeof(nothing)) == 0);
		changed++;
	}
	require(changed >= removed && changed <= 2 * removed);
	after.insns = insns;
	require(flow__new(&after, &flow, NULL) == 0);
	flow__free(flow);
}

static void prune(const struct flow_program *program, const struct flow *flow)
{
	size_t bytes = program->insn_count * sizeof(struct bpf_insn);
	struct bpf_insn *insns = malloc(bytes);
	uint8_t *needed = calloc(1, RECORD_SIZE);
	const struct prune_request request = {
		.program = program, .flow = flow, .record_size = RECORD_SIZE, .needed = needed
	};
	struct prune_result result;

	require(insns && needed);
	memcpy(insns, program->insns, bytes);
	memset(needed, 1, program->insn_count % RECORD_SIZE);
	require(prune_run(&request, insns, &result, NULL) == 0);
	require(result.needed_bytes >= program->insn_count % RECORD_SIZE);
	check_pruned(program, insns, result.removed);
	free(needed);
	free(insns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count = size / sizeof(struct bpf_insn);
	struct flow_program program = { .maps = maps, .map_count = 3 };
	struct site_list list = { .sites = VEC_INIT };
	struct bpf_insn *insns;
	struct flow *flow = NULL;

	if (count == 0 || count > MOST_INSNS)
		return 0;
	/* Exactly as large as it is, for the address sanitizer. */
	insns = malloc(count * sizeof(*insns));
	require(insns != NULL);
	memcpy(insns, data, count * sizeof(*insns));
	program.insns = insns;
	program.insn_count = (uint32_t)count;
	if (flow__new(&program, &flow, NULL) == 0) {
		ask(&program, flow);
		require(sites_find(&program, flow, &list) == 0);
		redirect(&program, &list);
		find_records(&program, flow);
		prune(&program, flow);
	}
	site_list__done(&list);
	flow__free(flow);
	free(insns);
	return 0;
}
