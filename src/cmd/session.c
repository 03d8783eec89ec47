/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/session.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file_watch.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cmd/capabilities.h"
#include "cmd/flags.h"
#include "cmd/host_root.h"
#include "cmd/version.h"
#include "config/load.h"
#include "pipeline/agent.h"
#include "pipeline/service.h"

void session_log_library(void *ctx, int level, const char *line)
{
	/* enum libbpf_print_level */
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = { { "warn", LOG_WARN }, { "info", LOG_INFO }, { "debug", LOG_DEBUG } };
	size_t index = level >= 0 && (size_t)level < array_size(levels) ? (size_t)level : 0;

	(void)ctx;
	log_at(levels[index].level, NULL, "libbpf [%s]: %s", levels[index].name, line);
}

void session_notify(const char *state)
{
	struct err err = ERR_INIT;

	if (service_notify(state, &err) < 0)
		log_err(LOG_WARN, &err, "Service manager not told, ignoring");
	err__done(&err);
}

int64_t session__age_ms(const struct session *session)
{
	return (clock_monotonic_ns() - session->started_ns) / NS_PER_MS;
}

int session_fail(const char *what, struct err *err, int code)
{
	if (err__is_set(err))
		log_err(LOG_ERROR, err, "%s", what);
	else
		log_error("%s: %s", what, strerror(-code));
	err__done(err);
	return code;
}

int session_fail_all(const char *what, struct err_list *errors, int code)
{
	for (size_t i = 0; i < errors->len; i++)
		log_err(LOG_ERROR, &errors->items[i], "%s", what);
	if (errors->dropped > 0)
		log_error("%s: %zu more errors", what, errors->dropped);
	err_list__done(errors);
	return code;
}

void session_log_cause(enum log_level level, const char *config, const struct part *part)
{
	struct err err = ERR_INIT;

	if (!part->cause || !log_is_on(level))
		return;
	(void)err__set(&err, -ECANCELED, NULL, "%s", part->reason ? part->reason : "it failed");
	err__cause(&err, part->cause);
	log_err(level, &err, "config '%s': prog '%s'", config, part->name);
	err__done(&err);
}

static void log_missing_parts(const struct session *session, uint32_t config)
{
	struct config_view view = agent__config(session->agent, config);

	for (uint32_t i = 0; i < view.part_count; i++) {
		const struct part *part = agent__part(session->agent, config, i);

		if (part->state == PART_STATE_ATTACHED || part->is_stood_in_for)
			continue;
		log_warn("Failed to attach program \"%s\" for config \"%s\": %s", part->name,
			 view.name, part->reason ? part->reason : "no reason is known");
		session_log_cause(LOG_DEBUG, view.name, part);
	}
}

/* ---- reload ---- */

void spec_list__done(struct spec_list *list)
{
	vec_for_each(list, spec)
		spec__free(*spec);
	vec_done(list);
}

/* Protocol of Type=notify-reload: the manager waits for the READY=1 that follows. */
static void notify_reloading(void)
{
	char state[64];

	(void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
		       (long long)(clock_monotonic_ns() / 1000));
	session_notify(state);
}

static int read_and_reload(struct session *session, bool *ret_is_replaced, struct err_list *errors)
{
	const struct session_options *options = &session->options;
	const struct reload_options wish = { .is_lenient = options->is_lenient };
	struct spec_list specs = { .len = 0 };
	int r;

	*ret_is_replaced = false;
	if (options->reload)
		return options->reload(options->read_ctx, ret_is_replaced, errors);
	r = options->read(options->read_ctx, &specs, errors);
	if (r == 0)
		r = agent__reload(session->agent, specs.items, specs.len, &wish, ret_is_replaced,
				  errors);
	else
		agent__note_failed_reload(session->agent);
	spec_list__done(&specs);
	return r;
}

static void log_errors(struct err_list *errors, bool is_bad, struct strbuf *out)
{
	char text[1024];

	for (size_t i = 0; i < errors->len; i++) {
		(void)err__format(&errors->items[i], text, sizeof(text));
		log_err(is_bad ? LOG_ERROR : LOG_WARN, &errors->items[i], "Error reloading");
		strbuf__printf(out, "%s\n", text);
	}
	if (errors->dropped > 0)
		strbuf__printf(out, "and %zu more errors\n", errors->dropped);
}

int session__reload(void *ctx, struct strbuf *out)
{
	struct session *session = ctx;
	struct err_list errors = { .len = 0 };
	int64_t began_ns = clock_monotonic_ns();
	bool is_replaced;
	int r;

	notify_reloading();
	r = read_and_reload(session, &is_replaced, &errors);
	log_errors(&errors, r < 0, out);
	err_list__done(&errors);
	if (r < 0) {
		log_error(is_replaced ? "Reloaded in part: what the errors name does not run"
				      : "Not reloaded: what ran goes on");
	} else {
		log_info("Reloaded in %lldms",
			 (long long)((clock_monotonic_ns() - began_ns) / NS_PER_MS));
		for (uint32_t i = 0; i < agent__config_count(session->agent); i++)
			log_missing_parts(session, i);
		strbuf__add_text(out, "reloaded\n");
	}
	session_notify("READY=1");
	return r;
}

