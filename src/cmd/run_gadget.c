/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/num.h"
#include "cmd/gadget_flags.h"
#include "cmd/host_root.h"
#include "cmd/post_attach_mark.h"
#include "cmd/run_options.h"
#include "cmd/run_shared.h"
#include "cmd/run_specs.h"
#include "cmd/session.h"
#include "cmd/terminal.h"
#include "config/load.h"
#include "pipeline/agent.h"
#include "pipeline/gadget.h"
#include "pipeline/output.h"
#include "pipeline/service.h"
#include "pipeline/stream.h"

#define TELEMETRY_PATH "/metrics"
#define METRICS_ADDRESS ":2223"

/* How often it is looked whether everything has been shown: as often as tables can be read. */
#define LOOK_NS (20 * NS_PER_MS)
/* A reader that has not taken the rest by then does not get it. */
#define LAST_WRITE_NS (2 * NS_PER_S)

struct gadget_run {
	struct gadget_flags flags;
	struct run_options *options; /* owned; with values of parameters behind it */
	struct run_specs specs;
	struct who_filter filter;
	struct record_filters record_filters; /* of what is counted; the output has its own */
	struct session session;
	struct output *output; /* owned */
	struct loop_watch *timeout, *look, *resize;
	enum event_format format;
	uint32_t ring_bytes;   /* 0: nobody said */
	int output_error;      /* -errno: what ended it */
	uint32_t gadget_count; /* of the agent's configs, the first; probes stand behind them */
};

/* ---- what is asked for ---------------------------------------------------------------------------------- */

bool run_names_gadget(const struct invocation *invocation)
{
	struct gadget_flags flags = { .gadgets = VEC_INIT };
	bool is_any = !invocation->reader &&
		      gadget_flags__find(&flags, run_flag_set(), invocation->argc, invocation->argv,
					 NULL) == 0 &&
		      flags.gadgets.len > 0;

	gadget_flags__done(&flags);
	return is_any;
}

static int refuse_format(const char *name, struct err *err)
{
	const char *names[EVENT_FORMAT_COUNT], *nearest;
	struct strbuf known = STRBUF_INIT;
	int r;

	for (size_t i = 0; i < EVENT_FORMAT_COUNT; i++) {
		names[i] = event_format_name((enum event_format)i);
		strbuf__printf(&known, "%s%s", i ? ", " : "", names[i]);
	}
	nearest = str_nearest(name, names, EVENT_FORMAT_COUNT);
	r = err__set(err, -EINVAL, NULL, "--output: '%s' is no format; there are %s%s%s%s", name,
		     strbuf__text(&known), nearest ? "; did you mean '" : "",
		     nearest ? nearest : "", nearest ? "'?" : "");
	strbuf__done(&known);
	return r;
}

/* A gadget whose text names maps that are metrics is run to serve these, where the original of 2023 did. */
static void imply_metrics(struct gadget_run *run)
{
	struct run_options *options = run->options;
	bool is_any = false;

	vec_for_each(&run->flags.gadgets, gadget)
		is_any |= gadget->is_for_metrics;
	if (!is_any || options->format[0])
		return;
	options->has_metrics = true;
	if (!run_options__has_listen(options))
		options->listen_address = METRICS_ADDRESS;
}

#define RING_MIN_BYTES 4096
#define RING_MAX_BYTES (1u << 30)

static int read_ring_size(struct gadget_run *run, struct err *err)
{
	const char *text = run->options->ring_size;
	uint64_t bytes = 0;

	if (text[0] && (num_parse_bytes(text, strlen(text), &bytes) < 0 || bytes < RING_MIN_BYTES ||
			bytes > RING_MAX_BYTES))
		return err__set(err, -EINVAL, NULL,
				"--ring-size: '%s' is no size from 4K to 1G, as 512K or 16M", text);
	run->ring_bytes = (uint32_t)bytes;
	return 0;
}

