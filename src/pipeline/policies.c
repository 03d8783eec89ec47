/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/policies.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "emit/hook.h"
#include "filter/process_redaction.h"
#include "pipeline/policies_private.h"
#include "pipeline/who.h"

/* ---- the list ---- */

static bool is_called(const struct policy *policy, const char *name, const char *kube_namespace)
{
	const char *own = policy->spec->kube_namespace;

	return str_eq(policy->spec->name, name) &&
	       str_eq(own ? own : "", kube_namespace ? kube_namespace : "");
}

static struct policy *find_id(const struct policies *policies, uint32_t id)
{
	vec_for_each(&policies->list, policy)
		if ((*policy)->id == id)
			return *policy;
	return NULL;
}

static int no_policy(const struct policies *policies, const char *name, const char *kube_namespace,
		     struct err *err)
{
	VEC(const char *) names = VEC_INIT;
	const char *nearest;
	int r;

	vec_for_each(&policies->list, policy)
		(void)vec_push(&names, (*policy)->spec->name); /* one more to suggest */
	nearest = str_nearest(name, names.items, names.len);
	r = err__set(err, -ENOENT, NULL, "there is no policy '%s'%s%s%s%s%s", name,
		     kube_namespace ? " of namespace " : "", kube_namespace ? kube_namespace : "",
		     nearest ? "; nearest is '" : "", nearest ? nearest : "", nearest ? "'" : "");
	vec_done(&names);
	return r;
}

int policies__find(const struct policies *policies, const char *name, const char *kube_namespace,
		   uint32_t *ret_id, struct err *err)
{
	vec_for_each(&policies->list, policy) {
		if (!is_called(*policy, name, kube_namespace))
			continue;
		*ret_id = (*policy)->id;
		return 0;
	}
	return no_policy(policies, name, kube_namespace, err);
}

const char *policy_state_name(enum policy_state state)
{
	static const char *const names[] = {
		[POLICY_STATE_ENABLED] = "enabled",
		[POLICY_STATE_DISABLED] = "disabled",
		[POLICY_STATE_ERROR] = "error",
		[POLICY_STATE_LOAD_ERROR] = "load_error",
	};

	return names[state];
}

/* ---- new and free ---- */

static int read_redaction(struct policies *policies, struct err *err)
{
	static const struct loc at = { .file = "redaction filters" };
	const char *text = policies->options.redaction;

	return text && *text ? process_redaction_parse(text, &at, &policies->redaction, err) : 0;
}

int policies__new(const struct policies_options *options, struct policies **ret_policies,
		  struct err *err)
{
	struct policies *policies = new_zero(struct policies);
	int r;

	if (!policies)
		return err__set(err, -ENOMEM, NULL, "no memory for policies");
	policies->options = *options;
	policies->options.node = policies->node = strdup(options->node ? options->node : "");
	policies->options.cluster = policies->cluster = strdup(options->cluster ? options->cluster
										: "");
	if (!policies->node || !policies->cluster) {
		policies__free(policies);
		return err__set(err, -ENOMEM, NULL, "no memory for policies");
	}
	policies->next_id = policies->next_set = 1;
	r = read_redaction(policies, err);
	if (r < 0) {
		policies__free(policies);
		return r;
	}
	*ret_policies = policies;
	return 0;
}

static void free_policy(struct policies *policies, struct policy *policy)
{
	policy__unload(policies, policy);
	free(policy->error);
	free(policy);
}

/* A system call's hooks are chained, and each that goes from between others has to wait for all CPUs. */
void policies__stop(struct policies *policies)
{
	if (!policies || !policies->engine)
		return;
	vec_for_each(&policies->list, policy)
		vec_for_each(&(*policy)->numbers, number)
			hook_engine__set_switches(policies->engine, *number, 0);
	hook_engine__end_calls(policies->engine);
	policy_stream__drain_all(policies);
	policy_series__settle(policies);
	vec_for_each(&policies->list, policy)
		(*policy)->is_on = false;
	policy_cgroups__done(policies);
}

