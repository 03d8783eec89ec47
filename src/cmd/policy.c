/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/policy_serve.h"
#include "cmd/policy_verbs.h"

#define FLAG(name_, kind_, member, initial_, help_)                                                \
	{                                                                                          \
		.name = (name_), .kind = (kind_),                                                  \
		.offset = offsetof(struct policy_options, member), .initial = (initial_),          \
		.help = (help_)                                                                    \
	}

static const struct flag flags[] = {
	{ .name = "output",
	  .letter = 'o',
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct policy_options, output),
	  .initial = "none",
	  .help = "Events on standard output: none (the kernel only counts), json (a line each, as Tetragon's), compact." },
	FLAG("color", FLAG_TEXT, color, "auto",
	     "Colours of compact lines: auto (on a terminal), always, never."),
	FLAG("metrics-server", FLAG_TEXT, metrics_server, ":2112",
	     "Where to listen for HTTP; :2112 is every address of this machine, \"\" none."),
	FLAG("metrics-path", FLAG_TEXT, telemetry_path, "/metrics", "Where metrics are served."),
	FLAG("metrics-label-filter", FLAG_TEXT, labels, "namespace,workload,pod,binary",
	     "What series of events say of processes; other labels are empty. Also: node_name."),
	FLAG("web.config.file", FLAG_TEXT, web_config, NULL,
	     "File with TLS, users and headers, as Prometheus' exporter-toolkit reads it."),
	FLAG("mode", FLAG_TEXT, mode, NULL,
	     "For all policies, whatever they say: enforce, or monitor (actions are counted, not taken)."),
	FLAG("export-allowlist", FLAG_TEXT, allow, NULL,
	     "Only these events are printed: objects of JSON, as Tetragon reads them."),
	FLAG("export-denylist", FLAG_TEXT, deny, NULL, "These events are not printed; likewise."),
	FLAG("field-filters", FLAG_TEXT, fields, NULL,
	     "Which fields of events are printed; likewise."),
	FLAG("export-rate-limit", FLAG_I64, rate_limit, "-1",
	     "Most events a minute that are printed; -1: no limit."),
	FLAG("redaction-filters", FLAG_TEXT, redaction, NULL,
	     "What of arguments is not shown; likewise."),
	FLAG("export-socket", FLAG_TEXT, socket, NULL,
	     "Events go to whoever connects to this unix socket as well, as lines of JSON."),
	FLAG("export-filename", FLAG_TEXT, file, NULL,
	     "Events go to this file as well, as lines of JSON; it is put aside when it is full or old."),
	FLAG("export-file-max-size-mb", FLAG_I64, file_megabytes, "10", "How large it gets."),
	FLAG("export-file-max-backups", FLAG_I64, file_backups, "5",
	     "How many that were put aside are kept; 0: all."),
	FLAG("export-file-rotation-interval", FLAG_DURATION, file_interval_ns, NULL,
	     "How old it gets; 0: until it is full."),
	FLAG("export-file-compress", FLAG_BOOL, file_compresses, NULL,
	     "Compress those that were put aside, with gzip."),
	FLAG("export-file-perm", FLAG_TEXT, file_mode, "600", "Its mode, in octal digits."),
	FLAG("enable-process-cred", FLAG_BOOL, has_credentials, NULL,
	     "Events show capabilities and credentials of processes."),
	FLAG("enable-process-ns", FLAG_BOOL, has_namespaces, NULL,
	     "Events show namespaces of processes."),
	FLAG("enable-ancestors", FLAG_TEXT, ancestors, "",
	     "Which events show all ancestors of the process, by commas: base (exec and exit), kprobe, tracepoint, loader, uprobe, usdt, lsm."),
	FLAG("enable-process-environment-variables", FLAG_BOOL, has_environment, NULL,
	     "Events show the environment of processes, secrets included: see --redaction-filters."),
	FLAG("filter-environment-variables", FLAG_TEXT, environment_names, "",
	     "Only these of its variables, by commas. Default: all."),
	FLAG("username-metadata", FLAG_TEXT, user_names, "disabled",
	     "unix: events show the names of users of this machine, of processes that are in no container."),
	FLAG("node-name", FLAG_TEXT, node, NULL,
	     "What this node is called; else $NODE_NAME, or the machine's name."),
	FLAG("cluster-name", FLAG_TEXT, cluster, NULL, "What its cluster is called."),
	{ .name = "timeout",
	  .letter = 't',
	  .kind = FLAG_DURATION,
	  .offset = offsetof(struct policy_options, timeout_ns),
	  .help = "End after so long; without it, at a signal." },
	FLAG("check", FLAG_BOOL, is_checking, NULL,
	     "Say what would be attached and how, or what is wrong, and end; policies are loaded for it and do nothing."),
	FLAG("dump-ir", FLAG_BOOL, dumps_ir, NULL,
	     "Print what each hook's program does, in sonde's intermediate form, and end."),
	FLAG("dump-insns", FLAG_BOOL, dumps_instructions, NULL,
	     "Print the instructions of each hook's program, and end."),
	FLAG("watch", FLAG_BOOL, watches, "true",
	     "Read files again when they change; SIGHUP does that in any case."),
	FLAG("strict", FLAG_BOOL, is_strict, NULL, "A policy that cannot be had ends it all."),
	FLAG("debug", FLAG_BOOL, is_debugging, NULL, "Log debug messages."),
};

static const struct flag_set flag_set = {
	.help = "Runs TracingPolicies of Tetragon: counts the calls that they name in the kernel, prints them as events when "
		"asked, and enforces what they say. With a verb it speaks of the agent that runs: `sonde policy list --help`.",
	.arguments = "FILE|DIR…",
	.needs_arguments = true,
	.flags = flags,
	.flag_count = array_size(flags),
};

/* A verb, or a word that may have been meant as one: a path has a dot or a slash in it, or is there. */
static bool is_verb_like(const char *word)
{
	return policy_verbs_have(word) || (!strpbrk(word, "./") && access(word, F_OK) < 0);
}

/* Words behind a flag may be its value. */
static bool is_about_agent(const struct invocation *invocation)
{
	for (int i = 0; i < invocation->argc; i++) {
		const char *word = invocation->argv[i];
		const char *before = i ? invocation->argv[i - 1] : "";

		if (word[0] == '-' || (before[0] == '-' && !strchr(before, '=')))
			continue;
		return is_verb_like(word);
	}
	return false;
}

int command_policy(const struct invocation *invocation)
{
	struct flags_result result = FLAGS_RESULT_INIT;
	struct policy_options options;
	struct err err = ERR_INIT;
	int status;

	if (is_about_agent(invocation))
		return policy_verbs_run(invocation);
	if (!command_parse(invocation, &flag_set, STATUS_USAGE, &options, &result, &status))
		return status;
	if (policy_options__check(&options, &err) < 0)
		return command_refuse(invocation, &result, &err, STATUS_USAGE);
	status = policy_serve(&options, result.arguments.items, result.arguments.len);
	flags_result__done(&result);
	return status;
}
