/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cmd/capabilities.h"
#include "cmd/command.h"
#include "cmd/ledger_flags.h"
#include "cmd/params.h"
#include "cmd/post_attach_mark.h"
#include "cmd/runtime_flags.h"
#include "cmd/session.h"
#include "config/load.h"
#include "pipeline/agent.h"
#include "pipeline/service.h"

#define DIALECT_NAME "ebpf_exporter"

struct exporter_options {
	const char *config_dir;
	const char *config_names;
	bool is_checking;
	bool is_strict;
	bool is_debugging;
	bool has_no_timestamps;
	bool uses_kernel_syscall_names;
	bool may_rewrite;
	bool has_lifecycle;
	bool prefers_openmetrics;
	const char *listen_address;
	const char *telemetry_path;
	const char *web_config;
	const char *kept_capabilities;
	const char *btf_path;
	int64_t skip_cache_size;
	struct ledger_flags ledger;
	struct flag_list params;
	struct runtime_flags runtime;
};

#define VALUE(member) offsetof(struct exporter_options, member)

static const struct flag flags[] = {
	{ .name = "config.dir",
	  .kind = FLAG_DIRECTORY,
	  .offset = VALUE(config_dir),
	  .help = "Directory with NAME.yaml and NAME.bpf.o.",
	  .is_required = true },
	{ .name = "config.names",
	  .kind = FLAG_TEXT,
	  .offset = VALUE(config_names),
	  .help = "Names of the configs to load, with commas between them.",
	  .is_required = true },
	{ .name = "config.check",
	  .kind = FLAG_BOOL,
	  .offset = VALUE(is_checking),
	  .help = "Load and attach everything, then end." },
	{ .name = "config.strict",
	  .kind = FLAG_BOOL,
	  .offset = VALUE(is_strict),
	  .help = "Fail when any program cannot be loaded or attached." },
	{ .name = "config.skip-cache-size",
	  .kind = FLAG_I64,
	  .offset = VALUE(skip_cache_size),
	  .help = "Taken and not used: what regexps reject is remembered in the label cache anyway." },
	{ .name = "debug",
	  .kind = FLAG_BOOL,
	  .offset = VALUE(is_debugging),
	  .help = "Log debug messages, serve raw maps at /maps." },
	{ .name = "log.no-timestamps",
	  .kind = FLAG_BOOL,
	  .offset = VALUE(has_no_timestamps),
	  .help = "Leave date and time off log lines." },
	{ .name = "rewrite",
	  .kind = FLAG_BOOL,
	  .offset = VALUE(may_rewrite),
	  .initial = "true",
	  .help = "Change programs as they are loaded so that full maps lose nothing; --no-rewrite leaves them as they are." },
	{ .name = "syscalls.kernel-names",
	  .kind = FLAG_BOOL,
	  .offset = VALUE(uses_kernel_syscall_names),
	  .help = "Decode system calls to the kernel's names instead of those that ebpf_exporter prints." },
	{ .name = "web.config.file",
	  .kind = FLAG_TEXT,
	  .offset = VALUE(web_config),
	  .help = "File with TLS, users and headers, as Prometheus' exporter-toolkit reads it." },
	{ .name = "web.listen-address",
	  .kind = FLAG_TEXT,
	  .offset = VALUE(listen_address),
	  .initial = ":9435",
	  .help = "Where to listen for HTTP; fd://0 is the first socket that systemd passes." },
	{ .name = "web.telemetry-path",
	  .kind = FLAG_TEXT,
	  .offset = VALUE(telemetry_path),
	  .initial = "/metrics",
	  .help = "Path of the metrics." },
	{ .name = "web.openmetrics",
	  .kind = FLAG_BOOL,
	  .offset = VALUE(prefers_openmetrics),
	  .help = "Serve OpenMetrics to clients that prefer it, not only to those that take nothing else." },
	{ .name = "web.enable-lifecycle",
	  .kind = FLAG_BOOL,
	  .offset = VALUE(has_lifecycle),
	  .help = "Reload on POST /-/reload, as on SIGHUP." },
	{ .name = "capabilities.keep",
	  .kind = FLAG_TEXT,
	  .offset = VALUE(kept_capabilities),
	  .initial = "all",
	  .help = "What to keep once everything is attached: 'all', 'none', or names like cap_bpf,cap_syslog." },
	{ .name = "btf.path",
	  .kind = FLAG_TEXT,
	  .offset = VALUE(btf_path),
	  .help = "File with the kernel's BTF, where the running kernel has none." },
	LEDGER_FLAGS(VALUE(ledger)),
	{ .name = "param",
	  .kind = FLAG_LIST,
	  .offset = VALUE(params),
	  .help = "Set a parameter of a config, as CONFIG.NAME=VALUE." },
	RUNTIME_FLAGS(VALUE(runtime)),
};

