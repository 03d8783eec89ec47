/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/capabilities.h"
#include "cmd/command.h"
#include "cmd/host_root.h"
#include "cmd/needs.h"
#include "cmd/probes.h"
#include "cmd/session.h"
#include "cmd/table.h"
#include "pipeline/agent.h"
#include "pipeline/gadget.h"

struct list_options {
	const char *probe_dir;
	const char *format;
	const char *btf_path;
	bool is_debugging;
};

static const struct flag flags[] = {
	{ .name = "format",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct list_options, format),
	  .initial = "text",
	  .help = "What to print: text, or json for programs." },
	{ .name = "probes",
	  .kind = FLAG_DIRECTORY,
	  .offset = offsetof(struct list_options, probe_dir),
	  .help = "Directory with NAME.yaml and NAME.bpf.o, and folders of gadgets; without it, what came with this program." },
	{ .name = "btf.path",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct list_options, btf_path),
	  .help = "File with the kernel's BTF, where the running kernel has none." },
	{ .name = "debug",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct list_options, is_debugging),
	  .help = "Log debug messages." },
};

static const struct flag_set flag_set = {
	.help = "Tells what probes and gadgets there are, what each of them needs, and whether it can run here. Nothing is loaded or attached.",
	.arguments = "[PROBE…|GADGET…]",
	.flags = flags,
	.flag_count = array_size(flags),
};

/* ---- what is known of a probe ----------------------------------------------------------------------- */

enum verdict { VERDICT_YES, VERDICT_PARTLY, VERDICT_NO };

static const char *const verdicts[] = {
	[VERDICT_YES] = "yes",
	[VERDICT_PARTLY] = "partly",
	[VERDICT_NO] = "no",
};

struct probe {
	const char *name;
	const struct agent *agent;
	struct config_view view; /* zeros when it cannot be read */
	uint32_t config;
	enum verdict verdict;
	const char *reason; /* or NULL; in the arena of the list */
	unsigned int needs;
	bool is_gadget;
};

struct list {
	struct list_options options;
	struct arena arena;
	struct agent *agent; /* owned */
	VEC(struct probe) probes;
	struct err refused; /* set: this process may not load anything at all */
};

static const struct part *part_of(const struct probe *probe, uint32_t index)
{
	return agent__part(probe->agent, probe->config, index);
}

/* Said of a program by the plan: what is left out has another that does its work. */
static bool is_missing(const struct part *part)
{
	return part->state == PART_STATE_NOT_ATTACHED && !part->is_stood_in_for;
}

static const char *join(struct list *list, const char *name, const char *reason)
{
	const char *text = arena__printf(&list->arena, "%s: %s", name, reason ? reason : "?");

	return text ? text : reason;
}

/* All programs run, or some, or none; the first that does not says why. */
static void judge(struct list *list, struct probe *probe)
{
	uint32_t planned = 0, missing = 0;

	if (probe->view.wants_kernel_types)
		probe->needs |= NEED_TYPES;

	for (uint32_t i = 0; i < probe->view.part_count; i++) {
		const struct part *part = part_of(probe, i);

		probe->needs |= needs_of_hook(part->hook);
		planned += part->state == PART_STATE_PLANNED;
		missing += is_missing(part);
		if (is_missing(part) && !probe->reason)
			probe->reason = join(list, part->hook, part->reason);
	}
	for (uint32_t i = 0; i < probe->view.metric_count && !probe->view.error; i++) {
		struct metric_view metric = agent__metric(probe->agent, probe->config, i);

		missing += metric.error != NULL;
		if (metric.error && !probe->reason)
			probe->reason = join(list, metric.name, metric.error);
	}
	if (probe->view.error)
		probe->reason = probe->view.error;
	if (probe->view.error || planned == 0)
		probe->verdict = VERDICT_NO;
	else
		probe->verdict = missing > 0 ? VERDICT_PARTLY : VERDICT_YES;
}

static int add_gadget(struct agent *agent, const char *path, struct err_list *errors)
{
	const struct gadget_options options = { .metric_wish = METRIC_WISH_ALL };
	struct gadget *gadget = NULL;
	int r = gadget_open(path, &options, &gadget, errors);

	if (r == 0)
		r = agent__add(agent, gadget__take_spec(gadget), errors);
	gadget__close(gadget);
	return r;
}

static int add_probe(struct list *list, const struct config_path *path)
{
	struct probe probe = { .name = path->name,
			       .agent = list->agent,
			       .config = agent__config_count(list->agent),
			       .verdict = VERDICT_NO,
			       .is_gadget = path->is_gadget };
	struct err_list errors = { .len = 0 };
	char reason[1024] = "it cannot be read";

	if (path->is_gadget)
		(void)add_gadget(list->agent, path->path, &errors);
	else
		(void)config_add_file(list->agent, path->path, &errors);
	if (agent__config_count(list->agent) > probe.config) {
		probe.view = agent__config(list->agent, probe.config);
		judge(list, &probe);
	} else {
		if (errors.len > 0)
			(void)err__format(&errors.items[0], reason, sizeof(reason));
		probe.reason = arena__strdup(&list->arena, reason);
	}
	err_list__done(&errors);
	return vec_push(&list->probes, probe);
}