static void on_hangup(struct session *session)
{
	struct strbuf out = STRBUF_INIT;

	log_info("Received signal: hangup");
	(void)session__reload(session, &out); /* the log has said it all */
	strbuf__done(&out);
}

/* ---- files that change ---- */

static void on_change(void *ctx)
{
	struct session *session = ctx;
	struct strbuf out = STRBUF_INIT;

	log_info("Files have changed");
	(void)session__reload(session, &out); /* the log has said it all */
	strbuf__done(&out);
}

int session__watch(struct session *session, const char *path, struct err *err)
{
	int r = session->files ? 0
			       : file_watch__new(session->loop, ".yaml", on_change, session,
						 &session->files, err);

	return r < 0 ? r : file_watch__add(session->files, path, err);
}

/* ---- signals ---- */

static void on_signal(void *ctx, int signal_number)
{
	struct session *session = ctx;

	if (signal_number == SIGHUP && !session->options.ends_at_hangup) {
		on_hangup(session);
		return;
	}
	log_info("Received signal: %s", signal_number == SIGINT ? "interrupt" : "terminated");
	loop__stop(session->loop, 0);
}

static int watch_signals(struct session *session, struct err *err)
{
	sigset_t signals;

	/* A client that leaves is an error of one send(), and stdout may be a closed pipe. */
	(void)signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	if (session->options.read || session->options.reload)
		sigaddset(&signals, SIGHUP);
	return loop__add_signals(session->loop, &signals, on_signal, session, &session->signals,
				 err);
}

int session__open(struct session *session, const struct session_options *options, struct err *err)
{
	*session = (struct session){ .options = *options, .started_ns = clock_monotonic_ns() };

	int r = loop__new(&session->loop, err);

	if (r == 0)
		r = watch_signals(session, err);
	if (r < 0)
		return r;

	const struct agent_options agent_options = {
		.loop = session->loop,
		.root = options->host_root && options->host_root[0] ? options->host_root
								    : host_root(),
		.btf_path = options->btf_path && options->btf_path[0] ? options->btf_path : NULL,
		.is_strict = options->is_strict,
		.uses_kernel_syscall_names = options->uses_kernel_syscall_names,
		.leaves_programs_alone = options->leaves_programs_alone,
		.ledger_interval_ns = options->ledger_interval_ns,
		.ledger_window_ns = options->ledger_window_ns,
		.filter = options->filter,
		.runtime_sockets = options->runtime_sockets ? options->runtime_sockets->items
							    : NULL,
		.runtime_socket_count = options->runtime_sockets ? options->runtime_sockets->count
								 : 0,
		.runtime_timeout_ns = options->runtime_timeout_ns,
		.record_filters = options->record_filters,
		.has_no_consumers = options->has_no_consumers,
		.ring_bytes = options->ring_bytes,
		.isolates_configs = options->isolates_configs,
		.policies = options->policies,
		.policy_mode = options->policy_mode,
		.series_limit = options->series_limit,
		.label_cache_keys = options->label_cache_keys,
		.log_library = options->hides_library ? NULL : session_log_library,
		.version = version_number(),
		.revision = version_revision(),
		.branch = version_branch(),
	};

	return agent__new(&agent_options, &session->agent, err);
}

int session__attach(struct session *session, uint32_t config, struct err *err)
{
	int r = capabilities__check_bpf(err);

	if (r == 0)
		r = agent__load(session->agent, config, err);
	if (r == 0)
		r = agent__attach(session->agent, config, err);
	if (r == 0)
		log_missing_parts(session, config);
	return r;
}

int session__listen(struct session *session, const char *address, struct err *err)
{
	const struct service_options options = {
		.loop = session->loop,
		.agent = session->agent,
		.title = session->options.title,
		.version = version_number(),
		.telemetry_path = session->options.telemetry_path,
		.has_maps = session->options.is_debugging,
		.prefers_openmetrics = session->options.prefers_openmetrics,
		.web_config = session->options.web_config,
		.reload = session->options.has_reload_by_http ? session__reload : NULL,
		.reload_ctx = session,
	};
	int r = service__new(&options, &session->service, err);

	return r < 0 ? r : service__listen(session->service, address, err);
}

int session__serve(struct session *session)
{
	/* Types of the kernel and objects were read and forgotten: glibc keeps the memory unless asked. */
	(void)malloc_trim(0);

	int r = loop__run(session->loop);

	if (r < 0) {
		log_error("Error serving HTTP: %s", strerror(-r));
		return r;
	}
	session_notify("STOPPING=1");

	int64_t began_ns = clock_monotonic_ns();

	agent__detach(session->agent);
	log_info("Detached in %lldms", (long long)((clock_monotonic_ns() - began_ns) / NS_PER_MS));
	return 0;
}

void session__close(struct session *session)
{
	/* Replies on their way are told to the agent, which watches descriptors of the loop. */
	session->service = service__free(session->service);
	session->agent = agent__free(session->agent);
	session->files = file_watch__free(session->files);
	if (session->loop)
		session->signals = loop__remove(session->loop, session->signals);
	session->loop = loop__free(session->loop);
}
