/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/agent.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cmd/agent_parts.h"
#include "cmd/capabilities.h"
#include "cmd/command.h"
#include "cmd/post_attach_mark.h"
#include "cmd/version.h"
#include "config/load.h"
#include "pipeline/agent.h"
#include "pipeline/control.h"
#include "pipeline/service.h"

#define DEFAULT_LISTEN "127.0.0.1:9435"
#define DEFAULT_TELEMETRY_PATH "/metrics"
#define DEFAULT_FILE "/etc/sonde/sonde.yaml"
#define NO_SOCKET "none"

#define VALUE(member) offsetof(struct agent_command_options, member)

static const struct flag flags[] = {
	{ .name = "config",
	  .letter = 'c',
	  .kind = FLAG_TEXT,
	  .offset = VALUE(config),
	  .initial = DEFAULT_FILE,
	  .help = "The file that says what to run, and how." },
	{ .name = "check",
	  .kind = FLAG_BOOL,
	  .offset = VALUE(is_checking),
	  .help = "Print what would run, or what is wrong, and end; nothing is loaded." },
	{ .name = "listen",
	  .kind = FLAG_TEXT,
	  .offset = VALUE(listen_address),
	  .help = "Where to listen for HTTP, instead of the file's listen.address." },
	{ .name = "control.socket",
	  .kind = FLAG_TEXT,
	  .offset = VALUE(control_socket),
	  .help = "Path of the control socket, instead of the file's control.socket; none: there is none." },
	{ .name = "watch",
	  .kind = FLAG_BOOL,
	  .offset = VALUE(watches),
	  .help = "Reload when the file, or a file that it names, changes; as on SIGHUP." },
	{ .name = "debug",
	  .kind = FLAG_BOOL,
	  .offset = VALUE(is_debugging),
	  .help = "Log debug messages, serve raw maps at /maps." },
	{ .name = "log.no-timestamps",
	  .kind = FLAG_BOOL,
	  .offset = VALUE(has_no_timestamps),
	  .help = "Leave date and time off log lines." },
};

static const struct flag_set flag_set = {
	.help = "Runs what a file lists, in any mix of languages: configs of ebpf_exporter, gadgets, metrics of gadgets, "
		"policies and shipped probes; in one process, behind one listener.",
	.flags = flags,
	.flag_count = array_size(flags),
};

static void log_all(struct err_list *errors, enum log_level level, const char *what)
{
	for (size_t i = 0; i < errors->len; i++)
		log_err(level, &errors->items[i], "%s", what);
	if (errors->dropped > 0)
		log_at(level, NULL, "%s: %zu more errors", what, errors->dropped);
	err_list__done(errors);
}

/* ---- the file ------------------------------------------------------------------------------------------- */

static const char *text_or(const struct spec_text *text, const char *otherwise)
{
	return text->text ? text->text : otherwise;
}

const char *agent_run__path(struct agent_run *run, const struct spec_text *path)
{
	if (!path->text || path->text[0] == '/' || !path->text[0])
		return text_or(path, "");
	return arena__printf(&run->arena, "%s/%s", run->folder, path->text);
}

static struct who_names names_of(struct agent_run *run, const struct bind_list *list)
{
	const struct spec_text *texts = list->items;
	const char **names = arena_array(&run->arena, const char *, (size_t)list->count + 1);

	for (uint32_t i = 0; names && i < list->count; i++)
		names[i] = text_or(&texts[i], "");
	return (struct who_names){ names, names ? list->count : 0 };
}

static void bind_lists(struct agent_run *run)
{
	const struct agent_only *only = &run->file.only;
	const struct bind_list *lists[WHO_SUBJECT_COUNT] = {
		[WHO_CONTAINER] = &only->container, [WHO_POD] = &only->pod,
		[WHO_NAMESPACE] = &only->namespace, [WHO_UNIT] = &only->unit,
		[WHO_USER] = &only->user,
	};
	struct who_names sockets = names_of(run, &run->file.identity.runtime_sockets);

	for (size_t i = 0; i < WHO_SUBJECT_COUNT; i++)
		run->filter.names[i] = names_of(run, lists[i]);
	run->runtime_sockets.items = sockets.items;
	run->runtime_sockets.count = sockets.count;
}

