/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/action.h"

int policy_action_CLEANUP_ENFORCER(struct policy_draft *draft, const struct action_spec *spec,
				   uint32_t rule, struct hook_action *action)
{
	(void)draft;
	(void)spec;
	(void)rule;
	action->is_enforcement = true;
	return 0;
}
