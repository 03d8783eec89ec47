/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/action.h"

#include <errno.h>

int policy_action_POST(struct policy_draft *draft, const struct action_spec *spec, uint32_t rule,
		       struct hook_action *action)
{
	(void)rule;
	if (spec->wants_image_hash && draft->site->kind != POLICY_SITE_LSM)
		return policy_compile__refuse(draft->compile, -EINVAL, &spec->at, spec->path,
					      "imaHash: only LSM hooks know the hash of a file");
	action->rate_ns = (int64_t)spec->rate_ns;
	action->rate_scope = (enum policy_rate_scope)spec->rate_scope;
	action->wants_kernel_stack = spec->wants_kernel_stack;
	action->wants_user_stack = spec->wants_user_stack;
	action->wants_image_hash = spec->wants_image_hash;
	draft->hook.wants_rates |= spec->rate_ns != 0;
	draft->hook.wants_stacks |= spec->wants_kernel_stack || spec->wants_user_stack;
	return 0;
}
_Static_assert((int)RATE_SCOPE_THREAD == POLICY_RATE_THREAD &&
		       (int)RATE_SCOPE_PROCESS == POLICY_RATE_PROCESS &&
		       (int)RATE_SCOPE_GLOBAL == POLICY_RATE_GLOBAL,
	       "scopes are the same in the spec and in records");
