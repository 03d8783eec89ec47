/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/action.h"

#include <signal.h>

int policy_action_SIGKILL(struct policy_draft *draft, const struct action_spec *spec, uint32_t rule,
			  struct hook_action *action)
{
	(void)rule;
	action->number = SIGKILL;
	action->is_enforcement = true;
	return policy_action__need_signal(draft, spec);
}
