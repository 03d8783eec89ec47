/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/policy_serve.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/configs.h"
#include "cmd/policy_outputs.h"
#include "cmd/post_attach_mark.h"
#include "cmd/session.h"
#include "config/load.h"
#include "pipeline/agent.h"
#include "pipeline/service.h"

struct policy_server {
	const struct policy_options *options; /* borrowed, as the paths are */
	const char *const *paths;
	size_t path_count;
	struct session session;
	struct policy_outputs outputs;
	struct loop_watch *timer;
	int output_error; /* -errno: what ended it */
};

/* ---- reading ------------------------------------------------------------------------------------------- */

/* What the command line names, read. */
struct policy_files {
	struct config_paths paths;
	struct spec_list specs;
	VEC(const char *) unreadable; /* in the paths */
};

static void policy_files__done(struct policy_files *files)
{
	vec_done(&files->unreadable);
	spec_list__done(&files->specs);
	config_paths__done(&files->paths);
}

static int read_path(const struct config_path *path, struct spec_list *specs,
		     struct err_list *errors)
{
	struct spec *spec = NULL;
	int r = config_load_file(dialect_find("tracing_policy"), path->path, NULL, &spec, errors);

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < spec->warning_count; i++)
		log_at(LOG_WARN, &spec->warnings[i].at, "%s", spec->warnings[i].text);
	if (vec_push(specs, spec) == 0)
		return 0;
	spec__free(spec);
	return err_list__set(errors, -ENOMEM, NULL, "no memory for policies");
}

/* One that cannot be read is listed, with its errors, and leaves the others alone, unless strict. */
static int read_files(const struct policy_server *server, struct policy_files *files,
		      struct err_list *errors)
{
	struct err err = ERR_INIT;
	int r = 0;

	for (size_t i = 0; i < server->path_count && r == 0; i++)
		r = config_paths__add(&files->paths, server->paths[i], &err);
	if (r < 0)
		err_list__add(errors, &err);
	for (size_t i = 0; i < files->paths.len && r == 0; i++) {
		const char *path = files->paths.items[i].path;

		r = read_path(&files->paths.items[i], &files->specs, errors);
		if (r < 0 && !server->options->is_strict)
			r = vec_push(&files->unreadable, path);
	}
	return r;
}

/* ---- reading again ------------------------------------------------------------------------------------- */

/* Of a file that cannot be read any more what it said before goes on. */
static bool goes_on(void *ctx, const char *name, const char *origin)
{
	const struct policy_files *files = ctx;

	(void)name;
	vec_for_each(&files->unreadable, path)
		if (str_eq(*path, origin))
			return true;
	return false;
}

static int reload(void *ctx, bool *ret_is_replaced, struct err_list *errors)
{
	const struct policy_server *server = ctx;
	struct policy_files files = { .unreadable = VEC_INIT };
	const struct reload_options wish = { .is_lenient = !server->options->is_strict,
					     .keeps = goes_on,
					     .ctx = &files };
	int r = read_files(server, &files, errors);

	*ret_is_replaced = false;
	if (r == 0)
		r = agent__reload(server->session.agent, files.specs.items, files.specs.len, &wish,
				  ret_is_replaced, errors);
	else
		agent__note_failed_reload(server->session.agent);
	policy_files__done(&files);
	return r;
}

/* ---- starting ------------------------------------------------------------------------------------------ */

static const char *text_or_null(const char *text)
{
	return text[0] ? text : NULL;
}

/* What events show of processes. */
static int fill_details(const struct policy_options *options, struct policies_options *details,
			struct err *err)
{
	int r = policy_parse_ancestors(options->ancestors, &details->ancestors, err);

	if (r < 0)
		return r;
	details->has_user_names = str_eq(options->user_names, "unix");
	details->has_credentials = options->has_credentials;
	details->has_namespaces = options->has_namespaces;
	details->has_environment = options->has_environment;
	details->environment_names = options->environment_names;
	return 0;
}

