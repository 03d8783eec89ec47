/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/action.h"

#include <errno.h>

#define ERROR_MAX 4095

int policy_action_OVERRIDE(struct policy_draft *draft, const struct action_spec *spec,
			   uint32_t rule, struct hook_action *action)
{
	struct policy_compile *compile = draft->compile;

	(void)rule;
	if (draft->site->kind == POLICY_SITE_UPROBE)
		return policy_compile__refuse(
			compile, -EOPNOTSUPP, &spec->at, spec->path,
			"Override of user space writes the registers of the "
			"process, which programs of this kernel cannot (6.18)");
	if (!draft->site->is_override)
		return policy_compile__refuse(compile, -EINVAL, &spec->at, spec->path,
					      "Override goes with kprobes and LSM hooks only");
	if (draft->site->kind == POLICY_SITE_LSM && (spec->error > 0 || spec->error < -ERROR_MAX))
		return policy_compile__refuse(
			compile, -EINVAL, &spec->at, spec->path,
			"argError: an LSM hook returns 0 or a negative errno, "
			"not %d",
			spec->error);
	action->number = spec->error;
	action->is_enforcement = true;
	return 0;
}
