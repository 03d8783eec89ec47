/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/gadget_metrics.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/own_files.h"
#include "cmd/post_attach_mark.h"
#include "cmd/session.h"
#include "config/load.h"
#include "pipeline/agent.h"
#include "pipeline/gadget.h"
#include "pipeline/service.h"

#define TEXT_ORIGIN "--config"
#define TEXT_NAME "metrics"

struct server {
	const struct gadget_metrics_options *options; /* borrowed, as the sources are */
	const struct gadget_metrics_source *sources;
	size_t source_count;
	struct session session;
	struct spec_list specs; /* entries go to the agent one by one */
};

/* ---- reading ------------------------------------------------------------------------------------------- */

static int read_source(const struct gadget_metrics_source *source, struct spec **ret_config,
		       struct err_list *errors)
{
	const struct dialect *dialect = dialect_find("gadget_metrics");

	if (source->path)
		return config_load_file(dialect, source->path, NULL /* object */, ret_config,
					errors);
	return config_load_text(dialect,
				&(struct dialect_input){ .name = TEXT_NAME,
							 .origin = TEXT_ORIGIN,
							 .text = source->text,
							 .len = strlen(source->text) },
				ret_config, errors);
}

/* The folder of a gadget; one that is not there is told where it was looked for. */
static int locate(const struct server *server, const struct use_spec *use, char *ret_path,
		  size_t size, struct err_list *errors)
{
	const char *dir = server->options->gadget_dir;
	char own[PATH_MAX];
	int len;

	if (!dir[0] && own_files_find("probes", own, sizeof(own)) < 0)
		return err_list__set(errors, -ENOENT, &use->at,
				     "the gadgets of this program are not found beside it; say "
				     "where they are with --gadgets");
	len = snprintf(ret_path, size, "%s/%s", dir[0] ? dir : own, use->gadget);
	if (len < 0 || (size_t)len >= size)
		return err_list__set(errors, -ENAMETOOLONG, &use->at,
				     "the path of gadget '%s' is too long", use->gadget);
	if (!gadget_is_at(ret_path))
		return err_list__set(errors, -ENOENT, &use->at,
				     "%s needs gadget '%s', which is not in %s", use->called,
				     use->gadget, dir[0] ? dir : own);
	return 0;
}

static int open_use(const struct server *server, const struct spec *config, uint32_t use,
		    struct spec_list *specs, struct err_list *errors)
{
	const struct gadget_options options = { .keeps_original_names = server->options->has_scopes,
						.user = config,
						.use = use };
	struct gadget *gadget = NULL;
	char path[PATH_MAX];
	int r = locate(server, &config->uses[use], path, sizeof(path), errors);

	if (r == 0)
		r = gadget_open(path, &options, &gadget, errors);
	if (r == 0 && vec_push(specs, (struct spec *)NULL) < 0)
		r = err_list__set(errors, -ENOMEM, &config->uses[use].at,
				  "no memory for the list of gadgets");
	if (r == 0)
		specs->items[specs->len - 1] = gadget__take_spec(gadget);
	gadget__close(gadget);
	return r;
}

static int open_uses(const struct server *server, const struct spec *config,
		     struct spec_list *specs, struct err_list *errors)
{
	int first = 0;

	for (uint32_t i = 0; i < config->warning_count; i++)
		log_at(LOG_WARN, &config->warnings[i].at, "%s", config->warnings[i].text);
	for (uint32_t i = 0; i < config->use_count; i++) {
		int r = open_use(server, config, i, specs, errors);

		if (first == 0)
			first = r;
	}
	return first;
}

/* Also for a reload: the configs may have changed, the gadgets as well. */
static int read_specs(void *ctx, struct spec_list *specs, struct err_list *errors)
{
	const struct server *server = ctx;
	int first = 0;

	for (size_t i = 0; i < server->source_count; i++) {
		struct spec *config = NULL;
		int r = read_source(&server->sources[i], &config, errors);

		if (r == 0)
			r = open_uses(server, config, specs, errors);
		spec__free(config);
		if (first == 0)
			first = r;
	}
	return first;
}

/* ---- starting ------------------------------------------------------------------------------------------ */

static int read_configs(struct server *server)
{
	struct err_list errors = { .len = 0 };
	int r = read_specs(server, &server->specs, &errors);

	return r < 0 ? session_fail_all("metrics of gadgets", &errors, r) : 0;
}

static int open_session(struct server *server)
{
	const struct gadget_metrics_options *options = server->options;
	const struct session_options session = {
		.is_strict = options->is_strict,
		.is_debugging = options->is_debugging,
		.hides_library = !options->is_debugging,
		.leaves_programs_alone = !options->may_rewrite,
		.title = "sonde metrics",
		.telemetry_path = options->telemetry_path,
		.web_config = options->web_config,
		.ledger_interval_ns = options->ledger.interval_ns,
		.ledger_window_ns = options->ledger.window_ns,
		.read = read_specs,
		.read_ctx = server,
		.has_no_consumers = true,
		.has_reload_by_http = options->has_lifecycle,
		.prefers_openmetrics = options->prefers_openmetrics,
		.runtime_sockets = &options->runtime.sockets,
		.runtime_timeout_ns = options->runtime.timeout_ns,
	};
	struct err err = ERR_INIT;
	int r = session__open(&server->session, &session, &err);

	return r < 0 ? session_fail("cannot start", &err, r) : 0;
}

