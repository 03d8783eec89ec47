/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/action.h"

#include <errno.h>

#include "policy/call.h"

int policy_action_NOTIFY_ENFORCER(struct policy_draft *draft, const struct action_spec *spec,
				  uint32_t rule, struct hook_action *action)
{
	struct policy_compile *compile = draft->compile;

	(void)rule;
	if (compile->policy->enforcer_count == 0)
		return policy_compile__refuse(compile, -EINVAL, &spec->at, spec->path,
					      "NotifyEnforcer: the policy has no enforcers");
	if (!spec->has_error && spec->signal == 0)
		return policy_compile__refuse(
			compile, -EINVAL, &spec->at, spec->path,
			"NotifyEnforcer: argError or argSig says what is done");
	if (spec->has_error &&
	    !policy_enforcers__can_replace(compile->policy, compile->context->kernel))
		return policy_compile__refuse(
			compile, -EOPNOTSUPP, &spec->at, spec->path,
			"argError: this kernel has no bpf_override_return() "
			"(CONFIG_BPF_KPROBE_OVERRIDE), by which system calls are made to fail%s; "
			"argSig alone works",
			compile->context->kernel->has_modify_return
				? ", and can replace only what security_* functions return"
				: "");
	action->number = spec->error;
	action->signal = (int32_t)spec->signal;
	action->is_enforcement = true;
	return spec->signal ? policy_action__need_signal(draft, spec) : 0;
}
