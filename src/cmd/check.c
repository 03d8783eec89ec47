/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/capabilities.h"
#include "cmd/command.h"
#include "cmd/configs.h"
#include "cmd/host_root.h"
#include "cmd/report.h"
#include "cmd/session.h"
#include "config/load.h"
#include "pipeline/agent.h"

struct check_options {
	const char *btf_path;
	bool is_debugging;
};

static const struct flag flags[] = {
	{ .name = "btf.path",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct check_options, btf_path),
	  .help = "File with the kernel's BTF, where the running kernel has none." },
	{ .name = "debug",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct check_options, is_debugging),
	  .help = "Log debug messages." },
};

static const struct flag_set flag_set = {
	.help = "Loads and attaches each config for real, detaches, and prints what became of every program. Policies are "
		"attached as well, and only monitor. Ends with 0 when nothing is wrong.",
	.arguments = "CONFIG…|POLICY…",
	.needs_arguments = true,
	.flags = flags,
	.flag_count = array_size(flags),
};

struct check {
	struct check_options options;
	struct table table;
	uint32_t missing;  /* programs and configs that do not work */
	uint32_t left_out; /* metrics and spans */
};

/* The first error goes into the table, all of them to stderr. */
static void add_errors(struct check *check, const char *name, const struct err_list *errors)
{
	char text[1024] = "no reason is known";

	if (errors->len > 0)
		(void)err__format(&errors->items[0], text, sizeof(text));
	for (size_t i = 1; i < errors->len; i++)
		log_err(LOG_ERROR, &errors->items[i], "config '%s'", name);
	report_unreadable(name, text, &check->table);
	check->missing++;
}

/* The verifier's own last words on each program; the table has what they mean. */
static void log_causes(const struct agent *agent)
{
	struct config_view view = agent__config(agent, 0);

	for (uint32_t i = 0; i < view.part_count; i++)
		session_log_cause(LOG_ERROR, view.name, agent__part(agent, 0, i));
}

static void log_left_out(struct check *check, const struct agent *agent)
{
	struct config_view view = agent__config(agent, 0);

	for (uint32_t i = 0; i < view.metric_count; i++) {
		struct metric_view metric = agent__metric(agent, 0, i);

		if (!metric.error)
			continue;
		log_error("config '%s': metric '%s': %s", view.name, metric.name, metric.error);
		check->left_out++;
	}
	/* That nobody wants spans here and now says nothing against the config. */
	for (uint32_t i = 0; i < view.span_count; i++) {
		struct span_view span = agent__span(agent, 0, i);

		if (!span.error)
			continue;
		log_error("config '%s': span '%s': %s", view.name, span.name, span.error);
		check->left_out++;
	}
}

static void attach(struct check *check, struct agent *agent)
{
	struct err err = ERR_INIT;
	char text[1024];
	int r = capabilities__check_bpf(&err);

	if (r == 0)
		r = agent__load(agent, 0, &err);
	if (r == 0)
		r = agent__attach(agent, 0, &err);
	if (r < 0) {
		(void)err__format(&err, text, sizeof(text));
		/* The table has the words, but no room for what the kernel said. */
		if (err.cause)
			log_err(LOG_ERROR, &err, "check");
	}
	check->missing += report_config(agent, 0, r < 0 ? text : NULL, &check->table);
	if (r == 0)
		log_left_out(check, agent);
	log_causes(agent);
	err__done(&err);
}

static void attach_policy(struct check *check, struct policies *policies,
			  const struct policy_spec *policy)
{
	/* Nobody is hurt by a check. */
	const struct policy_request request = { .mode = POLICY_ASKED_MODE_MONITOR };
	struct err_list errors = { .len = 0 };

	if (policies__add(policies, policy, &request, &errors) < 0)
		add_errors(check, policy->name, &errors);
	else
		check->missing += report_policy(policies, policy, &check->table);
	policies__remove_spec(policies, policy);
	err_list__done(&errors);
}

