/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "policy/call.h"
#include "policy/loader.h"
#include "policy/private.h"

struct finding {
	struct policy_compile compile;
	VEC(struct policy_site) sites;
};

static int add(struct finding *finding, const struct policy_site *site)
{
	return vec_push(&finding->sites, *site) < 0 ? policy_compile__no_memory(&finding->compile)
						    : 0;
}

/* ---- what a hook's programs are to do ---- */

static const struct action_spec *find_action(const struct hook_spec *hook, enum action_kind kind)
{
	for (uint32_t i = 0; i < hook->rule_count; i++)
		for (uint32_t k = 0; k < hook->rules[i].action_count; k++)
			if (hook->rules[i].actions[k].kind == kind)
				return &hook->rules[i].actions[k];
	return NULL;
}

static bool wants_image_hash(const struct hook_spec *hook)
{
	for (uint32_t i = 0; i < hook->rule_count; i++)
		for (uint32_t k = 0; k < hook->rules[i].action_count; k++)
			if (hook->rules[i].actions[k].wants_image_hash)
				return true;
	return false;
}

static bool wants_return(const struct hook_spec *hook)
{
	for (uint32_t i = 0; i < hook->arg_count; i++)
		if (hook->args[i].is_return_copy)
			return true;
	return hook->ret != NULL;
}

/* What it returns can be replaced by one of two means; which of them works at a place is tried there. */
static int check_override(struct finding *finding, const struct hook_spec *hook,
			  const struct action_spec *action)
{
	const struct policy_kernel *kernel = finding->compile.context->kernel;
	enum override_method method = finding->compile.policy->override_method;
	bool can_return = kernel->has_override && method != OVERRIDE_METHOD_FMOD_RET;
	bool can_modify = kernel->has_modify_return && method != OVERRIDE_METHOD_RETURN;

	if (hook->kind != HOOK_KIND_KPROBE && hook->kind != HOOK_KIND_FENTRY)
		return 0;
	if (can_return || (can_modify && (!hook->is_syscall || kernel->has_modify_call)))
		return 0;
	return policy_compile__refuse(
		&finding->compile, -EOPNOTSUPP, &action->at, action->path,
		"Override: this kernel has no bpf_override_return() "
		"(CONFIG_BPF_KPROBE_OVERRIDE)%s",
		can_modify
			? ", without which only security_* functions, by fmod_ret, and LSM hooks "
			  "can be made to fail here"
			: " and no fmod_ret, or the policy's override-method rules them out; LSM "
			  "hooks can be made to fail");
}

static int begin(struct finding *finding, const struct hook_spec *hook, struct policy_site *site)
{
	const struct action_spec *override = find_action(hook, ACTION_KIND_OVERRIDE);
	bool can_override = hook->kind == HOOK_KIND_KPROBE || hook->kind == HOOK_KIND_FENTRY ||
			    hook->kind == HOOK_KIND_LSM;

	*site = (struct policy_site){ .hook = hook,
				      .at = &hook->at,
				      .syscall = HOOK_NONE,
				      .is_override = override && can_override,
				      .wants_return = wants_return(hook),
				      .sleeps = wants_image_hash(hook),
				      .is_optional = hook->is_ignored_when_missing };
	return override ? check_override(finding, hook, override) : 0;
}

/* ---- functions ---- */

static int add_call(struct finding *finding, struct policy_site site,
		    const struct policy_call *call)
{
	site.kind = call->is_syscall ? POLICY_SITE_SYSCALL : POLICY_SITE_FUNCTION;
	site.name = call->name;
	site.function = call->function;
	site.syscall = call->syscall;
	site.is_optional |= call->is_optional;
	return add(finding, &site);
}

static int find_calls(struct finding *finding, const struct value_spec *name, const char *path,
		      bool is_syscall, const struct policy_site *site)
{
	const struct spec_text text = { .text = name->text, .at = name->at };
	struct policy_calls calls = { .items = VEC_INIT };
	struct policy_call call;
	int r;

	if (name->list == SPEC_NONE) {
		r = policy_call__find(&finding->compile, &text, path, is_syscall, &call);
		return r < 0 ? r : add_call(finding, *site, &call);
	}
	r = policy_calls__add_list(&finding->compile, &finding->compile.policy->lists[name->list],
				   false, &calls);
	vec_for_each(&calls.items, item)
		if (r == 0)
			r = add_call(finding, *site, item);
	if (r == 0 && calls.items.len == 0)
		policy_compile__warn(&finding->compile, &name->at, path,
				     "list '%s' names no call of this kernel",
				     finding->compile.policy->lists[name->list].name);
	vec_done(&calls.items);
	return r;
}

static int find_functions(struct finding *finding, const struct hook_spec *hook,
			  const struct policy_site *site)
{
	return find_calls(finding, &hook->call, hook->path, hook->is_syscall, site);
}

/* ---- user space ---- */

/* "name+0x10" */
static int split_symbol(struct finding *finding, const struct spec_text *symbol,
			struct policy_site *site)
{
	const char *plus = strrchr(symbol->text, '+');

	site->name = symbol->text;
	if (!plus || num_parse_u64_go(plus + 1, strlen(plus + 1), &site->offset) < 0)
		return 0;
	site->name = arena__strndup(finding->compile.arena, symbol->text,
				    (size_t)(plus - symbol->text));
	return site->name ? 0 : policy_compile__no_memory(&finding->compile);
}

