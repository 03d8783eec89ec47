/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/action.h"

int policy_action_GET_URL(struct policy_draft *draft, const struct action_spec *spec, uint32_t rule,
			  struct hook_action *action)
{
	return policy_action__add_text(draft, spec, rule, action->kind);
}