static const struct flag_set flag_set = {
	.help = "Serves metrics of eBPF programs as ebpf_exporter's configs describe them.",
	.flags = flags,
	.flag_count = array_size(flags),
};

struct exporter {
	struct exporter_options options;
	struct session session;
	struct spec_list specs; /* entries go to the agent one by one */
};

/* ---- errors: one line each, in the words that scripts may look for ------------------------------------- */

/* ---- the steps of the start, in the order that decides which error is seen ------------------------------ */

static int set_params(const struct exporter_options *options, const struct spec_list *specs,
		      struct err_list *errors)
{
	struct param_settings settings = PARAM_SETTINGS_INIT;
	struct err err = ERR_INIT;
	int r = param_settings__parse(&settings, &options->params, "" /* by */, &err);

	for (size_t i = 0; i < specs->len && r == 0; i++)
		r = param_settings__apply(&settings, specs->items[i], &err);
	if (r == 0)
		r = param_settings__check_applied(&settings, &err);
	param_settings__done(&settings);
	if (r < 0)
		err_list__add(errors, &err);
	return r;
}

/* "a,,b" has three names, the second of which no file has: blanks and empty names are not forgiven. */
static int read_specs(void *ctx, struct spec_list *specs, struct err_list *errors)
{
	const struct exporter_options *options = ctx;
	const struct dialect *dialect = dialect_find(DIALECT_NAME);
	__cleanup(x_freep) char *names = strdup(options->config_names);
	int result = 0;

	if (!names)
		return -ENOMEM;
	for (char *rest = names; rest;) {
		const char *name = strsep(&rest, ",");
		struct spec *spec;
		int r = config_load_named(dialect, options->config_dir, name, &spec, errors);

		if (r == 0 && vec_push(specs, spec) < 0) {
			spec__free(spec);
			r = -ENOMEM;
		}
		if (result == 0)
			result = r;
	}
	return result < 0 ? result : set_params(options, specs, errors);
}

static int read_configs(struct exporter *exporter)
{
	struct err_list errors = { .len = 0 };
	int r;

	session_notify("STATUS=parsing config...");
	r = read_specs(&exporter->options, &exporter->specs, &errors);
	return r < 0 ? session_fail_all("Error parsing configs", &errors, r) : 0;
}

static int check_web_config(struct exporter *exporter)
{
	struct err err = ERR_INIT;
	int r = service_check_web_config(exporter->options.web_config, &err);

	return r < 0 ? session_fail("Error reading the web config", &err, r) : 0;
}

static int open_session(struct exporter *exporter)
{
	const struct session_options options = {
		.btf_path = exporter->options.btf_path,
		.is_strict = exporter->options.is_strict,
		.is_debugging = exporter->options.is_debugging,
		.uses_kernel_syscall_names = exporter->options.uses_kernel_syscall_names,
		.leaves_programs_alone = !exporter->options.may_rewrite,
		.title = "sonde exporter",
		.telemetry_path = exporter->options.telemetry_path,
		.web_config = exporter->options.web_config,
		.ledger_interval_ns = exporter->options.ledger.interval_ns,
		.ledger_window_ns = exporter->options.ledger.window_ns,
		.read = read_specs,
		.read_ctx = &exporter->options,
		.has_reload_by_http = exporter->options.has_lifecycle,
		.prefers_openmetrics = exporter->options.prefers_openmetrics,
		.runtime_sockets = &exporter->options.runtime.sockets,
		.runtime_timeout_ns = exporter->options.runtime.timeout_ns,
	};
	struct err err = ERR_INIT;
	int r = session__open(&exporter->session, &options, &err);

	return r < 0 ? session_fail("Error creating exporter", &err, r) : 0;
}