static int find_uprobes(struct finding *finding, const struct hook_spec *hook,
			const struct policy_site *begun)
{
	uint32_t count = hook->symbol_count + hook->offset_count + hook->address_count;

	for (uint32_t i = 0; i < count; i++) {
		struct policy_site site = *begun;
		int r = 0;

		site.kind = POLICY_SITE_UPROBE;
		site.path = hook->file.text;
		if (i < hook->counter_count)
			site.semaphore_offset = hook->counters[i].value;
		site.has_address = hook->address_count > 0;
		if (hook->symbol_count)
			r = split_symbol(finding, &hook->symbols[i], &site);
		else if (hook->offset_count)
			site.offset = hook->offsets[i].value;
		else
			site.address = hook->addresses[i].value;
		if (r == 0)
			r = add(finding, &site);
		if (r < 0)
			return r;
	}
	return 0;
}

static int find_named(struct finding *finding, const struct hook_spec *hook,
		      const struct policy_site *begun)
{
	static const enum policy_site_kind kinds[] = {
		[HOOK_KIND_TRACEPOINT] = POLICY_SITE_TRACEPOINT,
		[HOOK_KIND_RAW_TRACEPOINT] = POLICY_SITE_RAW_TRACEPOINT,
		[HOOK_KIND_USDT] = POLICY_SITE_USDT,
		[HOOK_KIND_LSM] = POLICY_SITE_LSM,
	};
	struct policy_site site = *begun;

	site.kind = kinds[hook->kind];
	site.name = hook->call.text;
	site.function = hook->call.text;
	site.subsystem = hook->subsystem;
	site.path = hook->file.text;
	site.provider = hook->provider;
	return add(finding, &site);
}

/* ---- the whole ---- */

static int (*const finders[])(struct finding *finding, const struct hook_spec *hook,
			      const struct policy_site *begun) = {
	[HOOK_KIND_KPROBE] = find_functions, [HOOK_KIND_FENTRY] = find_functions,
	[HOOK_KIND_TRACEPOINT] = find_named, [HOOK_KIND_RAW_TRACEPOINT] = find_named,
	[HOOK_KIND_UPROBE] = find_uprobes,   [HOOK_KIND_USDT] = find_named,
	[HOOK_KIND_LSM] = find_named,
};

/* Enforcers are only there to make calls fail: notes of a signal alone are carried out where they are made. */
static bool needs_enforcers(const struct policy_spec *policy)
{
	for (uint32_t i = 0; i < policy->hook_count; i++)
		for (uint32_t k = 0; k < policy->hooks[i].rule_count; k++) {
			const struct rule_spec *rule = &policy->hooks[i].rules[k];

			for (uint32_t n = 0; n < rule->action_count; n++)
				if (rule->actions[n].kind == ACTION_KIND_NOTIFY_ENFORCER &&
				    rule->actions[n].has_error)
					return true;
		}
	return false;
}

static int find_enforcers(struct finding *finding)
{
	const struct policy_spec *policy = finding->compile.policy;
	int result = 0;

	if (!needs_enforcers(policy) ||
	    !policy_enforcers__can_replace(policy, finding->compile.context->kernel))
		return 0; /* the action is refused, or none is needed */
	for (uint32_t i = 0; i < policy->enforcer_count; i++) {
		const struct enforcer_spec *enforcer = &policy->enforcers[i];
		const struct policy_site site = { .at = &enforcer->at,
						  .syscall = HOOK_NONE,
						  .is_override = true };

		for (uint32_t k = 0; k < enforcer->call_count; k++) {
			const struct value_spec *call = &enforcer->calls[k];
			bool is_syscall = call->list == SPEC_NONE &&
					  policy_call__is_syscall(call->text);
			int r = find_calls(finding, call, enforcer->path, is_syscall, &site);

			if (r < 0)
				result = r;
		}
	}
	return result;
}

static int find_loader(struct finding *finding)
{
	const struct policy_compile *compile = &finding->compile;
	const struct hook_spec *hook = policy_loader__make_hook(
		compile->policy, compile->context->mapping_mark, compile->arena);
	struct policy_site site;

	if (!hook)
		return policy_compile__no_memory(&finding->compile);
	(void)begin(finding, hook, &site);
	site.kind = POLICY_SITE_FUNCTION;
	site.name = hook->call.text;
	site.is_loader = true;
	return add(finding, &site);
}

int policy__find_sites(const struct policy_spec *policy, const struct policy_context *context,
		       struct arena *arena, struct policy_sites *ret_sites, struct err_list *errors)
{
	struct finding finding = { .compile = { .policy = policy,
						.context = context,
						.arena = arena,
						.errors = errors } };
	struct policy_site *sites;
	int result;

	for (uint32_t i = 0; i < policy->hook_count; i++) {
		const struct hook_spec *hook = &policy->hooks[i];
		struct policy_site begun;

		if (begin(&finding, hook, &begun) == 0)
			(void)finders[hook->kind](&finding, hook, &begun);
	}
	if (policy->wants_library_loads)
		(void)find_loader(&finding);
	(void)find_enforcers(&finding);
	result = finding.compile.result;
	sites = arena__memdup(arena, finding.sites.items,
			      finding.sites.len * sizeof(*finding.sites.items));
	if (result == 0 && finding.sites.len && !sites)
		result = policy_compile__no_memory(&finding.compile);
	if (result == 0)
		*ret_sites = (struct policy_sites){ sites, (uint32_t)finding.sites.len };
	vec_done(&finding.sites);
	policy_compile__done(&finding.compile);
	return result;
}