static int open_session(struct policy_server *server)
{
	const struct policy_options *options = server->options;
	struct session_options session = {
		.is_strict = options->is_strict,
		.is_debugging = options->is_debugging,
		.hides_library = !options->is_debugging,
		.title = "sonde policy",
		.telemetry_path = options->telemetry_path,
		.web_config = options->web_config,
		.reload = reload,
		.read_ctx = server,
	};
	struct err err = ERR_INIT;
	int r = policy_parse_labels(options->labels, &session.policies.labels, &err);

	session.policies.has_labels = true;
	if (r == 0)
		r = fill_details(options, &session.policies, &err);
	session.policies.redaction = options->redaction;
	session.policies.node = text_or_null(options->node);
	session.policies.cluster = text_or_null(options->cluster);
	session.policies.has_no_consumers = str_eq(options->output, "none") && !options->file[0] &&
					    !options->socket[0];
	if (r == 0)
		r = policy_parse_mode(options->mode, &session.policy_mode, &err);
	if (r == 0)
		r = session__open(&server->session, &session, &err);
	return r < 0 ? session_fail("cannot start", &err, r) : 0;
}

static void on_closed(void *ctx, int error)
{
	struct policy_server *server = ctx;

	server->output_error = error;
	if (error < 0)
		log_error("cannot write events: %s", strerror(-error));
	loop__stop(server->session.loop, 0);
}

static bool prints_instead(const struct policy_options *options)
{
	return options->dumps_ir || options->dumps_instructions || options->is_checking;
}

/* Before the first policy comes: nothing that it sees is missed. Nobody has events while policies are only looked at. */
static int open_outputs(struct policy_server *server)
{
	const struct policy_outputs_options options = {
		.flags = server->options,
		.agent = server->session.agent,
		.loop = server->session.loop,
		.closed = on_closed,
		.ctx = server,
	};
	struct err err = ERR_INIT;
	int r = prints_instead(server->options)
			? 0
			: policy_outputs__open(&server->outputs, &options, &err);

	return r < 0 ? session_fail("cannot give events to anybody", &err, r) : 0;
}

static void log_all(const struct err_list *errors, enum log_level level, const char *what)
{
	vec_for_each(errors, error)
		log_err(level, error, "%s", what);
}

static int add_policies(struct policy_server *server)
{
	struct err_list errors = { .len = 0 };
	struct policy_files files = { .unreadable = VEC_INIT };
	struct agent *agent = server->session.agent;
	int r = read_files(server, &files, &errors);

	log_all(&errors, r < 0 ? LOG_ERROR : LOG_WARN, r < 0 ? "policies" : "policy is left out");
	err_list__done(&errors);
	vec_for_each(&files.specs, spec)
		if (r == 0 && agent__add(agent, take_ptr(*spec), &errors) < 0 &&
		    server->options->is_strict)
			r = -EINVAL;
	log_all(&errors, r < 0 ? LOG_ERROR : LOG_WARN, r < 0 ? "policies" : "policy is left out");
	err_list__done(&errors);
	policy_files__done(&files);
	if (r == 0 && agent__config_count(agent) == 0) {
		log_error("no policy could be read");
		r = -ENOENT;
	}
	return r;
}

static int attach_policies(struct policy_server *server)
{
	struct agent *agent = server->session.agent;
	uint32_t running = 0;
	struct policy_view policy;

	for (uint32_t i = 0; i < agent__config_count(agent); i++) {
		struct err err = ERR_INIT;
		int r = session__attach(&server->session, i, &err);

		if (r < 0 && server->options->is_strict)
			return session_fail(agent__config(agent, i).name, &err, r);
		if (r < 0)
			log_err(LOG_WARN, &err, "'%s' is left out", agent__config(agent, i).name);
		err__done(&err);
	}
	for (uint32_t i = 0; policies__view(agent__policies(agent), i, &policy); i++)
		running += policy.state == POLICY_STATE_ENABLED;
	if (running == 0) {
		log_error("no policy can run here");
		return -ENOENT;
	}
	post_attach_mark();
	return 0;
}

static int start(struct policy_server *server)
{
	struct err err = ERR_INIT;
	int r = agent__start(server->session.agent, &err);

	return r < 0 ? session_fail("cannot start", &err, r) : 0;
}

