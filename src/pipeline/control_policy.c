/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/control_policy.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/vec.h"
#include "config/load.h"
#include "pipeline/control_events.h"
#include "pipeline/control_verbs.h"
#include "pipeline/policies.h"
#include "web/control.h"

#define DEFAULT_ORIGIN "policy"

struct control_policy {
	struct policies *policies;     /* borrowed */
	struct control_events *events; /* owned */
	VEC(struct spec *) specs;      /* owned; of policies that came by policy.add */
};

/* ---- what a policy looks like --------------------------------------------------------------------------- */

static void add_view(struct json_writer *json, const struct policy_view *view)
{
	json__begin_object(json, NULL);
	json__add_u64(json, "id", view->id);
	json__add_text(json, "name", view->name);
	json__add_text(json, "state", policy_state_name(view->state));
	json__add_text(json, "namespace", view->kube_namespace);
	json__add_text(json, "mode", view->mode);
	json__add_u64(json, "hooks", view->hooks);
	json__add_u64(json, "kernel_memory", view->memory_bytes);
	json__add_u64(json, "posted", view->posted);
	json__add_u64(json, "enforced", view->enforced);
	json__add_u64(json, "monitored", view->monitored);
	json__add_text(json, "error", view->error);
	json__end_object(json);
}

static int run_list(void *ctx, struct control_client *client, const json_t *request,
		    struct strbuf *reply, struct err *err)
{
	const struct control_policy *control = ctx;
	struct json_writer json = { .out = reply };
	struct policy_view view;
	int r = control_check_request(request, NULL /* members */, 0, err);

	(void)client;
	if (r < 0)
		return r;
	policies__refresh(control->policies);
	json__begin_array(&json, NULL);
	for (uint32_t i = 0; policies__view(control->policies, i, &view); i++)
		add_view(&json, &view);
	json__end_array(&json);
	return 0;
}

/* ---- one that is there ---------------------------------------------------------------------------------- */

static const char *const name_members[] = { "name", "namespace" };
static const char *const mode_members[] = { "mode", "name", "namespace" };

static int find_policy(const struct control_policy *control, const json_t *request,
		       uint32_t *ret_id, struct err *err)
{
	const char *name = json_string_value(json_object_get(request, "name"));
	const char *kube_namespace = json_string_value(json_object_get(request, "namespace"));

	if (!name)
		return err__set(err, -EINVAL, NULL, "'name' is missing: which policy?");
	return policies__find(control->policies, name,
			      kube_namespace && kube_namespace[0] ? kube_namespace : NULL, ret_id,
			      err);
}

static int begin(const struct control_policy *control, const json_t *request,
		 const char *const *members, size_t count, uint32_t *ret_id, struct err *err)
{
	int r = control_check_request(request, members, count, err);

	return r < 0 ? r : find_policy(control, request, ret_id, err);
}

static int run_enable(void *ctx, struct control_client *client, const json_t *request,
		      struct strbuf *reply, struct err *err)
{
	const struct control_policy *control = ctx;
	struct err_list errors = { .len = 0 };
	uint32_t id;
	int r = begin(control, request, name_members, array_size(name_members), &id, err);

	(void)client;
	(void)reply;
	if (r < 0)
		return r;
	r = policies__enable(control->policies, id, &errors);
	if (r < 0)
		control_join_errors(&errors, r, err);
	err_list__done(&errors);
	return r;
}

static int run_disable(void *ctx, struct control_client *client, const json_t *request,
		       struct strbuf *reply, struct err *err)
{
	const struct control_policy *control = ctx;
	uint32_t id;
	int r = begin(control, request, name_members, array_size(name_members), &id, err);

	(void)client;
	(void)reply;
	return r < 0 ? r : policies__disable(control->policies, id, err);
}