static int read_file(struct agent_run *run)
{
	const char *path = run->options->config;
	const char *slash = strrchr(path, '/');
	struct err_list errors = { .len = 0 };
	int r;

	run->folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path))
			    : strdup(".");
	if (!run->folder)
		return -ENOMEM;
	r = agent_run__read_file(run, &run->arena, &run->file, &errors);
	/* Of what is to run there is a copy, which goes with the next reload. */
	if (r == 0)
		r = agent_run__read_file(run, &run->parts_arena, &run->wanted, &errors);
	if (r == 0)
		bind_lists(run);
	else
		log_all(&errors, LOG_ERROR, "agent");
	err_list__done(&errors);
	return r;
}

static int check_web_config(struct agent_run *run)
{
	const char *path = agent_run__path(run, &run->file.listen.web_config);
	struct err err = ERR_INIT;
	int r = path ? service_check_web_config(path, &err) : -ENOMEM;

	return r < 0 ? session_fail("Error reading the web config", &err, r) : 0;
}

static const char *main_address(const struct agent_run *run)
{
	return run->options->listen_address[0] ? run->options->listen_address
					       : text_or(&run->file.listen.address, DEFAULT_LISTEN);
}

/* Where the file says it, when it does. */
static int fail_listen(const char *address, const struct spec_text *text, struct err *err, int r)
{
	bool is_of_file = text->text && str_eq(text->text, address);

	if (!err__is_set(err))
		(void)err__set(err, r, NULL, "%s", strerror(-r));
	(void)err__wrap(err, r, is_of_file ? &text->at : NULL, "cannot listen on '%s'", address);
	return session_fail("agent", err, r);
}

/* Before policies and programs are loaded, and by --check. */
static int check_addresses(struct agent_run *run)
{
	const struct agent_listen *listen = &run->file.listen;
	const struct spec_text *alone[] = { &listen->exporter, &listen->gadgets,
					    &listen->policies };
	struct err err = ERR_INIT;
	int first = service_check_address(main_address(run), &err);

	if (first < 0)
		first = fail_listen(main_address(run), &listen->address, &err, first);
	for (size_t i = 0; i < array_size(alone); i++) {
		int r = alone[i]->text ? service_check_address(alone[i]->text, &err) : 0;

		if (r < 0)
			first = fail_listen(alone[i]->text, alone[i], &err, r);
	}
	return first;
}

/* ---- starting ------------------------------------------------------------------------------------------- */

static int open_session(struct agent_run *run)
{
	const struct agent_file *file = &run->file;
	struct session_options options = {
		.btf_path = agent_run__path(run, &file->identity.btf),
		.is_strict = file->strict,
		.is_debugging = run->options->is_debugging,
		.hides_library = !run->options->is_debugging,
		.uses_kernel_syscall_names = file->syscall_names == AGENT_SYSCALLS_KERNEL,
		.leaves_programs_alone = !file->rewrite,
		.title = "sonde agent",
		.telemetry_path = text_or(&file->listen.telemetry_path, DEFAULT_TELEMETRY_PATH),
		.web_config = agent_run__path(run, &file->listen.web_config),
		.ledger_interval_ns = file->ledger.interval,
		.ledger_window_ns = file->ledger.window,
		.reload = agent_run_reload,
		.read_ctx = run,
		.filter = &run->filter,
		.runtime_sockets = &run->runtime_sockets,
		.isolates_configs = !file->strict,
		.host_root = text_or(&file->identity.host_root, NULL),
		.series_limit = file->limits.series,
		.label_cache_keys = file->limits.label_cache_keys,
		.ring_bytes = file->limits.ring_bytes,
		.runtime_timeout_ns = file->identity.runtime_timeout,
		.has_reload_by_http = file->listen.lifecycle,
		.prefers_openmetrics = file->listen.openmetrics,
	};
	struct err err = ERR_INIT;
	int r = agent_run__set_policies(run, &options.policies, &err);

	if (r < 0)
		return session_fail("agent", &err, r);
	r = options.btf_path && options.web_config ? session__open(&run->session, &options, &err)
						   : -ENOMEM;

	return r < 0 ? session_fail("Error creating the agent", &err, r) : 0;
}

/* Before the first policy comes: nothing that it sees is missed. */
static int open_events(struct agent_run *run)
{
	struct err err = ERR_INIT;
	int r = agent_run__open_events(run, &err);

	return r < 0 ? session_fail("agent", &err, r) : 0;
}

