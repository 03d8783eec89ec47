/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "emit/hook.h"
#include "pipeline/policies_private.h"
#include "pipeline/who.h"

/* ---- the engine, with the first policy ---- */

static int open_engine(struct policies *policies, struct err *err)
{
	struct hook_engine_options options = {
		.host = policies->options.host,
		.btf_path = policies->options.program.btf_path,
		.ring_bytes = policies->options.ring_bytes,
	};
	int r;

	if (policies->engine)
		return 0;
	/* Its programs come first at the tracepoints: hooks ask a table that is up to date. */
	r = who__start(policies->options.who, WHO_LEVEL_PROCESSES, err);
	if (r < 0)
		return r;
	options.who = who__program(policies->options.who);
	if (!options.who)
		return err__set(err, -EOPNOTSUPP, NULL,
				"policies need to know of processes, and this kernel does not "
				"tell of them (the log says why)");
	r = hook_engine__open(&options, &policies->engine, err);
	if (r == 0)
		r = policy_stream__open(policies, err);
	if (r < 0)
		policies->engine = hook_engine__close(policies->engine);
	return r;
}

/* ---- names that people and series know a hook by ---- */

static const char *hook_name(const struct policy_hook *hook, struct arena *arena)
{
	const struct policy_site *site = hook->site;

	if (site->is_loader)
		return "loader";
	switch (site->kind) {
	case POLICY_SITE_FUNCTION:
	case POLICY_SITE_SYSCALL:
		return arena__printf(arena, "kprobe:%s",
				     site->function ? site->function : site->name);
	case POLICY_SITE_RAW_TRACEPOINT:
	case POLICY_SITE_TRACEPOINT:
		return arena__printf(arena, "tracepoint:%s/%s", site->subsystem, site->name);
	case POLICY_SITE_LSM:
		return arena__printf(arena, "lsm:%s", site->name);
	case POLICY_SITE_UPROBE:
		return site->name ? arena__printf(arena, "uprobe:%s/%s", site->path, site->name)
				  : arena__printf(arena, "uprobe:%s/0x%llx", site->path,
						  (unsigned long long)hook->offset);
	case POLICY_SITE_USDT:
		return arena__printf(arena, "usdt:%s/%s", site->provider, site->name);
	}
	return "";
}

/* ---- numbers of hooks ---- */

static int reserve_hooks(struct policies *policies, struct policy *policy, struct err *err)
{
	struct policy_hook *hooks = policy->program.hooks;

	for (uint32_t i = 0; i < policy->program.hook_count; i++) {
		struct hook_code *code = &hooks[i].code;
		int r = hook_engine__reserve(policies->engine, code->rule_count, &code->id,
					     &code->first_figures, err);

		if (r < 0)
			return r;
		code->policy = policy->id;
		if (vec_push(&policy->numbers, code->id) < 0)
			return err__set(err, -ENOMEM, NULL, "no memory for hooks");
		if (code->count_parts == HOOK_COUNT_SYSCALL)
			code->has_call_table = hook_engine__reserve_calls(
				policies->engine, code->id, &code->call_table);
		policies->by_hook[code->id] = policy;
		policies->hook_index[code->id] = i;
	}
	return 0;
}

/* ---- code ---- */

static int add_hook(struct policies *policies, struct policy *policy, uint32_t index,
		    struct err *err)
{
	const struct hook_emit_options options = hook_engine__emit_options(policies->engine);
	const struct policy_hook *hook = &policy->program.hooks[index];
	struct hook_image enter = { 0 }, leave = { 0 };
	struct hook_place place = policy_hook_place(hook->site);
	char binary[64];
	int r;

	place.offset = hook->offset;
	place.semaphore_offset = hook->semaphore_offset;
	if (policy->binaries[hook->site_index] >= 0) {
		(void)snprintf(binary, sizeof(binary), "/proc/self/fd/%d",
			       policy->binaries[hook->site_index]);
		place.path = binary;
	}
	r = hook_emit(&hook->code, HOOK_END_ENTER, &options, &enter, err);
	if (r == 0 && hook->code.has_return)
		r = hook_emit(&hook->code, HOOK_END_LEAVE, &options, &leave, err);
	if (r == 0)
		r = hook_engine__add(policies->engine, hook->code.id, &place, 1, &enter,
				     hook->code.has_return ? &leave : NULL, err);
	hook_image__done(&enter);
	hook_image__done(&leave);
	if (r < 0)
		return err__wrap(err, r, hook->site->at, "hook '%s'", policy->hooks[index].name);
	return 0;
}

static int describe_hooks(struct policy *policy, const char *const *hows)
{
	policy->hooks = arena_array(&policy->arena, struct attached_hook,
				    policy->program.hook_count + 1);
	if (!policy->hooks)
		return -ENOMEM;
	for (uint32_t i = 0; i < policy->program.hook_count; i++) {
		const struct policy_hook *hook = &policy->program.hooks[i];

		policy->hooks[i] = (struct attached_hook){
			.compiled = hook,
			.how = arena__strdup(&policy->arena, hows[hook->site_index]),
			.name = hook_name(hook, &policy->arena),
		};
		if (!policy->hooks[i].how || !policy->hooks[i].name)
			return -ENOMEM;
	}
	return 0;
}