static int listen_for_scrapes(struct policy_server *server)
{
	struct err err = ERR_INIT;
	int r;

	if (!server->options->metrics_server[0])
		return 0;
	r = session__listen(&server->session, server->options->metrics_server, &err);
	if (r < 0) {
		(void)err__wrap(&err, r, NULL, "cannot listen on '%s'",
				server->options->metrics_server);
		return session_fail("policies", &err, r);
	}
	log_info("Listening on %s, port %u", server->options->metrics_server,
		 service__port(server->session.service));
	return 0;
}

static int watch_files(struct policy_server *server)
{
	struct err err = ERR_INIT;
	int r = 0;

	for (size_t i = 0; server->options->watches && i < server->path_count && r == 0; i++)
		r = session__watch(&server->session, server->paths[i], &err);
	if (r < 0) /* SIGHUP is still there */
		log_err(LOG_WARN, &err, "Changes of files are not seen, going on without");
	err__done(&err);
	return 0;
}

/* ---- what is printed instead of running ---------------------------------------------------------------- */

static void format_policies(const struct policies *policies, struct strbuf *out)
{
	struct policy_view policy;

	for (uint32_t i = 0; policies__view(policies, i, &policy); i++) {
		struct policy_hook_view hook;

		strbuf__printf(out, "policy %s: %s, %s%s%s\n", policy.name,
			       policy_state_name(policy.state), policy.mode,
			       policy.error ? ": " : "", policy.error ? policy.error : "");
		for (uint32_t k = 0; policies__hook(policies, policy.id, k, &hook); k++)
			strbuf__printf(out, "  %s by %s, %u instructions\n", hook.hook, hook.how,
				       hook.instructions);
	}
}

/* 1: it has been printed, and that was all. */
static int print_instead(struct policy_server *server)
{
	const struct policies *policies = agent__policies(server->session.agent);
	struct strbuf text = STRBUF_INIT;
	int r;

	if (!prints_instead(server->options))
		return 0;
	if (server->options->dumps_ir)
		policies__format(policies, false, &text);
	if (server->options->dumps_instructions)
		policies__format(policies, true, &text);
	if (server->options->is_checking)
		format_policies(policies, &text);
	r = strbuf__status(&text);
	if (r == 0)
		r = fd_write_all(STDOUT_FILENO, text.data, text.len);
	strbuf__done(&text);
	if (r == -EPIPE) /* who has seen enough is no error */
		r = 0;
	if (r < 0)
		log_error("cannot print: %s", strerror(-r));
	return r < 0 ? r : 1;
}

/* ---- the command --------------------------------------------------------------------------------------- */

static void on_timeout(void *ctx)
{
	struct policy_server *server = ctx;

	loop__stop(server->session.loop, 0);
}

static int arm_timeout(struct policy_server *server)
{
	struct err err = ERR_INIT;
	int r;

	if (server->options->timeout_ns <= 0)
		return 0;
	r = loop__add_timer(server->session.loop, server->options->timeout_ns, 0, on_timeout,
			    server, &server->timer, &err);
	return r < 0 ? session_fail("cannot start", &err, r) : 0;
}

static int run_steps(struct policy_server *server)
{
	static int (*const steps[])(struct policy_server * server) = {
		open_session, open_outputs,       add_policies, attach_policies, print_instead,
		start,        listen_for_scrapes, watch_files,  arm_timeout,
	};

	for (size_t i = 0; i < array_size(steps); i++) {
		int r = steps[i](server);

		if (r != 0)
			return r < 0 ? r : 0;
	}
	log_info("Started in %lldms", (long long)session__age_ms(&server->session));
	session_notify("READY=1");
	return session__serve(&server->session);
}

int policy_serve(const struct policy_options *options, const char *const *paths, size_t count)
{
	struct policy_server server = { .options = options, .paths = paths, .path_count = count };
	int r;

	log_setup(&(struct log_options){ .level = options->is_debugging ? LOG_DEBUG : LOG_INFO });
	r = run_steps(&server);
	policy_outputs__close(&server.outputs);
	if (r == 0)
		r = server.output_error;
	if (server.timer)
		loop__remove(server.session.loop, server.timer);
	session__close(&server.session);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}
