/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/action.h"

#include <errno.h>

#define WRITTEN_BYTES 4

int policy_action_SET(struct policy_draft *draft, const struct action_spec *spec, uint32_t rule,
		      struct hook_action *action)
{
	struct policy_compile *compile = draft->compile;
	uint32_t value = spec->arg < draft->spec->arg_count ? draft->arg_values[spec->arg]
							    : HOOK_NONE;

	(void)rule;
	if (draft->site->kind != POLICY_SITE_USDT)
		return policy_compile__refuse(compile, -EINVAL, &spec->at, spec->path,
					      "Set goes with usdts only");
	if (value == HOOK_NONE || !draft->values[value].usdt ||
	    (draft->values[value].usdt->kind != HOOK_USDT_MEMORY &&
	     draft->values[value].usdt->kind != HOOK_USDT_INDEXED))
		return policy_compile__refuse(
			compile, -EINVAL, &spec->at, spec->path,
			"argIndex: argument %u is not in memory, so nothing can "
			"be written there",
			spec->arg);
	if (draft->values[value].usdt->size != WRITTEN_BYTES)
		return policy_compile__refuse(compile, -EINVAL, &spec->at, spec->path,
					      "argIndex: argument %u has %u bytes, and %d are "
					      "written",
					      spec->arg, draft->values[value].usdt->size,
					      WRITTEN_BYTES);
	if (!compile->context->kernel->has_probe_write_user)
		return policy_compile__refuse(
			compile, -EOPNOTSUPP, &spec->at, spec->path,
			"this kernel has no bpf_probe_write_user() (it is locked down)");
	action->value = value;
	action->number = (int32_t)spec->value;
	action->is_enforcement = true;
	return 0;
}
