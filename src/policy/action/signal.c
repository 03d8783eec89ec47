/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/action.h"

#include <errno.h>
#include <signal.h>

int policy_action_SIGNAL(struct policy_draft *draft, const struct action_spec *spec, uint32_t rule,
			 struct hook_action *action)
{
	(void)rule;
	if (spec->signal == 0 || spec->signal >= (uint32_t)NSIG)
		return policy_compile__refuse(draft->compile, -EINVAL, &spec->at, spec->path,
					      "argSig: %u is no signal; 1 to %d are", spec->signal,
					      NSIG - 1);
	action->number = (int32_t)spec->signal;
	action->is_enforcement = true;
	return policy_action__need_signal(draft, spec);
}
