/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <stdlib.h>

#include "base/mem.h"
#include "host/host.h"
#include "program/hook_private.h"

#define COUNTS_NAME "policy_counts"
#define CALL_COUNTS_NAME "policy_call_counts"

void hook_engine__drop_count(struct hook_engine *engine, const struct policy_count_key *key)
{
	struct program_map map;

	if (program__map(engine->program, COUNTS_NAME, &map, NULL) == 0)
		(void)bpf_map_delete_elem(map.fd, key); /* it may be gone, or never have been */
}

/* What a hook before left there. */
static int clear_table(const struct hook_engine *engine, uint32_t row)
{
	uint32_t cpus = host__possible_cpus(engine->options.host);
	__cleanup(x_freep) struct policy_call_counts *none = calloc(cpus, sizeof(*none));
	struct program_map map;
	int r = none ? program__map(engine->program, CALL_COUNTS_NAME, &map, NULL) : -ENOMEM;

	return r < 0 ? r : bpf_map_update_elem(map.fd, &row, none, BPF_ANY);
}

bool hook_engine__reserve_calls(struct hook_engine *engine, uint32_t number, uint32_t *ret_row)
{
	struct hook *hook = engine->hooks[number];

	for (uint32_t row = 0; row < POLICY_CALL_TABLES; row++) {
		if (engine->is_call_table_used[row])
			continue;
		if (clear_table(engine, row) < 0)
			return false;
		engine->is_call_table_used[row] = true;
		hook->has_call_table = true;
		*ret_row = hook->call_table = row;
		return true;
	}
	return false;
}
