/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/control.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "config/dialect.h"
#include "pipeline/agent.h"
#include "pipeline/control_gadget.h"
#include "pipeline/control_policy.h"
#include "pipeline/control_verbs.h"
#include "pipeline/internal.h"
#include "web/control.h"

struct control {
	struct control_setup setup;
	struct control_server *server; /* owned */
	struct control_gadget *gadget; /* owned */
	struct control_policy *policy; /* owned */
	int64_t started_ns;
};

/* ---- what runs ------------------------------------------------------------------------------------------ */

static void add_config(struct json_writer *json, const struct agent *agent, uint32_t index)
{
	const struct agent_config *config = agent->configs.items[index];
	struct config_view view = agent__config(agent, index);
	uint32_t attached = 0;

	for (uint32_t i = 0; i < view.part_count; i++)
		attached += agent__part(agent, index, i)->state == PART_STATE_ATTACHED;
	json__begin_object(json, NULL);
	json__add_text(json, "name", view.name);
	json__add_text(json, "language",
		       config->spec->dialect ? config->spec->dialect->name : NULL);
	json__add_text(json, "origin", view.origin);
	json__add_text(json, "state",
		       view.is_running ? "running"
		       : view.error    ? "failed"
				       : "not attached");
	json__add_text(json, "error", view.error);
	json__add_u64(json, "programs", view.part_count + view.hook_count);
	json__add_u64(json, "attached", attached + view.hook_count);
	json__add_u64(json, "metrics", view.metric_count);
	json__end_object(json);
}

static int run_list(void *ctx, struct control_client *client, const json_t *request,
		    struct strbuf *reply, struct err *err)
{
	const struct control *control = ctx;
	const struct agent *agent = control->setup.agent;
	struct json_writer json = { .out = reply };
	int r = control_check_request(request, NULL /* members */, 0, err);

	(void)client;
	if (r < 0)
		return r;
	json__begin_array(&json, NULL);
	for (uint32_t i = 0; i < agent__config_count(agent); i++)
		add_config(&json, agent, i);
	json__end_array(&json);
	return 0;
}

static int run_status(void *ctx, struct control_client *client, const json_t *request,
		      struct strbuf *reply, struct err *err)
{
	const struct control *control = ctx;
	const struct agent *agent = control->setup.agent;
	struct json_writer json = { .out = reply };
	int r = control_check_request(request, NULL /* members */, 0, err);
	uint32_t failed = 0;

	(void)client;
	if (r < 0)
		return r;
	agent_for_each_config(agent, config)
		failed += !agent_config_is_running(config);
	json__begin_object(&json, NULL);
	json__add_text(&json, "version", control->setup.version);
	json__add_u64(&json, "pid", (uint64_t)getpid());
	json__add_text(&json, "config", control->setup.config);
	json__add_u64(&json, "uptime_seconds",
		      (uint64_t)((clock_monotonic_ns() - control->started_ns) / NS_PER_S));
	json__add_u64(&json, "configs", agent__config_count(agent));
	json__add_u64(&json, "failed", failed);
	json__add_u64(&json, "reloads", agent->reloads.succeeded);
	json__add_u64(&json, "failed_reloads", agent->reloads.failed);
	json__end_object(&json);
	return 0;
}

/* ---- a reload ------------------------------------------------------------------------------------------- */

static int run_reload(void *ctx, struct control_client *client, const json_t *request,
		      struct strbuf *reply, struct err *err)
{
	const struct control *control = ctx;
	struct json_writer json = { .out = reply };
	struct strbuf text = STRBUF_INIT;
	int r = control_check_request(request, NULL /* members */, 0, err);

	(void)client;
	if (r < 0)
		return r;
	r = control->setup.reload(control->setup.reload_ctx, &text);
	if (r < 0)
		(void)err__set(err, r, NULL, "not reloaded:\n%.*s", (int)text.len - (text.len > 0),
			       strbuf__text(&text)); /* each line of it has its end */
	else
		json__add_text(&json, NULL, strbuf__text(&text));
	strbuf__done(&text);
	return r;
}

/* ---- making and ending ---------------------------------------------------------------------------------- */

static const struct control_verb verbs[] = {
	{ "list", run_list },
	{ "reload", run_reload },
	{ "status", run_status },
};

int control__new(const struct control_setup *setup, struct control **ret_control, struct err *err)
{
	const struct control_options options = { .loop = setup->loop, .path = setup->path };
	struct control *control = new_zero(struct control);
	int r;

	if (!control)
		return err__set(err, -ENOMEM, NULL, "no memory for the control socket");
	control->setup = *setup;
	control->started_ns = clock_monotonic_ns();
	r = control_server__new(&options, &control->server, err);
	if (r == 0)
		r = control_server__add_verbs(control->server, verbs, array_size(verbs), control,
					      err);
	if (r == 0)
		r = control_gadget__new(setup->agent, setup->loop, control->server,
					&control->gadget, err);
	if (r == 0)
		r = control_policy__new(agent__policies(setup->agent), control->server,
					&control->policy, err);
	if (r < 0) {
		control__free(control);
		return r;
	}
	agent__set_control(setup->agent, control->server);
	*ret_control = control;
	return 0;
}

struct control *control__free(struct control *control)
{
	if (!control)
		return NULL;
	agent__set_control(control->setup.agent, NULL);
	control_server__free(control->server);
	control_gadget__free(control->gadget);
	control_policy__free(control->policy);
	free(control);
	return NULL;
}

struct control_server *control__server(struct control *control)
{
	return control->server;
}