static int find_all(struct list *list, const struct flags_result *result,
		    struct config_paths *paths, struct err *err)
{
	const struct agent_options options = {
		.root = host_root(),
		.btf_path = list->options.btf_path[0] ? list->options.btf_path : NULL,
		.log_library = list->options.is_debugging ? session_log_library : NULL,
	};
	int r = agent__new(&options, &list->agent, err);

	if (r == 0)
		r = probes_find_with_gadgets(list->options.probe_dir, result, paths, err);
	vec_for_each(paths, path)
		if (r == 0 && probe_is_wanted(path->name, result) && add_probe(list, path) < 0)
			r = err__set(err, -ENOMEM, NULL, "no memory for the list of probes");
	(void)capabilities__check_bpf(&list->refused);
	return r;
}

/* ---- for a person ----------------------------------------------------------------------------------- */

#define COLUMNS 3

struct printer {
	struct table table;
	const struct probe *probe;
	bool has_name; /* it stands in the first row only */
	struct strbuf line;
};

/* The line so far becomes a row. */
static void end_line(struct printer *printer)
{
	bool is_first = !printer->has_name;
	const char *const cells[COLUMNS] = {
		is_first ? printer->probe->name : "",
		is_first ? verdicts[printer->probe->verdict] : "",
		strbuf__text(&printer->line),
	};

	table__add_row(&printer->table, cells);
	strbuf__reset(&printer->line);
	printer->has_name = true;
}

/* "hooks: tp_btf a, b; kprobe c": the kind is said once for those that follow one another. */
static void print_hooks(struct printer *printer)
{
	const char *kind = NULL;
	size_t kind_len = 0;

	strbuf__add_text(&printer->line, "hooks: ");
	for (uint32_t i = 0; i < printer->probe->view.part_count; i++) {
		const char *hook = part_of(printer->probe, i)->hook;
		size_t len = strcspn(hook, " ");
		bool is_same = kind && len == kind_len && memcmp(kind, hook, len) == 0;

		if (i > 0)
			strbuf__add_text(&printer->line, is_same ? ", " : "; ");
		strbuf__add_text(&printer->line, is_same && hook[len] ? hook + len + 1 : hook);
		kind = hook;
		kind_len = len;
	}
	end_line(printer);
}

static void print_params(struct printer *printer)
{
	const struct probe *probe = printer->probe;

	for (uint32_t i = 0; i < probe->view.param_count; i++) {
		struct param_view param = agent__param(probe->agent, probe->config, i);
		bool is_bool = str_eq(param.type, "bool");

		if (probe->is_gadget)
			strbuf__printf(&printer->line, "--%s%s%s: %s", param.name,
				       is_bool ? "" : "=", is_bool ? "" : param.type, param.help);
		else
			strbuf__printf(&printer->line, "--param=%s.%s=%s: %s", probe->name,
				       param.name, is_bool ? "true" : param.type, param.help);
		if (!is_bool && param.value[0])
			strbuf__printf(&printer->line, " (%s)", param.value);
		end_line(printer);
	}
}

static void print_probe(struct printer *printer, const struct probe *probe)
{
	printer->probe = probe;
	printer->has_name = false;
	if (probe->view.help) {
		strbuf__add_text(&printer->line, probe->view.help);
		end_line(printer);
	}
	if (probe->reason) {
		strbuf__printf(&printer->line, "why not: %s", probe->reason);
		end_line(printer);
	}
	if (probe->view.part_count > 0) {
		print_hooks(printer);
		strbuf__add_text(&printer->line, "needs: ");
		needs_format(probe->needs, &printer->line);
		end_line(printer);
	}
	print_params(printer);
}

static void print_text(const struct list *list, struct strbuf *out)
{
	static const char *const header[COLUMNS] = { "PROBE", "RUNS HERE", "WHAT IT IS" };
	struct printer printer = { .table = TABLE_INIT(COLUMNS), .line = STRBUF_INIT };

	printer.table.has_header = true;
	table__add_row(&printer.table, header);
	vec_for_each(&list->probes, probe)
		print_probe(&printer, probe);
	table__write(&printer.table, terminal_width(STDOUT_FILENO), out);
	if (err__is_set(&list->refused))
		strbuf__printf(out, "\nFor this process there is %s.\n", list->refused.text);
	strbuf__done(&printer.line);
	table__done(&printer.table);
}

/* ---- for programs ----------------------------------------------------------------------------------- */