/* What the flags' kinds cannot say. */
static int check_options(struct gadget_run *run, const struct flags_result *result, struct err *err)
{
	const struct run_options *options = run->options;
	int r;

	imply_metrics(run);
	/* Nobody has asked to see what is counted. */
	run->format = options->has_metrics ? EVENT_FORMAT_NONE : EVENT_FORMAT_COLUMNS;
	if (options->format[0]) {
		run->format = event_format_find(options->format);
		if (run->format == EVENT_FORMAT_COUNT)
			return refuse_format(options->format, err);
	}
	r = gadget_flags__bind(&run->flags, result, &run->specs.probes, err);
	if (r < 0)
		return r;
	if (options->timeout_ns < 0)
		return err__set(err, -EINVAL, NULL, "--timeout: it has to be 0 or more");
	if (read_ring_size(run, err) < 0)
		return -EINVAL;
	return ledger_flags__check(&options->ledger, err);
}

/* ---- bringing them up ---------------------------------------------------------------------------------- */

static int add_spec(struct gadget_run *run, struct spec *spec, struct err_list *errors)
{
	for (uint32_t i = 0; i < spec->warning_count; i++)
		log_at(LOG_DEBUG, &spec->warnings[i].at, "%s", spec->warnings[i].text);
	return agent__add(run->session.agent, spec, errors);
}

static int add_gadgets(struct gadget_run *run)
{
	int first = 0;

	for (size_t i = 0; i < run->flags.gadgets.len; i++) {
		struct err_list errors = { .len = 0 };
		struct spec *spec = NULL;
		int r = run_specs__open_gadget(&run->specs, i, &spec, &errors);

		if (r == 0)
			r = add_spec(run, spec, &errors);
		for (size_t k = 0; k < errors.len; k++)
			log_err(LOG_ERROR, &errors.items[k], "gadget '%s'",
				run->flags.gadgets.items[i].word);
		err_list__done(&errors);
		if (first == 0)
			first = r;
	}
	run->gadget_count = agent__config_count(run->session.agent);
	run_specs__close_gadgets(&run->specs);
	return first;
}

static int add_probes(struct gadget_run *run)
{
	struct err_list errors = { .len = 0 };
	struct spec_list list = { .len = 0 };
	int r = run_specs__read_probes(&run->specs, &list, &errors);

	for (size_t i = 0; i < list.len && r == 0; i++)
		r = add_spec(run, take_ptr(list.items[i]), &errors);
	for (size_t i = 0; i < errors.len; i++)
		log_err(LOG_ERROR, &errors.items[i], "run");
	err_list__done(&errors);
	spec_list__done(&list);
	return r;
}

/* Machines of a cluster have the folder of the one who runs pods, and processes of it are told where they are. */
static bool has_pods(void)
{
	const char *root = host_root();
	char *path = str_printf("%s/var/lib/kubelet", root ? root : "");
	bool is_there = path && access(path, F_OK) == 0;

	free(path);
	return is_there || getenv("KUBERNETES_SERVICE_HOST") != NULL;
}

static void on_closed(void *ctx, int error)
{
	struct gadget_run *run = ctx;

	run->output_error = error;
	if (error < 0)
		log_error("run: cannot write records: %s", strerror(-error));
	loop__stop(run->session.loop, 0);
}

static struct terminal_size terminal_size_of(int fd)
{
	const struct terminal terminal = { .in_fd = fd, .out_fd = fd };

	return isatty(fd) ? terminal__size(&terminal) : (struct terminal_size){ 0 };
}

/* Probes are nothing but their metrics. */
static bool serves(const struct gadget_run *run)
{
	return run->options->has_metrics || run->specs.probes.arguments.len > 0;
}

/* Records that nobody sees need not be made when all that is wanted is to count them. */
static bool shows_records(const struct gadget_run *run)
{
	return !run->options->has_metrics || run->format != EVENT_FORMAT_NONE;
}

static int open_output(struct gadget_run *run, struct err *err)
{
	const struct run_options *options = run->options;
	struct terminal_size size = terminal_size_of(STDOUT_FILENO);
	const struct output_options output = {
		.agent = run->session.agent,
		.loop = run->session.loop,
		.fd = STDOUT_FILENO,
		.format = run->format,
		.has_format = options->format[0] != '\0',
		.fields = options->fields[0] ? options->fields : NULL,
		.order = options->order[0] ? options->order : NULL,
		.max_entries = options->max_entries[0] ? options->max_entries : NULL,
		.filters = { options->filters.items, options->filters.count },
		.expressions = { options->expressions.items, options->expressions.count },
		.is_terminal = size.columns > 0,
		.is_colored = size.columns > 0 && !getenv("NO_COLOR"),
		.columns = (uint16_t)size.columns,
		.rows = (uint16_t)size.rows,
		.has_pods = has_pods(),
		.closed = on_closed,
		.ctx = run,
	};

	return output__new(&output, &run->output, err);
}