static void attach_policies(struct check *check, struct agent *agent, const struct spec *spec)
{
	struct err err = ERR_INIT;
	char text[1024];
	bool is_allowed = capabilities__check_bpf(&err) == 0;

	(void)err__format(&err, text, sizeof(text));
	for (uint32_t i = 0; i < spec->warning_count; i++)
		log_at(LOG_WARN, &spec->warnings[i].at, "%s", spec->warnings[i].text);
	for (uint32_t i = 0; i < spec->policy_count; i++) {
		if (is_allowed) {
			attach_policy(check, agent__policies(agent), &spec->policies[i]);
			continue;
		}
		report_unreadable(spec->policies[i].name, text, &check->table);
		check->missing++;
	}
	err__done(&err);
}

/* The spec becomes the agent's. */
static void attach_config(struct check *check, struct agent *agent, const struct config_path *path,
			  struct spec *spec)
{
	struct err_list errors = { .len = 0 };
	int r = agent__add(agent, spec, &errors);

	report_warnings(agent);
	if (r < 0)
		add_errors(check, path->name, &errors);
	else
		attach(check, agent);
	err_list__done(&errors);
}

/* Each has an agent of its own: none is in another one's way, and what it attached is gone before the next. */
static int check_spec(struct check *check, const struct config_path *path, struct spec *spec)
{
	const struct agent_options options = {
		.root = host_root(),
		.btf_path = check->options.btf_path[0] ? check->options.btf_path : NULL,
		/* What matters of its words stands in the table or below an error. */
		.log_library = check->options.is_debugging ? session_log_library : NULL,
	};
	bool has_policies = spec->policy_count > 0;
	struct err err = ERR_INIT;
	struct agent *agent;
	int r = agent__new(&options, &agent, &err);

	if (r < 0) {
		log_err(LOG_ERROR, &err, "check");
		err__done(&err);
		spec__free(spec);
		return r;
	}
	if (has_policies)
		attach_policies(check, agent, spec);
	else
		attach_config(check, agent, path, spec);
	agent__free(agent);
	if (has_policies)
		spec__free(spec);
	return 0;
}

static int check_file(struct check *check, const struct config_path *path)
{
	struct err_list errors = { .len = 0 };
	struct spec *spec;
	int r = config_read_file(path->path, &spec, &errors);

	if (r < 0)
		add_errors(check, path->name, &errors);
	err_list__done(&errors);
	return r < 0 ? 0 : check_spec(check, path, spec);
}

static int check_configs(struct check *check, const struct flags_result *result)
{
	struct config_paths paths = { .len = 0 };
	struct err err = ERR_INIT;
	int r = 0;

	for (size_t i = 0; r == 0 && i < result->arguments.len; i++)
		r = config_paths__add(&paths, result->arguments.items[i], &err);
	if (r < 0)
		log_err(LOG_ERROR, &err, "check");
	report_header(&check->table);
	for (size_t i = 0; r == 0 && i < paths.len; i++)
		r = check_file(check, &paths.items[i]);
	err__done(&err);
	config_paths__done(&paths);
	return r;
}

static int print_table(const struct check *check)
{
	struct strbuf out = STRBUF_INIT;
	int r;

	table__write(&check->table, terminal_width(STDOUT_FILENO), &out);
	r = strbuf__status(&out);
	if (r == 0)
		r = fd_write_all(STDOUT_FILENO, out.data, out.len);
	strbuf__done(&out);
	return r;
}

int command_check(const struct invocation *invocation)
{
	struct check check = { .table = TABLE_INIT(REPORT_COLUMNS) };
	struct flags_result result = FLAGS_RESULT_INIT;
	int status;

	if (!command_parse(invocation, &flag_set, STATUS_USAGE, &check.options, &result, &status))
		return status;
	log_setup(&(struct log_options){ .level = check.options.is_debugging ? LOG_DEBUG : LOG_WARN,
					 .has_no_timestamps = true });

	int r = check_configs(&check, &result);

	if (r == 0)
		r = print_table(&check);
	table__done(&check.table);
	flags_result__done(&result);
	return r == 0 && check.missing + check.left_out == 0 ? STATUS_OK : STATUS_FAILED;
}
