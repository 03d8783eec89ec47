/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/match.h"

#include "policy/number.h"

int policy_match_PID(struct policy_draft *draft, const struct match_spec *match, uint32_t value,
		     struct hook_test *test)
{
	struct policy_ranges ranges = { .items = VEC_INIT };
	int r = 0;

	(void)value;
	test->kind = HOOK_TEST_PID;
	test->is_negated = match->op == MATCH_OP_NOT_IN;
	test->is_own_namespace = match->is_namespace_pid;
	test->follows_forks = match->follow_forks;
	for (uint32_t i = 0; i < match->pid_count && r == 0; i++)
		if (vec_push(&ranges.items, ((struct hook_range){ match->pids[i].value,
								  match->pids[i].value })) < 0)
			r = policy_compile__no_memory(draft->compile);
	if (r == 0) {
		policy_ranges__sort(&ranges, false);
		r = policy_ranges__give(draft->compile, match, &ranges, test);
	}
	vec_done(&ranges.items);
	return r;
}