static int check_attached(const struct gadget_run *run, uint32_t config, struct err *err)
{
	struct config_view view = agent__config(run->session.agent, config);
	const struct part *missing = NULL;
	uint32_t attached = 0;

	for (uint32_t i = 0; i < view.part_count; i++) {
		const struct part *part = agent__part(run->session.agent, config, i);

		attached += part->state == PART_STATE_ATTACHED;
		if (part->state != PART_STATE_ATTACHED && !part->is_stood_in_for && !missing)
			missing = part;
	}
	if (missing && (attached == 0 || run->options->is_strict))
		return err__set(err, -ENOENT, NULL,
				"gadget '%s' cannot run here: prog '%s' (%s): %s", view.name,
				missing->name, missing->hook,
				missing->reason ? missing->reason : "no reason is known");
	return 0;
}

static int attach_gadgets(struct gadget_run *run, struct err *err)
{
	int started;

	for (uint32_t i = 0; i < agent__config_count(run->session.agent); i++) {
		struct config_view view = agent__config(run->session.agent, i);
		struct err reason = ERR_INIT;
		int r = session__attach(&run->session, i, &reason);

		if (r == 0)
			r = check_attached(run, i, &reason);
		/* A probe that cannot be had is no reason to show nothing. */
		if (r < 0 && (i < run->gadget_count || run->options->is_strict)) {
			*err = reason;
			return r;
		}
		if (r < 0)
			log_err(LOG_WARN, &reason, "probe '%s' is left out", view.name);
		err__done(&reason);
	}
	started = agent__start(run->session.agent, err);
	if (started >= 0 && run->output)
		output__begin(run->output);
	return started;
}

/* ---- while they run ------------------------------------------------------------------------------------- */

static void on_timeout(void *ctx)
{
	struct gadget_run *run = ctx;

	loop__stop(run->session.loop, 0);
}

static void look(void *ctx)
{
	struct gadget_run *run = ctx;

	if (agent__is_done(run->session.agent) && !serves(run))
		loop__stop(run->session.loop, 0);
}

static void on_resize(void *ctx, int signal_number)
{
	struct gadget_run *run = ctx;
	struct terminal_size size = terminal_size_of(STDOUT_FILENO);

	(void)signal_number;
	if (run->output)
		output__resize(run->output, (uint16_t)size.columns, (uint16_t)size.rows);
}

static int watch(struct gadget_run *run, struct err *err)
{
	struct loop *loop = run->session.loop;
	sigset_t signals;
	int r = loop__add_timer(loop, LOOK_NS, LOOK_NS, look, run, &run->look, err);

	sigemptyset(&signals);
	sigaddset(&signals, SIGWINCH);
	if (r == 0)
		r = loop__add_signals(loop, &signals, on_resize, run, &run->resize, err);
	if (r == 0 && run->options->timeout_ns > 0)
		r = loop__add_timer(loop, run->options->timeout_ns, 0 /* once */, on_timeout, run,
				    &run->timeout, err);
	return r;
}

/* What was lost is never silent. */
static void tell_losses(const struct gadget_run *run)
{
	struct agent *agent = run->session.agent;

	for (uint32_t config = 0; config < agent__config_count(agent); config++) {
		for (uint32_t i = 0; i < agent__stream_count(agent, config); i++) {
			const struct stream *stream = agent__stream(agent, config, i);
			struct stream_figures figures;

			if (!stream)
				continue;
			stream__figures(stream, &figures);
			if (figures.lost > 0)
				log_warn(
					"%s: data source '%s': %llu events were lost, %llu received; the map '%s' was full",
					agent__config(agent, config).name,
					stream__spec(stream)->name,
					(unsigned long long)figures.lost,
					(unsigned long long)figures.received,
					stream__spec(stream)->map);
			if (figures.cut > 0)
				log_warn(
					"%s: data source '%s': %llu rows were left out, there were too many",
					agent__config(agent, config).name,
					stream__spec(stream)->name,
					(unsigned long long)figures.cut);
		}
	}
}