static int compile(struct policies *policies, struct policy *policy, struct err_list *errors)
{
	struct policy_context context;
	struct policy_attach *attaches;
	struct policy_sites sites;
	struct err err = ERR_INIT;
	const char **hows;
	int r = policy_context__open(policies, policy->spec, &context, &err);

	if (r < 0) {
		err_list__add(errors, &err);
		return r;
	}
	r = policy__find_sites(policy->spec, &context, &policy->arena, &sites, errors);
	if (r == 0) {
		r = policy_places__find(policies, policy, &sites, &attaches, &hows, &err);
		if (r < 0)
			err_list__add(errors, &err);
	}
	if (r == 0)
		r = policy__compile(policy->spec, &context, &sites, attaches, &policy->arena,
				    &policy->program, errors);
	if (r == 0 && describe_hooks(policy, hows) < 0)
		r = err_list__set(errors, -ENOMEM, NULL, "no memory for hooks");
	if (r == 0 && reserve_hooks(policies, policy, &err) < 0) {
		r = err.code;
		err_list__add(errors, &err);
	}
	policy_context__close(&context);
	return r;
}

/* Ids of sets are never used twice while the agent runs: there are 2^31 of them. */
static void take_bits(struct policies *policies, const struct policy_program *program,
		      bool is_taken)
{
	if (is_taken)
		policies->next_set += program->set_count;
	for (uint32_t i = 0; i < program->binaries_count; i++)
		policy_bits__set(&policies->binaries, program->binaries[i].bit, is_taken);
}

static void sum_memory(struct policies *policies, struct policy *policy)
{
	policy->memory_bytes = 0;
	for (uint32_t i = 0; i < policy->program.hook_count; i++) {
		struct hook_program_figures figures;

		hook_engine__figures(policies->engine, policy->program.hooks[i].code.id, &figures);
		policy->memory_bytes += figures.memory_bytes;
	}
}

static int watch_mappings(struct policies *policies, struct policy *policy, struct err *err)
{
	int r = hook_engine__watch_mappings(policies->engine, err);

	if (r < 0)
		return err__wrap(err, r, &policy->spec->at, "spec.loader");
	policy->watches_mappings = true;
	return 0;
}

int policy__load(struct policies *policies, struct policy *policy, struct err_list *errors)
{
	struct err err = ERR_INIT;
	int r;

	r = open_engine(policies, &err);
	if (r == 0 && policy->spec->wants_library_loads)
		r = watch_mappings(policies, policy, &err);
	if (r < 0) {
		err_list__add(errors, &err);
		return r;
	}
	r = compile(policies, policy, errors);
	if (r < 0)
		return r;
	take_bits(policies, &policy->program, true);
	policy->has_bits = true;
	r = policy_sets__write(policies, &policy->program, &err);
	if (r == 0)
		r = policy_masks__add(policies, policy, &err);
	if (r == 0)
		r = policy_cgroups__add(policies, policy, &err);
	for (uint32_t i = 0; i < policy->program.hook_count && r == 0; i++)
		r = add_hook(policies, policy, i, &err);
	policy_places__close_binaries(policy);
	if (r < 0) {
		err_list__add(errors, &err);
		return r;
	}
	sum_memory(policies, policy);
	/* All of them, or none: nothing counts before everything is attached. */
	policy->is_on = true;
	policy__switch(policies, policy);
	return 0;
}

void policy__switch(struct policies *policies, const struct policy *policy)
{
	for (uint32_t i = 0; i < policy->program.hook_count && policy->is_on; i++) {
		const struct policy_hook *hook = &policy->program.hooks[i];
		uint8_t switches = POLICY_SWITCH_ON;

		if (policy->mode == POLICY_MODE_ENFORCE)
			switches |= POLICY_SWITCH_ENFORCE;
		if (policies__is_wanted(policies, policy_hook_event_kind(hook), policy->spec->name))
			switches |= POLICY_SWITCH_EVENTS;
		hook_engine__set_switches(policies->engine, hook->code.id, switches);
	}
}

void policy__unload(struct policies *policies, struct policy *policy)
{
	/* What its hooks counted, and what they told, is its own. */
	if (policy->is_on) {
		for (uint32_t i = 0; i < policy->program.hook_count; i++)
			hook_engine__set_switches(policies->engine,
						  policy->program.hooks[i].code.id, 0);
		policy_stream__drain_all(policies);
		policy_series__settle(policies);
	}
	policy->is_on = false;
	vec_for_each(&policy->numbers, number) {
		policy_series__forget(policies, *number);
		hook_engine__remove(policies->engine, *number);
		policies->by_hook[*number] = NULL;
	}
	vec_done(&policy->numbers);
	if (policy->has_bits) {
		policy->has_bits = false;
		policy_sets__remove(policies, &policy->program);
		policy_masks__remove(policies, policy);
		policy_cgroups__remove(policies, policy);
		take_bits(policies, &policy->program, false);
	}
	policy_places__close_binaries(policy); /* it may not have come so far */
	if (policy->watches_mappings)
		hook_engine__unwatch_mappings(policies->engine);
	policy->watches_mappings = false;
	policy->program = (struct policy_program){ 0 };
	policy->hooks = NULL;
	policy->memory_bytes = 0;
	arena__done(&policy->arena);
}