/* Reads and adds one; what is wrong with it stays with it. */
static int add_config(struct agent_run *run, struct agent_config_read *item)
{
	struct agent *agent = run->session.agent;
	uint32_t count = agent__config_count(agent);
	struct err_list errors = { .len = 0 };
	int r;

	if (item->spec) {
		r = agent__add(agent, take_ptr(item->spec), &errors);
		if (r == -EEXIST && errors.len > 0)
			(void)err__wrap(&errors.items[0], r, &run->wanted.parts[item->part].at,
					"'name' would give it another name");
		/* Refused for its name: it is not there even with its reason. */
		if (r < 0 && agent__config_count(agent) == count && errors.len > 0)
			(void)agent__add_unreadable(agent, item->name, item->origin,
						    &errors.items[0]);
	} else {
		r = item->err.code;
		(void)agent__add_unreadable(agent, item->name, item->origin, &item->err);
		err_list__add(&errors, &item->err);
	}
	if (r < 0)
		log_all(&errors, run->file.strict ? LOG_ERROR : LOG_WARN, item->name);
	err_list__done(&errors);
	return r;
}

static int add_configs(struct agent_run *run)
{
	struct agent_parts parts = { .len = 0 };
	int r = agent_parts__read(&parts, &run->wanted, run->folder, UINT32_MAX);
	bool is_any_wrong = false;

	if (r == 0)
		r = agent_run__remember(run, &parts);
	if (r == 0)
		vec_for_each(&parts, item)
			is_any_wrong |= add_config(run, item) < 0;
	agent_parts__done(&parts);
	if (r < 0) {
		log_error("no memory for what is to run");
		return r;
	}
	return is_any_wrong && (run->file.strict || run->options->is_checking) ? -EINVAL : 0;
}

static int attach_configs(struct agent_run *run)
{
	struct agent *agent = run->session.agent;

	for (uint32_t i = 0; i < agent__config_count(agent); i++) {
		struct err err = ERR_INIT;
		int r = agent__config(agent, i).error ? 0 : session__attach(&run->session, i, &err);

		if (r == 0)
			continue;
		if (r == -EPERM || run->file.strict)
			return session_fail("Error attaching", &err, r);
		log_err(LOG_WARN, &err, "'%s' is left out", agent__config(agent, i).name);
		err__done(&err);
	}
	post_attach_mark();
	return 0;
}

static int start_sources(struct agent_run *run)
{
	struct err err = ERR_INIT;
	int r = agent__start(run->session.agent, &err);

	return r < 0 ? session_fail("Error starting", &err, r) : 0;
}

static int drop_capabilities(struct agent_run *run)
{
	const char *kept = text_or(&run->file.capabilities, "all");
	struct err err = ERR_INIT;
	int r = str_eq(kept, "all") ? 0 : capabilities__keep(kept, &err);

	return r < 0 ? session_fail("Error dropping capabilities", &err, r) : 0;
}

/* ---- listening ------------------------------------------------------------------------------------------ */

static int listen_alone(struct agent_run *run, const struct spec_text *wanted, const char *dialect,
			struct service **ret_service)
{
	const struct service_options options = {
		.loop = run->session.loop,
		.agent = run->session.agent,
		.title = run->session.options.title,
		.version = version_number(),
		.telemetry_path = run->session.options.telemetry_path,
		.dialect = dialect,
		.prefers_openmetrics = run->file.listen.openmetrics,
		.web_config = run->session.options.web_config,
	};
	struct err err = ERR_INIT;
	int r = service__new(&options, ret_service, &err);

	if (r == 0)
		r = service__listen(*ret_service, wanted->text, &err);
	if (r < 0)
		return fail_listen(wanted->text, wanted, &err, r);
	log_info("Listening on %s, port %u, for what is of %s", wanted->text,
		 service__port(*ret_service), dialect);
	return 0;
}

static int listen_for_scrapes(struct agent_run *run)
{
	const struct agent_listen *listen = &run->file.listen;
	const struct {
		const struct spec_text *address;
		const char *dialect;
	} languages[AGENT_SERVICES_MAX] = {
		{ &listen->exporter, "ebpf_exporter" },
		{ &listen->gadgets, "gadget" },
		{ &listen->policies, "tracing_policy" },
	};
	const char *address = main_address(run);
	struct err err = ERR_INIT;
	int r = session__listen(&run->session, address, &err);

	if (r < 0)
		return fail_listen(address, &listen->address, &err, r);
	log_info("Listening on %s, port %u%s", address, service__port(run->session.service),
		 str_eq(service__scheme(run->session.service), "https") ? ", with TLS" : "");
	for (size_t i = 0; i < array_size(languages) && r == 0; i++)
		if (languages[i].address->text)
			r = listen_alone(run, languages[i].address, languages[i].dialect,
					 &run->services[i]);
	return r;
}

