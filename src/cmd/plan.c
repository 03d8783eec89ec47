/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "cmd/command.h"
#include "cmd/configs.h"
#include "cmd/gadgets.h"
#include "cmd/host_root.h"
#include "cmd/policy_table.h"
#include "cmd/report.h"
#include "cmd/session.h"
#include "config/load.h"
#include "pipeline/agent.h"
#include "pipeline/gadget.h"

struct plan_options {
	const char *btf_path;
	bool is_json;
	bool is_loading;
	bool is_debugging;
	bool has_metrics;
};

static const struct flag flags[] = {
	{ .name = "json",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct plan_options, is_json),
	  .help = "Print JSON, for programs." },
	{ .name = "load",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct plan_options, is_loading),
	  .help = "Load the programs, too, without attaching them: tells what the kernel says of them, and which of their lookups are redirected." },
	{ .name = "metrics",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct plan_options, has_metrics),
	  .help = "Of gadgets: plan their metrics, too, as `sonde run --metrics` would; with --load it is known where they are counted." },
	{ .name = "btf.path",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct plan_options, btf_path),
	  .help = "File with the kernel's BTF, where the running kernel has none." },
	{ .name = "debug",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct plan_options, is_debugging),
	  .help = "Log debug messages." },
};

static const struct flag_set flag_set = {
	.help = "Says what each config would load, attach and export on this machine, without doing it; of policies what each hook shows, "
		"does and needs.",
	.arguments = "CONFIG…|GADGET…|POLICY…",
	.needs_arguments = true,
	.flags = flags,
	.flag_count = array_size(flags),
};

/* What `sonde run` would run as a gadget; of files those that can be nothing else. */
static bool is_gadget(const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
		return str_ends(path, "gadget.yaml") || !str_ends(path, ".yaml");
	return gadget_is_at(path);
}

static int add_gadget(struct agent *agent, const char *path, const struct plan_options *options,
		      struct err_list *errors)
{
	const struct gadget_options gadget_options = {
		.metric_wish = options->has_metrics ? METRIC_WISH_ALL : METRIC_WISH_NONE,
	};
	struct gadget *gadget = NULL;
	int r = gadget_open(path, &gadget_options, &gadget, errors);

	if (r == 0)
		r = agent__add(agent, gadget__take_spec(gadget), errors);
	gadget__close(gadget);
	return r;
}

/* Of policies the text is all that is planned with. */
static int add_policies(const struct spec *spec, const struct plan_options *options,
			struct table *table, struct err_list *errors)
{
	if (options->is_json)
		return err_list__set(errors, -EOPNOTSUPP, &spec->policies[0].at,
				     "--json: what policies plan is a table only");
	for (uint32_t i = 0; i < spec->warning_count; i++)
		log_at(LOG_WARN, &spec->warnings[i].at, "%s", spec->warnings[i].text);
	policy_table_add(spec, table);
	return 0;
}

static int add_file(struct agent *agent, const char *path, const struct plan_options *options,
		    struct table *policies, struct err_list *errors)
{
	struct spec *spec;
	int r = config_read_file(path, &spec, errors);

	if (r < 0)
		return r;
	if (spec->policy_count == 0)
		return agent__add(agent, spec, errors);
	r = add_policies(spec, options, policies, errors);
	spec__free(spec);
	return r;
}

static int add_configs(struct agent *agent, const struct config_paths *paths,
		       const struct plan_options *options, struct table *policies)
{
	int result = 0;

	for (size_t i = 0; i < paths->len; i++) {
		struct err_list errors = { .len = 0 };
		const char *path = paths->items[i].path;
		int r = is_gadget(path) ? add_gadget(agent, path, options, &errors)
					: add_file(agent, path, options, policies, &errors);

		for (size_t j = 0; j < errors.len; j++)
			log_err(LOG_ERROR, &errors.items[j], "config '%s'", paths->items[i].name);
		err_list__done(&errors);
		if (r < 0)
			result = r;
	}
	return result;
}

static int load_configs(struct agent *agent)
{
	int result = 0;

	for (uint32_t i = 0; i < agent__config_count(agent); i++) {
		struct err err = ERR_INIT;
		int r = agent__config(agent, i).error ? 0 : agent__load(agent, i, &err);

		if (r < 0) {
			log_err(LOG_ERROR, &err, "load");
			result = r;
		}
		err__done(&err);
	}
	return result;
}

static int print_plan(const struct agent *agent, const struct table *policies, bool is_json)
{
	struct strbuf out = STRBUF_INIT;
	int r;

	if (agent__config_count(agent) > 0 || policies->rows.len <= 1)
		agent__format_plan(agent, is_json, &out);
	if (policies->rows.len > 1)
		table__write(policies, terminal_width(STDOUT_FILENO), &out);
	r = strbuf__status(&out);
	if (r == 0)
		r = fd_write_all(STDOUT_FILENO, out.data, out.len);
	strbuf__done(&out);
	return r;
}

static int add_argument(struct config_paths *paths, const char *argument, struct err *err)
{
	char path[PATH_MAX];
	struct config_path gadget;

	if (gadget_locate(argument, path, sizeof(path)) < 0 || !is_gadget(path))
		return config_paths__add(paths, argument, err);
	gadget.path = arena__strdup(&paths->arena, path);
	gadget.name = arena__strdup(&paths->arena, argument);
	if (!gadget.path || !gadget.name || vec_push(paths, gadget) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for the list of configs");
	return 0;
}

static int run_plan(const struct plan_options *options, const struct flags_result *result)
{
	const struct agent_options agent_options = {
		.root = host_root(),
		.btf_path = options->btf_path[0] ? options->btf_path : NULL,
		.has_no_consumers = options->has_metrics,
		/* What matters of its words stands in the plan. */
		.log_library = options->is_debugging ? session_log_library : NULL,
	};
	struct config_paths paths = { .len = 0 };
	struct table policies = TABLE_INIT(POLICY_TABLE_COLUMNS);
	struct agent *agent = NULL;
	struct err err = ERR_INIT;
	int r = agent__new(&agent_options, &agent, &err);

	for (size_t i = 0; r == 0 && i < result->arguments.len; i++)
		r = add_argument(&paths, result->arguments.items[i], &err);
	if (r < 0) {
		log_err(LOG_ERROR, &err, "plan");
	} else {
		/* What can be planned is printed, whatever became of the others. */
		policy_table_header(&policies);
		r = add_configs(agent, &paths, options, &policies);
		if (options->is_loading && load_configs(agent) < 0)
			r = -1;
		report_warnings(agent);
		if (print_plan(agent, &policies, options->is_json) < 0)
			r = -1;
	}
	err__done(&err);
	table__done(&policies);
	config_paths__done(&paths);
	agent__free(agent);
	return r;
}

int command_plan(const struct invocation *invocation)
{
	struct plan_options options;
	struct flags_result result = FLAGS_RESULT_INIT;
	int status;

	if (!command_parse(invocation, &flag_set, STATUS_USAGE, &options, &result, &status))
		return status;
	log_setup(&(struct log_options){ .level = options.is_debugging ? LOG_DEBUG : LOG_WARN,
					 .has_no_timestamps = true });
	status = run_plan(&options, &result) < 0 ? STATUS_FAILED : STATUS_OK;
	flags_result__done(&result);
	return status;
}
