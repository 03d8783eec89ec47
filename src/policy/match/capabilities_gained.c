/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/match.h"

#include <errno.h>

int policy_match_CAPABILITIES_GAINED(struct policy_draft *draft, const struct match_spec *match,
				     uint32_t value, struct hook_test *test)
{
	(void)value;
	if (draft->types[test->other_value]->family != POLICY_FAMILY_CAPABILITIES)
		return policy_compile__refuse(
			draft->compile, -EINVAL, &match->at, match->path,
			"CapabilitiesGained compares two sets of capabilities, "
			"and the second is of type '%s'",
			draft->types[test->other_value]->name);
	test->kind = HOOK_TEST_CAPABILITIES_GAINED;
	return 0;
}