static void add_json_parts(const struct probe *probe, struct json_writer *json)
{
	json__begin_array(json, "programs");
	for (uint32_t i = 0; i < probe->view.part_count; i++) {
		const struct part *part = part_of(probe, i);

		json__begin_object(json, NULL);
		json__add_text(json, "name", part->name);
		json__add_text(json, "hook", part->hook);
		json__add_bool(json, "runs_here", part->state == PART_STATE_PLANNED);
		json__add_text(json, "reason", part->reason);
		json__end_object(json);
	}
	json__end_array(json);
}

static void add_json_metrics(const struct probe *probe, struct json_writer *json)
{
	json__begin_array(json, "metrics");
	for (uint32_t i = 0; i < probe->view.metric_count; i++) {
		struct metric_view metric = agent__metric(probe->agent, probe->config, i);

		json__begin_object(json, NULL);
		json__add_text(json, "name", metric.name);
		json__add_text(json, "kind", metric.kind);
		json__add_text(json, "help", metric.help);
		json__add_text(json, "reason", metric.error);
		json__end_object(json);
	}
	json__end_array(json);
}

static void add_json_params(const struct probe *probe, struct json_writer *json)
{
	json__begin_array(json, "params");
	for (uint32_t i = 0; i < probe->view.param_count; i++) {
		struct param_view param = agent__param(probe->agent, probe->config, i);

		json__begin_object(json, NULL);
		json__add_text(json, "name", param.name);
		json__add_text(json, "type", param.type);
		json__add_text(json, "default", param.value);
		json__add_text(json, "help", param.help);
		json__end_object(json);
	}
	json__end_array(json);
}

static void print_json(const struct list *list, struct strbuf *out)
{
	struct json_writer json = { .out = out };

	json__begin_object(&json, NULL);
	json__add_text(&json, "refused", err__is_set(&list->refused) ? list->refused.text : NULL);
	json__begin_array(&json, "probes");
	vec_for_each(&list->probes, probe) {
		json__begin_object(&json, NULL);
		json__add_text(&json, "name", probe->name);
		json__add_bool(&json, "gadget", probe->is_gadget);
		json__add_text(&json, "help", probe->view.help);
		json__add_text(&json, "runs_here", verdicts[probe->verdict]);
		json__add_text(&json, "reason", probe->reason);
		json__begin_array(&json, "needs");
		needs_add_json(probe->needs, &json);
		json__end_array(&json);
		add_json_parts(probe, &json);
		add_json_metrics(probe, &json);
		add_json_params(probe, &json);
		json__end_object(&json);
	}
	json__end_array(&json);
	json__end_object(&json);
	strbuf__add_char(out, '\n');
}

/* ---- the whole -------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*print)(const struct list *list, struct strbuf *out);
} formats[] = {
	{ "json", print_json },
	{ "text", print_text },
};

static int print(const struct list *list, struct err *err)
{
	struct strbuf out = STRBUF_INIT;
	int r = -EINVAL;

	for (size_t i = 0; i < array_size(formats); i++) {
		if (!str_eq(formats[i].name, list->options.format))
			continue;
		formats[i].print(list, &out);
		r = strbuf__status(&out);
		if (r == 0)
			r = fd_write_all(STDOUT_FILENO, out.data, out.len);
	}
	strbuf__done(&out);
	return r < 0 ? err__set(err, r, NULL, "cannot print the list: %s", strerror(-r)) : 0;
}

/* What the flags' kinds cannot say. */
static int check_format(const struct list_options *options, struct err *err)
{
	for (size_t i = 0; i < array_size(formats); i++)
		if (str_eq(formats[i].name, options->format))
			return 0;
	return err__set(err, -EINVAL, NULL, "--format: '%s' is none; it must be text or json",
			options->format);
}

static int list_probes(struct list *list, const struct flags_result *result, struct err *err)
{
	struct config_paths paths = { .len = 0 };
	int r = check_format(&list->options, err);

	if (r == 0)
		r = find_all(list, result, &paths, err);
	if (r == 0)
		r = print(list, err);
	vec_done(&list->probes);
	err__done(&list->refused);
	arena__done(&list->arena);
	agent__free(list->agent);
	config_paths__done(&paths);
	return r;
}

int command_list(const struct invocation *invocation)
{
	struct list list = { .probes = VEC_INIT };
	struct flags_result result = FLAGS_RESULT_INIT;
	struct err err = ERR_INIT;
	int status;

	if (!command_parse(invocation, &flag_set, STATUS_USAGE, &list.options, &result, &status))
		return status;
	log_setup(&(struct log_options){ .level = list.options.is_debugging ? LOG_DEBUG : LOG_WARN,
					 .has_no_timestamps = true });
	status = list_probes(&list, &result, &err) < 0 ? STATUS_FAILED : STATUS_OK;
	if (err__is_set(&err))
		log_err(LOG_ERROR, &err, "list");
	err__done(&err);
	flags_result__done(&result);
	return status;
}
