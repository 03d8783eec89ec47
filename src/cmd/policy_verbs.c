/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/configs.h"
#include "cmd/control.h"
#include "cmd/policy_verbs.h"
#include "config/load.h"
#include "pipeline/control.h"

struct verb_options {
	const char *socket;
	const char *kube_namespace;
	const char *mode;
	bool is_disabled;
	bool is_json;
};

#define OFFSET(member) .offset = offsetof(struct verb_options, member)

static const struct flag flags[] = {
	{ .name = "namespace",
	  .letter = 'n',
	  .kind = FLAG_TEXT,
	  OFFSET(kube_namespace),
	  .help = "The policy of that name in this namespace of Kubernetes; without it, of the whole cluster." },
	{ .name = "mode",
	  .kind = FLAG_TEXT,
	  OFFSET(mode),
	  .help = "For add: enforce or monitor, instead of what the policy says." },
	{ .name = "disabled",
	  .kind = FLAG_BOOL,
	  OFFSET(is_disabled),
	  .help = "For add: the policy is known, and loaded once it is enabled." },
	{ .name = "json",
	  .kind = FLAG_BOOL,
	  OFFSET(is_json),
	  .help = "Print the answer as the agent gave it." },
	{ .name = "socket",
	  .kind = FLAG_TEXT,
	  OFFSET(socket),
	  .initial = CONTROL_DEFAULT_PATH,
	  .help = "Path of the control socket of the agent." },
};

static const struct flag_set flag_set = {
	.help = "Policies of the agent that runs: `list` of them, `hooks NAME` of one; `add FILE|DIR…` and `rm NAME…`; "
		"`enable NAME…`, `disable NAME…`, `set-mode NAME enforce|monitor`.",
	.arguments = "list|hooks|add|rm|enable|disable|set-mode [WORD…]",
	.needs_arguments = true,
	.flags = flags,
	.flag_count = array_size(flags),
};

struct policy_call {
	const struct invocation *invocation;
	const struct verb_options *options;
	const char *const *words; /* behind the verb */
	size_t count;
};

/* ---- showing -------------------------------------------------------------------------------------------- */

static int ask(const struct policy_call *call, json_t *request, json_t **ret_result,
	       struct err *err)
{
	return control_ask(call->options->socket, request, ret_result, err);
}

static int print_rows(const struct policy_call *call, const json_t *rows,
		      const struct control_column *columns, size_t count)
{
	return call->options->is_json ? control_print_json(rows)
				      : control_print_table(rows, columns, count);
}

/* Reasons are long: a line each, below the table. */
static int print_reasons(const json_t *rows)
{
	struct strbuf out = STRBUF_INIT;
	const json_t *row;
	size_t index;
	int r;

	json_array_foreach((json_t *)(uintptr_t)rows, index, row)
	{
		const char *reason = json_string_value(json_object_get(row, "error"));

		if (reason)
			strbuf__printf(&out, "%s%s: %s\n", out.len > 0 ? "" : "\n",
				       json_string_value(json_object_get(row, "name")), reason);
	}
	r = out.len > 0 ? fd_write_all(STDOUT_FILENO, out.data, out.len) : 0;
	strbuf__done(&out);
	return r;
}

static int run_list(const struct policy_call *call, struct err *err)
{
	static const struct control_column columns[] = {
		{ .title = "ID", .member = "id" },
		{ .title = "NAME", .member = "name" },
		{ .title = "STATE", .member = "state" },
		{ .title = "NAMESPACE", .member = "namespace", .otherwise = "(global)" },
		{ .title = "MODE", .member = "mode" },
		{ .title = "HOOKS", .member = "hooks" },
		{ .title = "KERNELMEMORY", .member = "kernel_memory", .is_bytes = true },
		{ .title = "NPOST", .member = "posted" },
		{ .title = "NENFORCE", .member = "enforced" },
		{ .title = "NMONITOR", .member = "monitored" },
	};
	json_t *rows = NULL;
	int r = ask(call, json_pack("{s:s}", "verb", "policy.list"), &rows, err);

	if (r == 0)
		r = print_rows(call, rows, columns, array_size(columns));
	if (r == 0 && !call->options->is_json)
		r = print_reasons(rows);
	json_decref(rows);
	return r;
}

