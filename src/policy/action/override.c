/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/action.h"

#include <errno.h>

#include "policy/assignment.h"

#define ERROR_MAX 4095

/* ---- user space: the registers of who calls ---- */

struct assignments {
	VEC(struct hook_assignment) items;
};

static int push(struct policy_draft *draft, struct assignments *list,
		struct hook_assignment assignment)
{
	return vec_push(&list->items, assignment) < 0 ? policy_compile__no_memory(draft->compile)
						      : 0;
}

static int find_spot(struct policy_draft *draft, const struct action_spec *spec,
		     const struct policy_spot *spot, uint64_t *ret_address)
{
	const struct policy_context *context = draft->compile->context;
	struct err err = ERR_INIT;
	int r = context->find_spot ? context->find_spot(context->find_spot_ctx, draft->site->path,
							spot, ret_address, &err)
				   : -EOPNOTSUPP;

	if (r < 0)
		r = policy_compile__refuse(draft->compile, r, &spec->at, spec->path,
					   "where the call is to go on: %s",
					   err.text ? err.text : "nobody looks into binaries");
	err__done(&err);
	return r;
}

static bool goes_elsewhere(const struct action_spec *spec)
{
	return spec->new_symbol.text || spec->has_new_address || spec->has_new_offset;
}

/* Both are where the loader put the binary: how far they are from each other stays. */
static int add_jump(struct policy_draft *draft, const struct action_spec *spec,
		    struct assignments *list)
{
	const struct policy_site *site = draft->site;
	const struct policy_spot here = { .symbol = site->name,
					  .at = site->has_address ? site->address : site->offset,
					  .is_address = site->has_address };
	const struct policy_spot there = { .symbol = spec->new_symbol.text,
					   .at = spec->has_new_address  ? spec->new_address
						 : spec->has_new_offset ? (uint64_t)spec->new_offset
									: 0,
					   .is_address = spec->has_new_address };
	uint64_t from, to;
	int r = find_spot(draft, spec, &here, &from);

	if (r == 0)
		r = find_spot(draft, spec, &there, &to);
	return r < 0 ? r : push(draft, list, policy_assignment__jump((int64_t)(to - from)));
}

static int add_written(struct policy_draft *draft, const struct action_spec *spec,
		       struct assignments *list)
{
	int result = 0;

	for (uint32_t i = 0; i < spec->register_count; i++) {
		const struct spec_text *text = &spec->registers[i];
		struct hook_assignment assignment;
		const char *wrong = policy_assignment__parse(text->text, &assignment);

		if (wrong)
			result = policy_compile__refuse(draft->compile, -EINVAL, &text->at,
							spec->path, "argRegs: '%s': %s", text->text,
							wrong);
		else if (push(draft, list, assignment) < 0)
			return -ENOMEM;
	}
	return result;
}

static int add_return(struct policy_draft *draft, const struct action_spec *spec,
		      struct assignments *list)
{
	struct hook_assignment returning[POLICY_RETURN_ASSIGNMENTS];
	uint32_t count = policy_assignment__return(spec->error, returning);
	int r = 0;

	for (uint32_t i = 0; i < count && r == 0; i++)
		r = push(draft, list, returning[i]);
	return r;
}

static bool is_at_return(const struct policy_draft *draft, const struct action_spec *spec,
			 uint32_t rule)
{
	const struct rule_spec *of = &draft->spec->rules[rule];

	return spec >= of->return_actions && spec < of->return_actions + of->return_action_count;
}

/*
 * The kernel puts its own return address on the stack of a call that it is to see the end of, behind the programs of its
 * beginning: where one of these has changed the stack, it would be somewhere else.
 */
static int check_user(struct policy_draft *draft, const struct action_spec *spec, uint32_t rule)
{
	struct policy_compile *compile = draft->compile;

	if (!compile->context->kernel->has_user_registers)
		return policy_compile__refuse(compile, -EOPNOTSUPP, &spec->at, spec->path,
					      "Override of user space writes the registers of the "
					      "process, which programs of this kernel cannot "
					      "(Linux 6.18)");
	if (is_at_return(draft, spec, rule) || draft->site->wants_return)
		return policy_compile__refuse(
			compile, -EINVAL, &spec->at, spec->path,
			"Override of user space changes the beginning of a call, and does not go "
			"with 'return': the way back is where the call began");
	for (uint32_t i = 0; i < draft->spec->rules[rule].action_count; i++) {
		const struct action_spec *other = &draft->spec->rules[rule].actions[i];

		if (other < spec && other->kind == ACTION_KIND_OVERRIDE)
			return policy_compile__refuse(compile, -EINVAL, &spec->at, spec->path,
						      "a call is overridden once");
	}
	if (spec->has_error && (spec->register_count || goes_elsewhere(spec)))
		policy_compile__warn(
			compile, &spec->at, spec->path,
			"argError is ignored: argRegs, or where the call goes on, says "
			"what becomes of it");
	return 0;
}

static int override_user(struct policy_draft *draft, const struct action_spec *spec, uint32_t rule,
			 struct hook_action *action)
{
	struct assignments list = { .items = VEC_INIT };
	int r = check_user(draft, spec, rule);

	if (r == 0)
		r = add_written(draft, spec, &list);
	if (r == 0 && goes_elsewhere(spec))
		r = add_jump(draft, spec, &list);
	if (r == 0 && list.items.len == 0)
		r = add_return(draft, spec, &list);
	if (r == 0) {
		action->assignments = arena__memdup(draft->compile->arena, list.items.items,
						    list.items.len * sizeof(*list.items.items));
		action->assignment_count = (uint32_t)list.items.len;
		if (!action->assignments)
			r = policy_compile__no_memory(draft->compile);
	}
	vec_done(&list.items);
	return r;
}

/* ---- all ---- */

int policy_action_OVERRIDE(struct policy_draft *draft, const struct action_spec *spec,
			   uint32_t rule, struct hook_action *action)
{
	struct policy_compile *compile = draft->compile;

	action->is_enforcement = true;
	if (draft->site->kind == POLICY_SITE_UPROBE)
		return override_user(draft, spec, rule, action);
	if (!draft->site->is_override)
		return policy_compile__refuse(compile, -EINVAL, &spec->at, spec->path,
					      "Override goes with kprobes, uprobes and LSM hooks "
					      "only");
	if (draft->site->kind == POLICY_SITE_LSM && (spec->error > 0 || spec->error < -ERROR_MAX))
		return policy_compile__refuse(
			compile, -EINVAL, &spec->at, spec->path,
			"argError: an LSM hook returns 0 or a negative errno, "
			"not %d",
			spec->error);
	action->number = spec->error;
	return 0;
}
