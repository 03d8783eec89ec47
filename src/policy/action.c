/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/action.h"

#include <errno.h>

static const struct {
	enum policy_action kind;
	int (*compile)(struct policy_draft *draft, const struct action_spec *spec, uint32_t rule,
		       struct hook_action *action);
} actions[] = {
#define ACTION(name, help) [ACTION_KIND_##name] = { POLICY_ACTION_##name, policy_action_##name },
#include "policy/action.def"
#undef ACTION
};

int policy_action__compile(struct policy_draft *draft, const struct action_spec *spec,
			   uint32_t rule, struct hook_action *ret_action)
{
	*ret_action = (struct hook_action){ .kind = POLICY_ACTION_NONE, .value = HOOK_NONE };
	if (spec->kind == ACTION_KIND_NONE)
		return policy_compile__refuse(draft->compile, -EINVAL, &spec->at, spec->path,
					      "no action is named");
	ret_action->kind = actions[spec->kind].kind;
	return actions[spec->kind].compile(draft, spec, rule, ret_action);
}

int policy_action__need_signal(struct policy_draft *draft, const struct action_spec *spec)
{
	if (draft->compile->context->kernel->has_signal)
		return 0;
	return policy_compile__refuse(draft->compile, -EOPNOTSUPP, &spec->at, spec->path,
				      "this kernel has no bpf_send_signal() (Linux 5.3), by which "
				      "signals are sent");
}

int policy_action__find_socket(struct policy_draft *draft, const struct action_spec *spec,
			       struct hook_action *action)
{
	uint32_t value = spec->arg < draft->spec->arg_count ? draft->arg_values[spec->arg]
							    : HOOK_NONE;

	if (value == HOOK_NONE || draft->values[value].class != POLICY_CLASS_SOCKET)
		return policy_compile__refuse(draft->compile, -EINVAL, &spec->at, spec->path,
					      "argSock: argument %u is no sock", spec->arg);
	action->value = value;
	return 0;
}

int policy_action__add_text(struct policy_draft *draft, const struct action_spec *spec,
			    uint32_t rule, enum policy_action kind)
{
	struct policy_action_text text = { .rule = rule, .kind = kind, .target = spec->target };

	if (!spec->target)
		return policy_compile__refuse(draft->compile, -EINVAL, &spec->at, spec->path,
					      "nothing is named that it is about");
	return vec_push(&draft->texts, text) < 0 ? policy_compile__no_memory(draft->compile) : 0;
}