/* NULL: no memory. */
static json_t *name_request(const struct policy_call *call, const char *verb, const char *name)
{
	return json_pack("{s:s, s:s, s:s}", "verb", verb, "name", name, "namespace",
			 call->options->kube_namespace);
}

static int run_hooks(const struct policy_call *call, struct err *err)
{
	static const struct control_column columns[] = {
		{ .title = "HOOK", .member = "hook" },
		{ .title = "HOW", .member = "how", .otherwise = "not attached" },
		{ .title = "INSTRUCTIONS", .member = "instructions" },
		{ .title = "MATCHED", .member = "matched" },
		{ .title = "POSTED", .member = "posted" },
		{ .title = "NOT POSTED", .member = "not_posted" },
		{ .title = "LIMITED", .member = "limited" },
		{ .title = "LOST", .member = "lost" },
		{ .title = "ENFORCED", .member = "enforced" },
		{ .title = "MONITORED", .member = "monitored" },
	};
	json_t *rows = NULL;
	int r = ask(call, name_request(call, "policy.hooks", call->words[0]), &rows, err);

	if (r == 0)
		r = print_rows(call, rows, columns, array_size(columns));
	json_decref(rows);
	return r;
}

/* What one name or file came to: it is told, and the others are still to come. The first error is the whole's. */
static int note(const struct policy_call *call, int first, int r, struct err *err)
{
	if (r < 0 && err__is_set(err))
		control_print_error(call->invocation, err);
	err__done(err);
	return first < 0 ? first : r;
}

/* ---- changing ------------------------------------------------------------------------------------------- */

static int add_file(const struct policy_call *call, const char *path, struct err *err)
{
	__cleanup(x_freep) char *text = NULL;
	json_t *request, *result = NULL;
	size_t len;
	int r = fd_read_all(AT_FDCWD, path, CONFIG_MAX_BYTES, &text, &len);

	if (r < 0)
		return err__set(err, r, NULL, "cannot read '%s': %s", path, strerror(-r));
	if (!str_is_utf8(text, len) || strlen(text) != len)
		return err__set(err, -EINVAL, NULL, "'%s' is no text", path);
	request = json_pack("{s:s, s:s, s:s, s:b}", "verb", "policy.add", "yaml", text, "origin",
			    path, "disabled", call->options->is_disabled);
	if (call->options->mode[0])
		(void)json_object_set_new(request, "mode", json_string(call->options->mode));
	r = ask(call, request, &result, err);
	json_decref(result);
	return r;
}

/* A directory means the policies in it. */
static int run_add(const struct policy_call *call, struct err *err)
{
	struct config_paths paths = { .len = 0 };
	int r = 0;

	for (size_t i = 0; i < call->count; i++)
		r = note(call, r, config_paths__add(&paths, call->words[i], err), err);
	for (size_t i = 0; i < paths.len; i++)
		r = note(call, r, add_file(call, paths.items[i].path, err), err);
	config_paths__done(&paths);
	return r;
}

static int run_each(const struct policy_call *call, const char *verb, struct err *err)
{
	int first = 0;

	for (size_t i = 0; i < call->count; i++) {
		json_t *result = NULL;
		int r = ask(call, name_request(call, verb, call->words[i]), &result, err);

		first = note(call, first, r, err);
		json_decref(result);
	}
	return first;
}

static int run_remove(const struct policy_call *call, struct err *err)
{
	return run_each(call, "policy.remove", err);
}

static int run_enable(const struct policy_call *call, struct err *err)
{
	return run_each(call, "policy.enable", err);
}

static int run_disable(const struct policy_call *call, struct err *err)
{
	return run_each(call, "policy.disable", err);
}