/* A column that is not there is found here, when the gadget is complete. All that is wrong is told. */
static int add_gadgets(struct server *server)
{
	struct err_list errors = { .len = 0 };
	int first = 0;

	vec_for_each(&server->specs, spec) {
		int r = agent__add(server->session.agent, take_ptr(*spec), &errors);

		if (first == 0)
			first = r;
	}
	return first < 0 ? session_fail_all("metrics of gadgets", &errors, first) : 0;
}

static uint32_t count_attached(const struct agent *agent, uint32_t config)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < agent__config(agent, config).part_count; i++)
		count += agent__part(agent, config, i)->state == PART_STATE_ATTACHED;
	return count;
}

/* What cannot be attached has been logged, program by program. */
static int attach_gadgets(struct server *server)
{
	struct agent *agent = server->session.agent;
	uint32_t running = 0, count = agent__config_count(agent);

	for (uint32_t i = 0; i < count; i++) {
		struct err err = ERR_INIT;
		int r = session__attach(&server->session, i, &err);

		if (r < 0 && server->options->is_strict)
			return session_fail(agent__config(agent, i).name, &err, r);
		if (r < 0)
			log_err(LOG_WARN, &err, "gadget '%s' is left out",
				agent__config(agent, i).name);
		else if (count_attached(agent, i) == 0)
			log_warn("gadget '%s' is left out: none of its programs could be attached",
				 agent__config(agent, i).name);
		else
			running++;
		err__done(&err);
	}
	if (running == 0) {
		log_error("no gadget can run here");
		return -ENOENT;
	}
	post_attach_mark();
	return 0;
}

/* Metrics that are, although every column is there. */
static uint32_t tell_left_out(const struct agent *agent)
{
	uint32_t left_out = 0;

	for (uint32_t i = 0; i < agent__config_count(agent); i++) {
		for (uint32_t k = 0; k < agent__config(agent, i).metric_count; k++) {
			struct metric_view metric = agent__metric(agent, i, k);

			if (!metric.error)
				continue;
			left_out++;
			log_warn("metric '%s' is left out: %s", metric.name, metric.error);
		}
	}
	return left_out;
}

static int start_sources(struct server *server)
{
	struct err err = ERR_INIT;
	int r = agent__start(server->session.agent, &err);

	if (r < 0)
		return session_fail("cannot start", &err, r);
	return tell_left_out(server->session.agent) > 0 && server->options->is_strict ? -ENOENT : 0;
}

static int listen_for_scrapes(struct server *server)
{
	const char *address = server->options->listen_address;
	const char *colon = strrchr(address, ':');
	int host_len = colon ? (int)(colon - address) : 0;
	struct err err = ERR_INIT;
	int r = session__listen(&server->session, address, &err);

	if (r < 0) {
		(void)err__wrap(&err, r, NULL, "cannot listen on '%s'", address);
		return session_fail("metrics of gadgets", &err, r);
	}
	printf("metrics    %s://%.*s:%u%s\n", service__scheme(server->session.service),
	       host_len > 0 ? host_len : (int)strlen("127.0.0.1"),
	       host_len > 0 ? address : "127.0.0.1", service__port(server->session.service),
	       server->options->telemetry_path);
	(void)fflush(stdout);
	session_notify("READY=1");
	return 0;
}

static int print_plan(const struct agent *agent)
{
	struct strbuf plan = STRBUF_INIT;
	int r;

	agent__format_plan(agent, false /* as JSON */, &plan);
	r = strbuf__status(&plan);
	if (r == 0)
		(void)fwrite(strbuf__text(&plan), 1, plan.len, stdout);
	strbuf__done(&plan);
	return tell_left_out(agent) > 0 ? -EINVAL : r;
}

/* Loads nothing: what is wrong with the configs is known. */
#define STEPS_OF_CHECK 3

static int run_steps(struct server *server)
{
	static int (*const steps[])(struct server * server) = {
		read_configs,   open_session,  add_gadgets,
		attach_gadgets, start_sources, listen_for_scrapes,
	};
	size_t count = server->options->is_checking ? STEPS_OF_CHECK : array_size(steps);

	for (size_t i = 0; i < count; i++) {
		int r = steps[i](server);

		if (r < 0)
			return r;
	}
	if (server->options->is_checking)
		return print_plan(server->session.agent);
	return session__serve(&server->session);
}

int gadget_metrics_check(const struct gadget_metrics_options *options, struct err *err)
{
	if (options->telemetry_path[0] != '/')
		return err__set(err, -EINVAL, NULL, "--metrics-path: '%s' does not begin with '/'",
				options->telemetry_path);
	return ledger_flags__check(&options->ledger, err);
}

int gadget_metrics_serve(const struct gadget_metrics_options *options,
			 const struct gadget_metrics_source *sources, size_t count)
{
	struct server server = { .options = options, .sources = sources, .source_count = count };
	int r;

	log_setup(&(struct log_options){ .level = options->is_debugging ? LOG_DEBUG : LOG_INFO });
	r = run_steps(&server);
	session__close(&server.session);
	spec_list__done(&server.specs);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}