static int serve(struct gadget_run *run)
{
	int r = loop__run(run->session.loop);

	agent__finish(run->session.agent);
	if (run->output)
		output__finish(run->output, LAST_WRITE_NS);
	tell_losses(run);
	return r;
}

/* Where: on the side, for records go to the standard output. */
static int listen_for_scrapes(struct gadget_run *run, struct err *err)
{
	const char *address = run->options->listen_address;
	const char *colon = strrchr(address, ':');
	int host_len = colon ? (int)(colon - address) : 0;
	int r = session__listen(&run->session, address, err);

	if (r < 0)
		return err__wrap(err, r, NULL, "cannot listen on %s", address);
	fprintf(stderr, "metrics    %s://%.*s:%u" TELEMETRY_PATH "\n",
		service__scheme(run->session.service), host_len > 0 ? host_len : 9,
		host_len > 0 ? address : "127.0.0.1", service__port(run->session.service));
	return 0;
}

/* ---- when they are read again ---- */

static int replace(struct gadget_run *run, struct spec_list *list, bool *ret_is_replaced,
		   struct err_list *errors)
{
	const struct reload_options wish = { .is_lenient = false };
	struct err err = ERR_INIT;
	int r, shown = 0;

	if (run->output)
		output__let_go(run->output);
	r = agent__reload(run->session.agent, list->items, list->len, &wish, ret_is_replaced,
			  errors);
	if (run->output)
		shown = output__take_up(run->output, &err);
	/* What is shown may have other fields by now, and a filter none to ask for. */
	if (shown < 0) {
		err_list__add(errors, &err);
		loop__stop(run->session.loop, shown);
	} else if (run->output) {
		output__begin(run->output);
	}
	err__done(&err);
	return r < 0 ? r : shown;
}

static int reload(void *ctx, bool *ret_is_replaced, struct err_list *errors)
{
	struct gadget_run *run = ctx;
	struct spec_list list = { .len = 0 };
	int r = run_specs__read(&run->specs, &list, errors);

	if (r == 0)
		r = replace(run, &list, ret_is_replaced, errors);
	else
		agent__note_failed_reload(run->session.agent);
	spec_list__done(&list);
	run_specs__close_gadgets(&run->specs);
	return r;
}

static int run_all(struct gadget_run *run, struct err *err)
{
	const struct session_options options = {
		.is_strict = run->options->is_strict,
		.is_debugging = run->options->is_debugging,
		.hides_library = !run->options->is_debugging,
		.leaves_programs_alone = !run->options->may_rewrite,
		.title = "sonde",
		.telemetry_path = TELEMETRY_PATH,
		.web_config = run->options->web_config,
		.prefers_openmetrics = run->options->prefers_openmetrics,
		.filter = &run->filter,
		.runtime_sockets = &run->options->runtime.sockets,
		.runtime_timeout_ns = run->options->runtime.timeout_ns,
		.record_filters = &run->record_filters,
		.has_no_consumers = !shows_records(run),
		.ring_bytes = run->ring_bytes,
		.ledger_interval_ns = serves(run) ? run->options->ledger.interval_ns : 0,
		.ledger_window_ns = run->options->ledger.window_ns,
		.reload = reload,
		.read_ctx = run,
		.has_reload_by_http = run->options->has_lifecycle,
		.ends_at_hangup = shows_records(run) && isatty(STDOUT_FILENO),
	};
	int r = session__open(&run->session, &options, err);

	if (r == 0)
		r = add_gadgets(run);
	if (r == 0)
		r = add_probes(run);
	if (r == 0 && shows_records(run))
		r = open_output(run, err);
	if (r == 0)
		r = attach_gadgets(run, err);
	if (r == 0)
		r = watch(run, err);
	if (r == 0 && serves(run))
		r = listen_for_scrapes(run, err);
	if (r < 0)
		return r;
	post_attach_mark();
	log_debug("%zu gadgets are attached", run->flags.gadgets.len);
	return serve(run);
}

