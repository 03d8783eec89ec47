/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/configs.h"
#include "cmd/params.h"
#include "cmd/post_attach_mark.h"
#include "cmd/probes.h"
#include "cmd/run_options.h"
#include "cmd/run_specs.h"
#include "cmd/session.h"
#include "cmd/table.h"
#include "cmd/version.h"
#include "config/load.h"
#include "pipeline/agent.h"
#include "pipeline/service.h"
#include "pipeline/who_filter.h"

#define TELEMETRY_PATH "/metrics"

struct run {
	struct run_options options;
	const struct flags_result *result; /* borrowed; its arguments name the probes */
	struct param_settings params;
	struct who_filter filter; /* of the options' lists */
	struct session session;
	struct table summary; /* probe, its metrics, what they count; or why it does not run */
	uint32_t running, total;
};

/* ---- starting them ------------------------------------------------------------------------------------- */

static void add_line(struct run *run, const char *name, const char *metric, const char *text)
{
	const char *const cells[] = { "", name, metric, text };

	table__add_row(&run->summary, cells);
}

static void add_left_out(struct run *run, const char *name, const struct err *err)
{
	char reason[1024];

	(void)err__format(err, reason, sizeof(reason));
	add_line(run, name, "left out", reason);
	log_debug("probe '%s' is left out: %s", name, reason);
}

/* The help of its metrics says best what a probe is for. */
static void add_running(struct run *run, const char *name, uint32_t config)
{
	struct config_view view = agent__config(run->session.agent, config);

	for (uint32_t i = 0; i < view.metric_count; i++) {
		struct metric_view metric = agent__metric(run->session.agent, config, i);

		add_line(run, i == 0 ? name : "", metric.name,
			 metric.error ? metric.error : metric.help);
	}
	run->running++;
}

static uint32_t count_attached(const struct agent *agent, uint32_t config)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < agent__config(agent, config).part_count; i++)
		count += agent__part(agent, config, i)->state == PART_STATE_ATTACHED;
	return count;
}

static int why_nothing_attached(const struct agent *agent, uint32_t config, struct err *err)
{
	const struct part *first = agent__config(agent, config).part_count
					   ? agent__part(agent, config, 0)
					   : NULL;

	return err__set(err, -ENOENT, NULL, "%s: %s", first ? first->hook : "object",
			first && first->reason ? first->reason : "nothing could be attached");
}

static void attach_probe(struct run *run, const char *name, uint32_t config)
{
	struct err err = ERR_INIT;
	int r = session__attach(&run->session, config, &err);

	if (r == 0 && count_attached(run->session.agent, config) == 0)
		r = why_nothing_attached(run->session.agent, config, &err);
	if (r < 0)
		add_left_out(run, name, &err);
	else
		add_running(run, name, config);
	err__done(&err);
}

/* A probe on its way: read, and if that went well given to the agent later. */
struct pending_probe {
	const char *name; /* in the arena of the paths, as path is */
	const char *path;
	struct spec *spec; /* owned; NULL: it cannot be read */
	struct err err;    /* why */
};

struct pending_probes {
	VEC(struct pending_probe) list;
};

static void pending_done(struct pending_probes *pending)
{
	vec_for_each(&pending->list, probe) {
		spec__free(probe->spec);
		err__done(&probe->err);
	}
	vec_done(&pending->list);
}

/* Moves the first of the list, which says enough. */
static void keep_first(struct err_list *errors, struct err *ret_err)
{
	if (errors->len > 0) {
		*ret_err = errors->items[0];
		errors->items[0] = (struct err)ERR_INIT;
	}
	err_list__done(errors);
}

/* A probe that cannot be read is left out; a parameter that cannot be set is a slip of the hand and ends it all, before
 * anything is attached. */
static int read_probe(struct run *run, const struct config_path *path,
		      struct pending_probes *pending, struct err *err)
{
	struct err_list errors = { .len = 0 };
	struct pending_probe probe = { .name = path->name, .path = path->path };
	int r = config_read_file(path->path, &probe.spec, &errors);

	if (r < 0)
		keep_first(&errors, &probe.err);
	r = probe.spec ? param_settings__apply(&run->params, probe.spec, err) : 0;
	if (r == 0 && vec_push(&pending->list, probe) < 0)
		r = err__set(err, -ENOMEM, NULL, "no memory for the list of probes");
	if (r < 0) {
		spec__free(probe.spec);
		err__done(&probe.err);
	}
	return r;
}

static void start_probe(struct run *run, struct pending_probe *probe)
{
	struct err_list errors = { .len = 0 };
	uint32_t config = agent__config_count(run->session.agent);

	run->total++;
	if (!probe->spec) {
		/* Without memory the page says less than the summary. */
		(void)agent__add_unreadable(run->session.agent, probe->name, probe->path,
					    &probe->err);
	} else if (agent__add(run->session.agent, take_ptr(probe->spec), &errors) == 0) {
		attach_probe(run, probe->name, config);
		return;
	}
	if (errors.len > 0)
		keep_first(&errors, &probe->err);
	add_left_out(run, probe->name, &probe->err);
}

static int read_probes(struct run *run, const struct config_paths *paths,
		       const struct flags_result *result, struct pending_probes *pending,
		       struct err *err)
{
	vec_for_each(paths, path) {
		int r = probe_is_wanted(path->name, result) ? read_probe(run, path, pending, err)
							    : 0;

		if (r < 0)
			return r;
	}
	return param_settings__check_applied(&run->params, err);
}