static int run_set_mode(const struct policy_call *call, struct err *err)
{
	json_t *request = name_request(call, "policy.set_mode", call->words[0]), *result = NULL;
	int r;

	(void)json_object_set_new(request, "mode", json_string(call->words[1]));
	r = ask(call, request, &result, err);
	json_decref(result);
	return r;
}

/* ---- the command ---------------------------------------------------------------------------------------- */

static const struct policy_verb {
	const char *name;
	int (*run)(const struct policy_call *call, struct err *err);
	size_t least, most; /* words behind it; most 0: none */
	const char *usage;
} verbs[] = {
	{ "add", run_add, 1, SIZE_MAX, "FILE|DIR…" },
	{ "disable", run_disable, 1, SIZE_MAX, "NAME…" },
	{ "enable", run_enable, 1, SIZE_MAX, "NAME…" },
	{ "hooks", run_hooks, 1, 1, "NAME" },
	{ "list", run_list, 0, 0, "" },
	{ "rm", run_remove, 1, SIZE_MAX, "NAME…" },
	{ "set-mode", run_set_mode, 2, 2, "NAME enforce|monitor" },
};

static int find_verb(const char *word, const struct policy_verb **ret_verb, struct err *err)
{
	const char *names[array_size(verbs)], *nearest;
	struct strbuf known = STRBUF_INIT;
	int r;

	for (size_t i = 0; i < array_size(verbs); i++) {
		names[i] = verbs[i].name;
		*ret_verb = &verbs[i];
		if (str_eq(verbs[i].name, word))
			return 0;
	}
	for (size_t i = 0; i < array_size(verbs); i++)
		strbuf__printf(&known, "%s%s", i ? ", " : "", verbs[i].name);
	nearest = str_nearest(word, names, array_size(names));
	r = err__set(err, -EINVAL, NULL, "'%s' is nothing to do with policies; there are %s%s%s%s",
		     word, strbuf__text(&known), nearest ? "; did you mean '" : "",
		     nearest ? nearest : "", nearest ? "'?" : "");
	strbuf__done(&known);
	return r;
}

static int check_words(const struct policy_verb *verb, const struct policy_call *call,
		       struct err *err)
{
	const char *mode = call->options->mode;

	if (call->count < verb->least || call->count > verb->most)
		return err__set(err, -EINVAL, NULL, "write: policy %s%s%s", verb->name,
				verb->usage[0] ? " " : "", verb->usage);
	if (mode[0] && verb->run == run_add && !str_eq(mode, "enforce") && !str_eq(mode, "monitor"))
		return err__set(err, -EINVAL, NULL, "--mode: '%s' is neither enforce nor monitor",
				mode);
	if (verb->run != run_add && (mode[0] || call->options->is_disabled))
		return err__set(err, -EINVAL, NULL, "--mode and --disabled are for 'policy add'");
	return 0;
}

bool policy_verbs_have(const char *word)
{
	for (size_t i = 0; i < array_size(verbs); i++)
		if (str_eq(verbs[i].name, word))
			return true;
	return false;
}

int policy_verbs_run(const struct invocation *invocation)
{
	struct flags_result result = FLAGS_RESULT_INIT;
	const struct policy_verb *verb = NULL;
	struct verb_options options;
	struct policy_call call = { .invocation = invocation, .options = &options };
	struct err err = ERR_INIT;
	int status, r;

	if (!command_parse(invocation, &flag_set, STATUS_USAGE, &options, &result, &status))
		return status;
	call.words = result.arguments.items + 1;
	call.count = result.arguments.len - 1;
	r = find_verb(result.arguments.items[0], &verb, &err);
	if (r < 0 || check_words(verb, &call, &err) < 0)
		return command_refuse(invocation, &result, &err, STATUS_USAGE);
	r = verb->run(&call, &err);
	if (r < 0 && err__is_set(&err))
		control_print_error(invocation, &err);
	err__done(&err);
	flags_result__done(&result);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}