static int add_configs(struct exporter *exporter)
{
	struct err_list errors = { .len = 0 };

	session_notify("STATUS=creating exporter...");
	vec_for_each(&exporter->specs, spec) {
		int r = agent__add(exporter->session.agent, take_ptr(*spec), &errors);

		if (r < 0)
			return session_fail_all("Error attaching exporter", &errors, r);
	}
	return 0;
}

static int attach_configs(struct exporter *exporter)
{
	struct err err = ERR_INIT;

	session_notify("STATUS=attaching configs...");
	for (uint32_t i = 0; i < agent__config_count(exporter->session.agent); i++) {
		int r = session__attach(&exporter->session, i, &err);

		if (r < 0)
			return session_fail("Error attaching exporter", &err, r);
	}
	post_attach_mark();
	return 0;
}

static void log_left_out(const struct agent *agent)
{
	for (uint32_t i = 0; i < agent__config_count(agent); i++) {
		struct config_view config = agent__config(agent, i);

		for (uint32_t j = 0; j < config.metric_count; j++) {
			struct metric_view metric = agent__metric(agent, i, j);

			if (metric.error)
				log_warn("config \"%s\": metric left out: %s", config.name,
					 metric.error);
		}
		for (uint32_t j = 0; j < config.span_count; j++) {
			struct span_view span = agent__span(agent, i, j);

			if (span.error)
				log_warn("config \"%s\": span left out: %s", config.name,
					 span.error);
		}
	}
}

/* Opening perf buffers wants privileges that the next step may give up. */
static int start_sources(struct exporter *exporter)
{
	struct err err = ERR_INIT;

	/* A check opens nothing, but says what a start would say. */
	if (exporter->options.is_checking) {
		log_left_out(exporter->session.agent);
		return 0;
	}

	int r = agent__start(exporter->session.agent, &err);

	return r < 0 ? session_fail("Error registering exporter", &err, r) : 0;
}

static int drop_capabilities(struct exporter *exporter)
{
	const char *kept = exporter->options.kept_capabilities;
	struct strbuf text = STRBUF_INIT;
	struct err err = ERR_INIT;
	int r = 0;

	capabilities__format(&text);
	log_info("Started with capabilities: \"%s\"", strbuf__text(&text));
	if (str_eq(kept, "all")) {
		log_info("Retaining all existing capabilities");
	} else {
		r = capabilities__keep(kept, &err);
		strbuf__reset(&text);
		capabilities__format(&text);
		if (r == 0)
			log_info("Dropped capabilities to \"%s\"", strbuf__text(&text));
	}
	strbuf__done(&text);
	return r < 0 ? session_fail("Error dropping capabilities", &err, r) : 0;
}

/* How many programs there are; those that are missed are listed as "config:program, ". */
static uint32_t list_programs(const struct agent *agent, uint32_t *ret_attached,
			      struct strbuf *missing)
{
	uint32_t count = 0;

	*ret_attached = 0;
	for (uint32_t i = 0; i < agent__config_count(agent); i++) {
		struct config_view config = agent__config(agent, i);

		for (uint32_t j = 0; j < config.part_count; j++) {
			const struct part *part = agent__part(agent, i, j);

			count++;
			if (part->state == PART_STATE_ATTACHED)
				++*ret_attached;
			else if (!part->is_stood_in_for)
				strbuf__printf(missing, "%s%s:%s", missing->len ? ", " : "",
					       config.name, part->name);
		}
	}
	return count;
}

