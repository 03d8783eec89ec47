/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/action.h"

#include <errno.h>

#include "base/str.h"
#include "policy/resolve.h"

static bool is_pointer_to(const struct fact_type *type, const char *name)
{
	return type && type->kind == FACT_TYPE_POINTER && type->element && type->element->name &&
	       str_eq(type->element->name, name);
}

/* What a binary is executed from: in struct linux_binprm. */
static int find_member(struct policy_draft *draft, const struct action_spec *spec,
		       const struct fact_type *type, struct hook_file *file)
{
	struct policy_way way = { .type = type->element };
	int r = policy_resolve(draft->compile, &spec->at, spec->path, "file", &way);

	if (r == 0 && (way.offset < 0 || way.offset > INT16_MAX || way.steps.len > 0))
		r = policy_compile__refuse(draft->compile, -EINVAL, &spec->at, spec->path,
					   "imaHash: the file is too far away");
	file->is_member = true;
	file->offset = (int16_t)way.offset;
	vec_done(&way.steps);
	return r;
}

/* The file that the hook is about: its first argument that is one, or has one. */
static int find_file(struct policy_draft *draft, const struct action_spec *spec)
{
	const struct fact_function *function = draft->function;
	struct hook_file *file = &draft->hook.code.file;

	if (!draft->compile->context->kernel->has_image_hash)
		return policy_compile__refuse(
			draft->compile, -EOPNOTSUPP, &spec->at, spec->path,
			"imaHash: this kernel does not measure files (CONFIG_IMA), or does not "
			"tell programs of it (Linux 5.18)");
	for (uint32_t i = 0; function && i < function->parameter_count; i++) {
		const struct fact_type *type = function->parameters[i];

		file->argument = (uint8_t)i;
		if (is_pointer_to(type, "file"))
			return 0;
		if (is_pointer_to(type, "linux_binprm"))
			return find_member(draft, spec, type, file);
	}
	return policy_compile__refuse(draft->compile, -EINVAL, &spec->at, spec->path,
				      "imaHash: '%s' is about no file", draft->site->name);
}

int policy_action_POST(struct policy_draft *draft, const struct action_spec *spec, uint32_t rule,
		       struct hook_action *action)
{
	(void)rule;
	if (spec->wants_image_hash && draft->site->kind != POLICY_SITE_LSM)
		return policy_compile__refuse(draft->compile, -EINVAL, &spec->at, spec->path,
					      "imaHash: only LSM hooks know the hash of a file");
	if (spec->wants_image_hash && find_file(draft, spec) < 0)
		return draft->compile->result;
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