static int read_mode(const json_t *request, enum policy_asked_mode *ret_mode, struct err *err)
{
	const char *text = json_string_value(json_object_get(request, "mode"));

	*ret_mode = POLICY_ASKED_MODE_OWN;
	if (!json_object_get(request, "mode"))
		return 0;
	if (text && str_eq(text, "enforce"))
		*ret_mode = POLICY_ASKED_MODE_ENFORCE;
	else if (text && str_eq(text, "monitor"))
		*ret_mode = POLICY_ASKED_MODE_MONITOR;
	else
		return err__set(err, -EINVAL, NULL, "'mode' is enforce or monitor");
	return 0;
}

static int run_set_mode(void *ctx, struct control_client *client, const json_t *request,
			struct strbuf *reply, struct err *err)
{
	const struct control_policy *control = ctx;
	enum policy_asked_mode mode = POLICY_ASKED_MODE_OWN;
	uint32_t id;
	int r = begin(control, request, mode_members, array_size(mode_members), &id, err);

	(void)client;
	(void)reply;
	if (r == 0)
		r = read_mode(request, &mode, err);
	if (r == 0 && mode == POLICY_ASKED_MODE_OWN)
		r = err__set(err, -EINVAL, NULL, "'mode' is missing: enforce or monitor?");
	if (r < 0)
		return r;
	return policies__set_mode(
		control->policies, id,
		mode == POLICY_ASKED_MODE_ENFORCE ? POLICY_MODE_ENFORCE : POLICY_MODE_MONITOR, err);
}

static void add_hook(struct json_writer *json, const struct policy_hook_view *view)
{
	json__begin_object(json, NULL);
	json__add_text(json, "hook", view->hook);
	json__add_text(json, "how", view->how);
	json__add_u64(json, "instructions", view->instructions);
	json__add_u64(json, "matched", view->matched);
	json__add_u64(json, "posted", view->posted);
	json__add_u64(json, "not_posted", view->not_posted);
	json__add_u64(json, "limited", view->limited);
	json__add_u64(json, "lost", view->lost);
	json__add_u64(json, "enforced", view->enforced);
	json__add_u64(json, "monitored", view->monitored);
	json__add_u64(json, "uncounted", view->uncounted);
	json__end_object(json);
}

static int run_hooks(void *ctx, struct control_client *client, const json_t *request,
		     struct strbuf *reply, struct err *err)
{
	const struct control_policy *control = ctx;
	struct json_writer json = { .out = reply };
	struct policy_hook_view view;
	uint32_t id;
	int r = begin(control, request, name_members, array_size(name_members), &id, err);

	(void)client;
	if (r < 0)
		return r;
	policies__refresh(control->policies);
	json__begin_array(&json, NULL);
	for (uint32_t i = 0; policies__hook(control->policies, id, i, &view); i++)
		add_hook(&json, &view);
	json__end_array(&json);
	return 0;
}

/* ---- those that come and go through here ---------------------------------------------------------------- */

static const char *const add_members[] = { "disabled", "mode", "origin", "yaml" };

/* Those that are refused for their names are not there; the others are, also when they cannot be loaded: listed, with the
 * reason. */
static int add_policies(struct control_policy *control, struct spec *spec,
			const struct policy_request *request, struct err_list *errors)
{
	int first = 0;

	for (uint32_t i = 0; i < spec->policy_count; i++) {
		int r = policies__add(control->policies, &spec->policies[i], request, errors);

		if (first == 0)
			first = r;
	}
	return first;
}

static int parse(const json_t *request, const char *text, struct spec **ret_spec,
		 struct err_list *errors)
{
	const char *origin = json_string_value(json_object_get(request, "origin"));
	const struct dialect_input input = {
		.name = origin ? origin : DEFAULT_ORIGIN,
		.origin = origin ? origin : DEFAULT_ORIGIN,
		.text = text,
		.len = strlen(text),
	};

	return config_load_text(dialect_find("tracing_policy"), &input, ret_spec, errors);
}

static bool is_known(const struct control_policy *control, const struct spec *spec)
{
	struct policy_view view;

	for (uint32_t i = 0; policies__view(control->policies, i, &view); i++)
		for (uint32_t k = 0; k < spec->policy_count; k++)
			if (&spec->policies[k] == view.spec)
				return true;
	return false;
}