static void close_all(struct gadget_run *run)
{
	struct loop *loop = run->session.loop;

	if (loop) {
		run->timeout = loop__remove(loop, run->timeout);
		run->look = loop__remove(loop, run->look);
		run->resize = loop__remove(loop, run->resize);
	}
	run->output = output__free(run->output);
	session__close(&run->session);
	run_specs__done(&run->specs);
	gadget_flags__done(&run->flags);
	free(run->options);
}

/* ---- beside an agent ------------------------------------------------------------------------------------ */

/* What the agent cannot do for one of its clients is done here. */
static bool may_be_shared(const struct gadget_run *run)
{
	const struct run_options *options = run->options;

	for (size_t i = 0; i < WHO_SUBJECT_COUNT; i++)
		if (options->who[i].count > 0)
			return false;
	return run->flags.gadgets.len == 1 && run->specs.probes.arguments.len == 0 &&
	       !options->has_metrics && !options->is_strict &&
	       options->runtime.sockets.count == 0 && options->may_rewrite &&
	       !str_eq(options->agent_socket, "none");
}

/* 1: it has been shown; 0: it is to be run here. */
static int show_shared(struct gadget_run *run, struct err *err)
{
	struct terminal_size size = terminal_size_of(STDOUT_FILENO);
	struct run_shared shared = {
		.options = run->options,
		.path = run->flags.gadgets.items[0].path,
		.is_colored = size.columns > 0 && !getenv("NO_COLOR"),
		.has_pods = has_pods(),
		.columns = (uint16_t)size.columns,
		.rows = (uint16_t)size.rows,
	};
	int r;

	if (!may_be_shared(run))
		return 0;
	r = gadget_flags__values(&run->flags, run->options, 0, &run->options->params,
				 &shared.values, &shared.value_count, NULL);
	return r < 0 ? 0 : run_shared(&shared, err); /* running it here tells what is wrong */
}

/* ---- the command ---------------------------------------------------------------------------------------- */

/* The gadgets, and the flags that their parameters are. */
static int read_gadgets(struct gadget_run *run, const struct invocation *invocation)
{
	struct err_list errors = { .len = 0 };
	struct err err = ERR_INIT;
	int r = gadget_flags__find(&run->flags, run_flag_set(), invocation->argc, invocation->argv,
				   &err);

	if (r < 0)
		err_list__add(&errors, &err);
	if (r == 0)
		r = gadget_flags__make(&run->flags, run_flag_set(), sizeof(*run->options), &errors);
	for (size_t i = 0; i < errors.len; i++)
		log_err(LOG_ERROR, &errors.items[i], "run");
	err_list__done(&errors);
	if (r < 0)
		return r;
	run->options = calloc(1, gadget_flags__options_size(&run->flags));
	return run->options ? 0 : -ENOMEM;
}

int run_gadgets(const struct invocation *invocation)
{
	struct gadget_run run = { .flags = { .gadgets = VEC_INIT } };
	struct flags_result result = FLAGS_RESULT_INIT;
	struct err err = ERR_INIT;
	int status = STATUS_FAILED, r;

	log_setup(&(struct log_options){ .level = LOG_WARN, .has_no_timestamps = true });
	r = read_gadgets(&run, invocation);
	if (r < 0 || !command_parse(invocation, &run.flags.set, STATUS_USAGE, run.options, &result,
				    &status)) {
		close_all(&run);
		return status;
	}
	if (check_options(&run, &result, &err) < 0) {
		close_all(&run);
		return command_refuse(invocation, &result, &err, STATUS_USAGE);
	}
	if (run.options->is_debugging)
		log_setup(&(struct log_options){ .level = LOG_DEBUG, .has_no_timestamps = true });
	run_options__who(run.options, &run.filter);
	run.specs.flags = &run.flags;
	run.specs.options = run.options;
	run.record_filters = (struct record_filters){
		.conditions = run.options->filters.items,
		.condition_count = run.options->filters.count,
		.expressions = run.options->expressions.items,
		.expression_count = run.options->expressions.count,
	};
	r = show_shared(&run, &err);
	if (r == 0)
		r = run_all(&run, &err);
	if (err__is_set(&err))
		log_err(LOG_ERROR, &err, "run");
	err__done(&err);
	close_all(&run);
	flags_result__done(&result);
	if (r == 0)
		r = run.output_error; /* it has been told */
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}
