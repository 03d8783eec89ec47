/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/str.h"
#include "policy/base.h"
#include "policy/private.h"
#include "policy/rule.h"
#include "policy/value.h"

struct hooks {
	VEC(struct policy_hook) items;
};

/* Parameters in front of what a fexit program sees returned. */
static uint8_t count_arguments(const struct policy_draft *draft)
{
	if (draft->site->kind == POLICY_SITE_SYSCALL)
		return 1; /* struct pt_regs * */
	return draft->function ? (uint8_t)draft->function->parameter_count : 0;
}

static bool is_call_number(const struct policy_draft *draft, uint32_t value)
{
	const struct hook_value *wanted = &draft->values[value];

	return wanted->class == POLICY_CLASS_SYSCALL || wanted->base == HOOK_BASE_SYSCALL_NUMBER;
}

/* Events of raw_syscalls/sys_enter that tell the number count as system calls: since the talk's policy also as int64. */
static uint32_t find_syscall(const struct policy_draft *draft)
{
	const struct policy_site *site = draft->site;

	if (site->kind != POLICY_SITE_TRACEPOINT || !site->subsystem ||
	    !str_eq(site->subsystem, "raw_syscalls") || !str_eq(site->name, "sys_enter"))
		return HOOK_NONE;
	for (uint32_t i = 0; i < draft->value_count; i++)
		if (is_call_number(draft, i))
			return i;
	return HOOK_NONE;
}

static int take_return_action(struct policy_draft *draft)
{
	const struct hook_spec *spec = draft->spec;
	struct hook_code *code = &draft->hook.code;

	if (spec->ret_action == ACTION_KIND_NONE)
		return 0;
	if (draft->ret_value == HOOK_NONE ||
	    draft->values[draft->ret_value].class != POLICY_CLASS_SOCKET)
		return policy_compile__refuse(draft->compile, -EINVAL, &spec->at, spec->path,
					      "returnArgAction: what is returned is no sock");
	code->return_value_action = spec->ret_action == ACTION_KIND_TRACK_SOCK
					    ? POLICY_ACTION_TRACK_SOCK
					    : POLICY_ACTION_UNTRACK_SOCK;
	draft->hook.wants_socket_tracks = true;
	return 0;
}

static int take_values(struct policy_draft *draft)
{
	struct hook_code *code = &draft->hook.code;
	struct arena *arena = draft->compile->arena;

	code->value_count = draft->value_count;
	code->values = arena__memdup(arena, draft->values,
				     draft->value_count * sizeof(*draft->values));
	draft->hook.values = arena__memdup(arena, draft->infos,
					   draft->value_count * sizeof(*draft->infos));
	draft->hook.texts = arena__memdup(arena, draft->texts.items,
					  draft->texts.len * sizeof(*draft->texts.items));
	draft->hook.text_count = (uint32_t)draft->texts.len;
	if ((draft->value_count && (!code->values || !draft->hook.values)) ||
	    (draft->texts.len && !draft->hook.texts))
		return policy_compile__no_memory(draft->compile);
	return 0;
}

static int fill_code(struct policy_draft *draft)
{
	const struct policy_context *context = draft->compile->context;
	struct hook_code *code = &draft->hook.code;
	int r;

	code->context = draft->attach->context;
	code->argument_count = count_arguments(draft);
	code->is_preemptible = draft->attach->is_preemptible;
	code->is_chained = draft->attach->is_chained;
	code->hides_registers = draft->attach->hides_registers;
	code->has_return = draft->site->wants_return;
	code->can_have_events = context->can_have_events;
	r = policy_values__add_all(draft);
	if (r == 0)
		r = policy_rules__compile(draft);
	if (r == 0)
		r = take_return_action(draft);
	if (r < 0)
		return r;
	code->count_parts = context->count_parts;
	code->syscall_value = find_syscall(draft);
	if (code->syscall_value == HOOK_NONE)
		code->count_parts &= ~(uint32_t)HOOK_COUNT_SYSCALL;
	return take_values(draft);
}

