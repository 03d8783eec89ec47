/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/match.h"

#include <errno.h>

static const enum policy_capabilities sets[] = {
	[CAPABILITY_SET_EFFECTIVE] = POLICY_CAPABILITIES_EFFECTIVE,
	[CAPABILITY_SET_INHERITABLE] = POLICY_CAPABILITIES_INHERITABLE,
	[CAPABILITY_SET_PERMITTED] = POLICY_CAPABILITIES_PERMITTED,
};

int policy_match_CAPABILITY(struct policy_draft *draft, const struct match_spec *match,
			    uint32_t value, struct hook_test *test)
{
	(void)value;
	if (match->capabilities == 0)
		return policy_compile__refuse(draft->compile, -EINVAL, &match->at, match->path,
					      "no capability is named");
	test->kind = match->subject == MATCH_SUBJECT_CAPABILITY ? HOOK_TEST_CAPABILITY
								: HOOK_TEST_CAPABILITY_CHANGE;
	test->index = sets[match->capability_set];
	test->mask = match->capabilities;
	test->is_negated = match->op == MATCH_OP_NOT_IN;
	test->is_own_namespace = match->is_namespace_capability;
	return 0;
}