struct policies *policies__free(struct policies *policies)
{
	if (!policies)
		return NULL;
	policies__stop(policies);
	vec_for_each(&policies->list, policy)
		free_policy(policies, *policy);
	vec_done(&policies->list);
	policy_stream__close(policies);
	vec_done(&policies->subscriptions);
	policy_series__free(policies->series);
	table_source__close(policies->figures);
	free(policies->figure_rows);
	free(policies->node);
	free(policies->cluster);
	process_redaction__free(policies->redaction);
	policy_types__drop(policies);
	hook_engine__close(policies->engine);
	arena__done(&policies->arena);
	free(policies);
	return NULL;
}

/* ---- one policy ---- */

static enum policy_mode asked_mode(const struct policy_spec *spec,
				   const struct policy_request *request)
{
	switch (request->mode) {
	case POLICY_ASKED_MODE_ENFORCE:
		return POLICY_MODE_ENFORCE;
	case POLICY_ASKED_MODE_MONITOR:
		return POLICY_MODE_MONITOR;
	case POLICY_ASKED_MODE_OWN:
		break;
	}
	return spec->mode;
}

/* The reason stands beside the policy; without memory for it the list says less. */
static void note_failure(struct policy *policy, const struct err_list *errors, size_t first)
{
	char text[1024] = "";

	policy->state = POLICY_STATE_LOAD_ERROR;
	if (errors->len > first)
		err__format(&errors->items[first], text, sizeof(text));
	free(policy->error);
	policy->error = strdup(text);
}

static int load(struct policies *policies, struct policy *policy, struct err_list *errors)
{
	size_t first = errors->len;
	int r = policy__load(policies, policy, errors);

	if (r < 0) {
		policy__unload(policies, policy);
		note_failure(policy, errors, first);
		return r;
	}
	free(policy->error);
	policy->error = NULL;
	policy->state = POLICY_STATE_ENABLED;
	return 0;
}

/* A config that is reloaded brings its policy before the old one goes: both are there for a moment. */
static const struct policy *find_same(const struct policies *policies,
				      const struct policy_spec *spec)
{
	vec_for_each(&policies->list, policy)
		if (is_called(*policy, spec->name, spec->kube_namespace) && !(*policy)->is_leaving)
			return *policy;
	return NULL;
}

int policies__add(struct policies *policies, const struct policy_spec *spec,
		  const struct policy_request *request, struct err_list *errors)
{
	const struct policy *same = find_same(policies, spec);
	struct policy *policy;

	if (same && same->state == POLICY_STATE_LOAD_ERROR) {
		policies__remove_spec(policies, same->spec);
		same = NULL;
	}
	if (same)
		return err_list__set(errors, -EEXIST, &spec->at,
				     "there is a policy '%s' already; remove it first, or give "
				     "this one another name",
				     spec->name);
	policy = new_zero(struct policy);
	if (!policy || vec_push(&policies->list, policy) < 0) {
		free(policy);
		return err_list__set(errors, -ENOMEM, NULL, "no memory for a policy");
	}
	policy->id = policies->next_id++;
	policy->spec = spec;
	policy->request = *request;
	policy->mode = asked_mode(spec, request);
	policy->state = POLICY_STATE_DISABLED;
	return request->is_disabled ? 0 : load(policies, policy, errors);
}

void policies__note_leaving(struct policies *policies, const struct policy_spec *spec,
			    bool is_leaving)
{
	vec_for_each(&policies->list, policy)
		if ((*policy)->spec == spec)
			(*policy)->is_leaving = is_leaving;
}

void policies__remove_spec(struct policies *policies, const struct policy_spec *spec)
{
	for (size_t i = 0; i < policies->list.len; i++) {
		struct policy *policy = policies->list.items[i];

		if (policy->spec != spec)
			continue;
		free_policy(policies, policy);
		memmove(policies->list.items + i, policies->list.items + i + 1,
			(policies->list.len - i - 1) * sizeof(policy));
		policies->list.len--;
		return;
	}
}

int policies__enable(struct policies *policies, uint32_t id, struct err_list *errors)
{
	struct policy *policy = find_id(policies, id);

	return policy->state == POLICY_STATE_ENABLED ? 0 : load(policies, policy, errors);
}