/* A site, or one location of it. */
static int compile_hook(struct policy_compile *compile, const struct policy_site *site,
			const struct policy_attach *attach, const struct policy_usdt *location,
			struct policy_hook *ret_hook)
{
	static const struct hook_spec nothing = { 0 };
	struct policy_draft draft = { .compile = compile,
				      .spec = site->hook ? site->hook : &nothing,
				      .site = site,
				      .attach = attach,
				      .location = location,
				      .function = policy_base__function(compile, site),
				      .texts = VEC_INIT };
	int r;

	draft.hook.site = site;
	draft.hook.offset = location            ? location->offset
			    : site->has_address ? attach->offset
						: site->offset;
	draft.hook.semaphore_offset = location ? location->semaphore_offset
					       : site->semaphore_offset;
	draft.hook.is_enforcer = !site->hook;
	draft.hook.code.is_enforcer = !site->hook;
	draft.hook.code.syscall_value = HOOK_NONE;
	draft.hook.has_enforcement = !site->hook;
	r = fill_code(&draft);
	vec_done(&draft.texts);
	*ret_hook = draft.hook;
	return r;
}

static int add_hooks(struct policy_compile *compile, const struct policy_sites *sites,
		     uint32_t index, const struct policy_attach *attach, struct hooks *hooks)
{
	bool is_usdt = sites->items[index].kind == POLICY_SITE_USDT;
	uint32_t count = is_usdt ? attach->location_count : 1;

	if (attach->is_absent)
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		struct policy_hook hook;
		int r = compile_hook(compile, &sites->items[index], attach,
				     is_usdt ? &attach->locations[i] : NULL, &hook);

		hook.site_index = index;
		if (r == 0 && vec_push(&hooks->items, hook) < 0)
			r = policy_compile__no_memory(compile);
		if (r < 0)
			return r;
	}
	return 0;
}

#define GIVE(vec, list, count)                                                                     \
	(*(count) = (uint32_t)(vec)->len,                                                          \
	 *(list) = arena__memdup(compile->arena, (vec)->items,                                     \
				 (vec)->len * sizeof(*(vec)->items)),                              \
	 (vec)->len == 0 || *(list))

static int give(struct policy_compile *compile, struct hooks *hooks, struct policy_program *program)
{
	vec_for_each(&hooks->items, hook)
		program->has_enforcement |= hook->has_enforcement;
	if (!GIVE(&hooks->items, &program->hooks, &program->hook_count) ||
	    !GIVE(&compile->sets, &program->sets, &program->set_count) ||
	    !GIVE(&compile->binaries, &program->binaries, &program->binaries_count) ||
	    !GIVE(&compile->scopes, &program->scopes, &program->scope_count) ||
	    !GIVE(&compile->warnings, &program->warnings, &program->warning_count))
		return policy_compile__no_memory(compile);
	return 0;
}

int policy__compile(const struct policy_spec *policy, const struct policy_context *context,
		    const struct policy_sites *sites, const struct policy_attach *attaches,
		    struct arena *arena, struct policy_program *ret_program,
		    struct err_list *errors)
{
	struct policy_compile compile = {
		.policy = policy, .context = context, .arena = arena, .errors = errors
	};
	struct policy_program program = { 0 };
	struct hooks hooks = { .items = VEC_INIT };

	/* All hooks, so that all mistakes are told; but not those of each function of a list. */
	for (uint32_t i = 0; i < sites->count; i++) {
		bool is_told = compile.result < 0 && i > 0 &&
			       sites->items[i].hook == sites->items[i - 1].hook;

		if (!is_told)
			(void)add_hooks(&compile, sites, i, &attaches[i], &hooks);
	}
	if (compile.result == 0)
		(void)give(&compile, &hooks, &program);
	if (compile.result == 0)
		*ret_program = program;
	vec_done(&hooks.items);
	policy_compile__done(&compile);
	return compile.result;
}