static int open_control(struct agent_run *run)
{
	const char *wanted = run->options->control_socket[0]
				     ? run->options->control_socket
				     : agent_run__path(run, &run->file.control.socket);
	struct control_setup setup = {
		.loop = run->session.loop,
		.agent = run->session.agent,
		.path = wanted && wanted[0] ? wanted : CONTROL_DEFAULT_PATH,
		.version = version_number(),
		.config = run->options->config,
		.reload = session__reload,
		.reload_ctx = &run->session,
	};
	struct err err = ERR_INIT;
	int r;

	if (text_or(&run->file.control.socket, "")[0] && !run->options->control_socket[0] &&
	    str_eq(run->file.control.socket.text, NO_SOCKET))
		wanted = NO_SOCKET;
	if (!wanted)
		return -ENOMEM;
	if (str_eq(wanted, NO_SOCKET))
		return 0;
	r = control__new(&setup, &run->control, &err);
	if (r == 0)
		log_info("Control socket is %s", setup.path);
	if (r < 0 && wanted[0])
		return session_fail("Error making the control socket", &err, r);
	if (r < 0) /* nobody has asked for it */
		log_err(LOG_WARN, &err, "Control socket cannot be had, ignoring");
	err__done(&err);
	return 0;
}

static int watch_failures(struct agent_run *run)
{
	struct err err = ERR_INIT;
	int r = agent_run__watch_failures(run, &err);

	return r < 0 ? session_fail("Error starting", &err, r) : 0;
}

static int watch_files(struct agent_run *run)
{
	struct err err = ERR_INIT;
	int r = agent_run__watch_files(run, &err);

	return r < 0 ? session_fail("Error starting", &err, r) : 0;
}

/* ---- the command ---------------------------------------------------------------------------------------- */

static int print_plan(const struct agent_run *run)
{
	struct strbuf plan = STRBUF_INIT;
	int r;

	agent__format_plan(run->session.agent, false /* as JSON */, &plan);
	r = strbuf__status(&plan);
	if (r == 0)
		r = fd_write_all(STDOUT_FILENO, plan.data, plan.len);
	strbuf__done(&plan);
	return r;
}

static void tell_start(const struct agent_run *run)
{
	uint32_t count = agent__config_count(run->session.agent), running = 0;
	char state[128];

	for (uint32_t i = 0; i < count; i++)
		running += agent__config(run->session.agent, i).is_running;
	log_info("Started in %lldms: %u of %u parts run", (long long)session__age_ms(&run->session),
		 running, count);
	(void)snprintf(state, sizeof(state), "READY=1\nSTATUS=%u of %u parts run", running, count);
	session_notify(state);
}

/* Loads nothing: what is wrong with the file and what it names is known by then. */
#define STEPS_OF_CHECK 6

static int run_steps(struct agent_run *run)
{
	static int (*const steps[])(struct agent_run * run) = {
		read_file,         check_web_config,   check_addresses, open_session,
		open_events,       add_configs,        attach_configs,  start_sources,
		drop_capabilities, listen_for_scrapes, open_control,    watch_failures,
		watch_files,
	};
	size_t count = run->options->is_checking ? STEPS_OF_CHECK : array_size(steps);
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++)
		r = steps[i](run);
	if (run->options->is_checking && run->session.agent)
		return print_plan(run) < 0 ? -EIO : r;
	if (r < 0)
		return r;
	tell_start(run);
	return session__serve(&run->session);
}

static void close_all(struct agent_run *run)
{
	/* Streams of clients are of the agent, and so is what services show. */
	run->control = control__free(run->control);
	agent_run__close_events(run);
	for (size_t i = 0; i < AGENT_SERVICES_MAX; i++)
		run->services[i] = service__free(run->services[i]);
	if (run->session.loop)
		run->retry = loop__remove(run->session.loop, run->retry);
	session__close(&run->session);
	free(run->folder);
	arena__done(&run->parts_arena);
	arena__done(&run->arena);
}

int command_agent(const struct invocation *invocation)
{
	struct flags_result result = FLAGS_RESULT_INIT;
	struct agent_command_options options;
	struct agent_run run = { .options = &options };
	int status;

	if (!command_parse(invocation, &flag_set, STATUS_USAGE, &options, &result, &status))
		return status;
	log_setup(&(struct log_options){
		.level = options.is_debugging  ? LOG_DEBUG
			 : options.is_checking ? LOG_WARN
					       : LOG_INFO,
		.has_no_timestamps = options.has_no_timestamps,
	});
	status = run_steps(&run) < 0 ? STATUS_FAILED : STATUS_OK;
	close_all(&run);
	flags_result__done(&result);
	return status;
}