int policies__disable(struct policies *policies, uint32_t id, struct err *err)
{
	struct policy *policy = find_id(policies, id);

	(void)err;
	policy__unload(policies, policy);
	policy->state = POLICY_STATE_DISABLED;
	return 0;
}

int policies__set_mode(struct policies *policies, uint32_t id, enum policy_mode mode,
		       struct err *err)
{
	struct policy *policy = find_id(policies, id);

	if (policy->state == POLICY_STATE_ENABLED && !policy->program.has_enforcement)
		return err__set(err, -EOPNOTSUPP, &policy->spec->at,
				"policy '%s' has nothing to enforce: it can only monitor",
				policy->spec->name);
	policy->mode = mode;
	policy__switch(policies, policy);
	return 0;
}

/* ---- views ---- */

static const char *mode_name(const struct policy *policy)
{
	if (policy->state == POLICY_STATE_ENABLED && !policy->program.has_enforcement)
		return "monitor_only";
	return policy->mode == POLICY_MODE_ENFORCE ? "enforce" : "monitor";
}

bool policies__view(const struct policies *policies, uint32_t index, struct policy_view *ret_view)
{
	const struct policy *policy;
	struct policy_hook_view hook;

	if (index >= policies->list.len)
		return false;
	policy = policies->list.items[index];
	*ret_view = (struct policy_view){
		.id = policy->id,
		.spec = policy->spec,
		.name = policy->spec->name,
		.kube_namespace = policy->spec->kube_namespace ? policy->spec->kube_namespace : "",
		.state = policy->state,
		.mode = mode_name(policy),
		.error = policy->error,
		.hooks = policy->program.hook_count,
		.memory_bytes = policy->memory_bytes,
	};
	for (uint32_t i = 0; policies__hook(policies, policy->id, i, &hook); i++) {
		ret_view->posted += hook.posted;
		ret_view->enforced += hook.enforced;
		ret_view->monitored += hook.monitored;
	}
	return true;
}

bool policies__hook(const struct policies *policies, uint32_t id, uint32_t index,
		    struct policy_hook_view *ret_view)
{
	const struct policy *policy = find_id(policies, id);
	const struct attached_hook *hook;
	struct policy_figures figures;

	if (!policy || policy->state != POLICY_STATE_ENABLED || index >= policy->program.hook_count)
		return false;
	hook = &policy->hooks[index];
	policy_counts__read(policies, &hook->compiled->code, &figures);
	*ret_view = (struct policy_hook_view){
		.hook = hook->name,
		.how = hook->how,
		.instructions = hook_engine__instructions(policies->engine,
							  hook->compiled->code.id),
		.matched = figures.matched,
		.posted = figures.posted,
		.not_posted = figures.not_posted,
		.limited = figures.limited,
		.lost = figures.lost,
		.enforced = figures.enforced,
		.monitored = figures.monitored,
		.uncounted = figures.uncounted,
	};
	return true;
}

/* ---- what was made of them ---- */

static void format_end(const struct policies *policies, const struct hook_code *code,
		       enum hook_end end, struct strbuf *text)
{
	const struct hook_emit_options options = hook_engine__emit_options(policies->engine);
	struct hook_image image = { 0 };
	struct err err = ERR_INIT;
	char reason[512];

	if (hook_emit(code, end, &options, &image, &err) == 0) {
		hook_image__format(&image, text);
	} else {
		err__format(&err, reason, sizeof(reason));
		strbuf__printf(text, "%s\n", reason);
	}
	err__done(&err);
	hook_image__done(&image);
}

void policies__format(const struct policies *policies, bool as_instructions, struct strbuf *text)
{
	vec_for_each(&policies->list, policy)
		for (uint32_t i = 0; (*policy)->is_on && i < (*policy)->program.hook_count; i++) {
			const struct attached_hook *hook = &(*policy)->hooks[i];
			const struct hook_code *code = &hook->compiled->code;

			strbuf__printf(text, "policy %s, %s by %s\n", (*policy)->spec->name,
				       hook->name, hook->how);
			if (!as_instructions) {
				hook_code__format(code, text);
				continue;
			}
			format_end(policies, code, HOOK_END_ENTER, text);
			if (code->has_return)
				format_end(policies, code, HOOK_END_LEAVE, text);
		}
}