static int start_probes(struct run *run, struct err *err)
{
	struct config_paths paths = { .len = 0 };
	struct pending_probes pending = { .list = VEC_INIT };
	int r = probes_find(run->options.probe_dir, run->result, &paths, err);

	if (r == 0)
		r = read_probes(run, &paths, run->result, &pending, err);
	if (r == 0)
		vec_for_each(&pending.list, probe)
			start_probe(run, probe);
	pending_done(&pending);
	config_paths__done(&paths);
	if (r == 0 && run->running > 0)
		post_attach_mark();
	return r;
}

/* ---- reading them again -------------------------------------------------------------------------------- */

/* Probes may have come, gone and changed; what was asked for is as it was. */
static int read_anew(void *ctx, struct spec_list *specs, struct err_list *errors)
{
	const struct run *run = ctx;

	return probe_specs_read(&run->options, run->result, &run->options.params, specs, errors);
}

/* ---- what the person sees ------------------------------------------------------------------------------ */

static void add_urls(const struct run *run, struct strbuf *out)
{
	const char *address = run->options.listen_address;
	const char *colon = strrchr(address, ':');
	int host_len = colon ? (int)(colon - address) : 0;
	const char *host = host_len > 0 ? address : "127.0.0.1";
	const char *scheme = service__scheme(run->session.service);

	if (host_len == 0)
		host_len = (int)strlen(host);
	strbuf__printf(out,
		       "metrics    %s://%.*s:%u" TELEMETRY_PATH "\nwhat runs  %s://%.*s:%u/\n"
		       "its costs  sonde top %s://%.*s:%u\n",
		       scheme, host_len, host, service__port(run->session.service), scheme,
		       host_len, host, service__port(run->session.service), scheme, host_len, host,
		       service__port(run->session.service));
}

static void print_summary(struct run *run)
{
	struct strbuf out = STRBUF_INIT;

	strbuf__printf(&out, "sonde %s: %u of %u probes run\n\n", version_number(), run->running,
		       run->total);
	table__write(&run->summary, terminal_width(STDOUT_FILENO), &out);
	if (run->params.without.len > 0)
		strbuf__printf(&out, "\nNot split by %s, having no such switch: %s\n",
			       run->params.by, strbuf__text(&run->params.without));
	strbuf__add_char(&out, '\n');
	if (run->session.service) {
		add_urls(run, &out);
		strbuf__add_text(&out, "Ctrl-C ends it.\n");
	}
	(void)fd_write_all(STDOUT_FILENO, out.data,
			   out.len); /* it runs also when nobody reads this */
	strbuf__done(&out);
}

static int run_probes(struct run *run, struct err *err)
{
	const struct session_options options = {
		.is_debugging = run->options.is_debugging,
		.hides_library = !run->options.is_debugging,
		.leaves_programs_alone = !run->options.may_rewrite,
		.title = "sonde",
		.telemetry_path = TELEMETRY_PATH,
		.web_config = run->options.web_config,
		.ledger_interval_ns = run->options.ledger.interval_ns,
		.ledger_window_ns = run->options.ledger.window_ns,
		.read = read_anew,
		.read_ctx = run,
		.filter = &run->filter,
		.runtime_sockets = &run->options.runtime.sockets,
		.runtime_timeout_ns = run->options.runtime.timeout_ns,
		.is_lenient = true,
		.has_reload_by_http = run->options.has_lifecycle,
		.prefers_openmetrics = run->options.prefers_openmetrics,
	};
	int r = param_settings__parse(&run->params, &run->options.params, run->options.by, err);

	run_options__who(&run->options, &run->filter);
	if (r == 0)
		r = service_check_web_config(run->options.web_config, err);
	if (r == 0)
		r = session__open(&run->session, &options, err);
	if (r == 0)
		r = start_probes(run, err);
	if (r < 0)
		return r;
	if (run->running == 0) {
		print_summary(run);
		return err__set(err, -ENOENT, NULL, "no probe can run here");
	}
	r = agent__start(run->session.agent, err);
	if (r < 0)
		return r;
	r = session__listen(&run->session, run->options.listen_address, err);
	if (r < 0)
		return err__wrap(err, r, NULL, "cannot listen on %s", run->options.listen_address);
	print_summary(run);
	session_notify("READY=1");
	return session__serve(&run->session);
}

int command_run(const struct invocation *invocation)
{
	struct flags_result result = FLAGS_RESULT_INIT;
	struct run run = { .result = &result,
			   .params = PARAM_SETTINGS_INIT,
			   .summary = TABLE_INIT(4) };
	struct err err = ERR_INIT;
	int status;

	if (run_names_gadget(invocation))
		return run_gadgets(invocation);
	if (!command_parse(invocation, run_flag_set(), STATUS_USAGE, &run.options, &result,
			   &status))
		return status;
	if (ledger_flags__check(&run.options.ledger, &err) < 0)
		return command_refuse(invocation, &result, &err, STATUS_USAGE);
	log_setup(
		&(struct log_options){ .level = run.options.is_debugging ? LOG_DEBUG : LOG_INFO });

	int r = run_probes(&run, &err);

	if (err__is_set(&err))
		log_err(LOG_ERROR, &err, "run");
	session__close(&run.session);
	table__done(&run.summary);
	param_settings__done(&run.params);
	err__done(&err);
	flags_result__done(&result);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}