static int check_attached(struct exporter *exporter)
{
	struct strbuf missing = STRBUF_INIT, ready = STRBUF_INIT;
	uint32_t attached;
	uint32_t count = list_programs(exporter->session.agent, &attached, &missing);
	int r = 0;

	strbuf__printf(&ready, "STATUS=ready with %u of %u programs found in the config in %lldms",
		       attached, count, (long long)session__age_ms(&exporter->session));
	log_info("Started with %s", strbuf__text(&ready) + strlen("STATUS=ready with "));
	if (exporter->options.is_strict && missing.len > 0) {
		log_error("Missed attachments (module:prog): %s", strbuf__text(&missing));
		r = -ENOENT;
	} else if (!exporter->options.is_checking) {
		session_notify(strbuf__text(&ready));
	}
	strbuf__done(&missing);
	strbuf__done(&ready);
	return r;
}

/* Which port it is cannot be read off ":0" or "fd://0". */
static void log_listening(const char *address, const struct service *service)
{
	uint16_t port = service__port(service);
	bool has_tls = str_eq(service__scheme(service), "https");
	char suffix[8];

	(void)snprintf(suffix, sizeof(suffix), ":%u", port);
	if (str_ends(address, suffix))
		log_info("Listening on %s%s", address, has_tls ? ", with TLS" : "");
	else
		log_info("Listening on %s, port %u%s", address, port, has_tls ? ", with TLS" : "");
}

static int listen_for_scrapes(struct exporter *exporter)
{
	const char *address = exporter->options.listen_address;
	struct err err = ERR_INIT;
	char what[256];

	if (exporter->options.is_debugging)
		log_info("Debug enabled, exporting raw maps on /maps");

	int r = session__listen(&exporter->session, address, &err);

	(void)snprintf(what, sizeof(what), "Error listening on %s", address);
	if (r < 0)
		return session_fail(what, &err, r);
	log_listening(address, exporter->session.service);
	session_notify("READY=1");
	return 0;
}

static int run_steps(struct exporter *exporter)
{
	static int (*const steps[])(struct exporter * exporter) = {
		read_configs,   check_web_config, open_session,      add_configs,
		attach_configs, start_sources,    drop_capabilities, check_attached,
	};

	for (size_t i = 0; i < array_size(steps); i++) {
		int r = steps[i](exporter);

		if (r < 0)
			return r;
	}
	if (exporter->options.is_checking) {
		log_info("Config check successful, exiting");
		return 0;
	}

	int r = listen_for_scrapes(exporter);

	return r < 0 ? r : session__serve(&exporter->session);
}

/* What the flags' kinds cannot say. */
static int check_options(const struct exporter_options *options, struct err *err)
{
	if (options->telemetry_path[0] != '/')
		return err__set(err, -EINVAL, NULL,
				"--web.telemetry-path: '%s' does not begin with '/'",
				options->telemetry_path);
	return ledger_flags__check(&options->ledger, err);
}

int command_exporter(const struct invocation *invocation)
{
	struct exporter exporter = { .specs = { .len = 0 } };
	struct flags_result result = FLAGS_RESULT_INIT;
	struct err err = ERR_INIT;
	int status;

	/* A wrong command line ends with 1, as with ebpf_exporter. */
	if (!command_parse(invocation, &flag_set, STATUS_FAILED, &exporter.options, &result,
			   &status))
		return status;
	if (check_options(&exporter.options, &err) < 0)
		return command_refuse(invocation, &result, &err, STATUS_FAILED);
	log_setup(&(struct log_options){
		.level = exporter.options.is_debugging ? LOG_DEBUG : LOG_INFO,
		.has_no_timestamps = exporter.options.has_no_timestamps,
	});
	status = run_steps(&exporter) < 0 ? STATUS_FAILED : STATUS_OK;
	session__close(&exporter.session);
	spec_list__done(&exporter.specs);
	flags_result__done(&result);
	return status;
}