/* Texts of which no policy is left. */
static void forget_specs(struct control_policy *control)
{
	size_t kept = 0;

	vec_for_each(&control->specs, spec) {
		if (is_known(control, *spec))
			control->specs.items[kept++] = *spec;
		else
			spec__free(*spec);
	}
	control->specs.len = kept;
}

static int run_add(void *ctx, struct control_client *client, const json_t *request,
		   struct strbuf *reply, struct err *err)
{
	struct control_policy *control = ctx;
	const char *text = json_string_value(json_object_get(request, "yaml"));
	struct policy_request wish = { .is_disabled =
					       json_is_true(json_object_get(request, "disabled")) };
	struct err_list errors = { .len = 0 };
	struct spec *spec = NULL;
	int r = control_check_request(request, add_members, array_size(add_members), err);

	(void)client;
	(void)reply;
	if (r == 0 && !text)
		r = err__set(err, -EINVAL, NULL, "'yaml' is missing: the text of the policy");
	if (r == 0)
		r = read_mode(request, &wish.mode, err);
	if (r < 0)
		return r;
	r = parse(request, text, &spec, &errors);
	if (r == 0 && vec_push(&control->specs, spec) < 0) {
		spec__free(spec);
		r = -ENOMEM;
	}
	if (r == 0)
		r = add_policies(control, spec, &wish, &errors);
	if (r < 0)
		control_join_errors(&errors, r, err);
	err_list__done(&errors);
	forget_specs(control); /* of what is refused or replaced */
	return r;
}

/* Whether it came through here; otherwise it is of the agent's file. */
static bool is_ours(const struct control_policy *control, const struct policy_spec *policy)
{
	vec_for_each(&control->specs, spec)
		for (uint32_t i = 0; i < (*spec)->policy_count; i++)
			if (&(*spec)->policies[i] == policy)
				return true;
	return false;
}

static int run_remove(void *ctx, struct control_client *client, const json_t *request,
		      struct strbuf *reply, struct err *err)
{
	struct control_policy *control = ctx;
	const struct policy_spec *spec = NULL;
	struct policy_view view;
	uint32_t id;
	int r = begin(control, request, name_members, array_size(name_members), &id, err);

	(void)client;
	(void)reply;
	if (r < 0)
		return r;
	for (uint32_t i = 0; !spec && policies__view(control->policies, i, &view); i++)
		if (view.id == id && is_ours(control, view.spec))
			spec = view.spec;
	if (!spec)
		return err__set(
			err, -EPERM, NULL,
			"policy '%s' is of the agent's file; take it out there and reload, or disable it",
			json_string_value(json_object_get(request, "name")));
	policies__remove_spec(control->policies, spec);
	forget_specs(control);
	return 0;
}

/* ---- making and ending ---------------------------------------------------------------------------------- */

static const struct control_verb verbs[] = {
	{ "policy.add", run_add },           { "policy.disable", run_disable },
	{ "policy.enable", run_enable },     { "policy.hooks", run_hooks },
	{ "policy.list", run_list },         { "policy.remove", run_remove },
	{ "policy.set_mode", run_set_mode },
};

int control_policy__new(struct policies *policies, struct control_server *server,
			struct control_policy **ret_control, struct err *err)
{
	struct control_policy *control = new_zero(struct control_policy);
	int r;

	if (!control)
		return err__set(err, -ENOMEM, NULL, "no memory for the control socket");
	control->policies = policies;
	r = control_server__add_verbs(server, verbs, array_size(verbs), control, err);
	if (r == 0)
		r = control_events__new(policies, server, &control->events, err);
	if (r < 0) {
		control_policy__free(control);
		return r;
	}
	*ret_control = control;
	return 0;
}

struct control_policy *control_policy__free(struct control_policy *control)
{
	if (!control)
		return NULL;
	control_events__free(control->events);
	vec_for_each(&control->specs, spec) {
		for (uint32_t i = 0; i < (*spec)->policy_count; i++)
			policies__remove_spec(control->policies, &(*spec)->policies[i]);
		spec__free(*spec);
	}
	vec_done(&control->specs);
	free(control);
	return NULL;
}
