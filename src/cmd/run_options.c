/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/run_options.h"

#include <stddef.h>

#include "base/mem.h"
#include "pipeline/control.h"

static const char default_listen[] = "127.0.0.1:9435";

static const struct flag flags[] = {
	{ .name = "listen",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct run_options, listen_address),
	  .initial = default_listen,
	  .help = "Where to listen for HTTP; :9435 is every address of this machine." },
	{ .name = "web.config.file",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct run_options, web_config),
	  .help = "File with TLS, users and headers, as Prometheus' exporter-toolkit reads it." },
	{ .name = "probes",
	  .kind = FLAG_DIRECTORY,
	  .offset = offsetof(struct run_options, probe_dir),
	  .help = "Directory with NAME.yaml and NAME.bpf.o; without it, the probes that came with this program." },
	{ .name = "by",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct run_options, by),
	  .help = "Split what can be split by this: cgroup, or what cgroups belong to: container, pod, namespace, image, unit." },
	{ .name = "param",
	  .kind = FLAG_LIST,
	  .offset = offsetof(struct run_options, params),
	  .help = "Set a parameter of a probe, as PROBE.NAME=VALUE." },
	{ .name = "container",
	  .kind = FLAG_LIST,
	  .offset = offsetof(struct run_options, who[WHO_CONTAINER]),
	  .help = "Count only what containers of this name do, or of this id (12 characters of it will do)." },
	{ .name = "pod",
	  .kind = FLAG_LIST,
	  .offset = offsetof(struct run_options, who[WHO_POD]),
	  .help = "Count only what pods of this name do, or NAMESPACE/NAME, or uid." },
	{ .name = "namespace",
	  .kind = FLAG_LIST,
	  .offset = offsetof(struct run_options, who[WHO_NAMESPACE]),
	  .help = "Count only what pods of this namespace do." },
	{ .name = "unit",
	  .kind = FLAG_LIST,
	  .offset = offsetof(struct run_options, who[WHO_UNIT]),
	  .help = "Count only what this systemd unit does." },
	{ .name = "user",
	  .kind = FLAG_LIST,
	  .offset = offsetof(struct run_options, who[WHO_USER]),
	  .help = "Count only what sessions and units of this user do, by name or number (their slice of systemd)." },
	RUNTIME_FLAGS(offsetof(struct run_options, runtime)),
	{ .name = "web.openmetrics",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct run_options, prefers_openmetrics),
	  .help = "Serve OpenMetrics to clients that prefer it, not only to those that take nothing else." },
	{ .name = "web.enable-lifecycle",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct run_options, has_lifecycle),
	  .help = "Reload on POST /-/reload, as on SIGHUP." },
	{ .name = "rewrite",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct run_options, may_rewrite),
	  .initial = "true",
	  .help = "Change programs as they are loaded so that full maps lose nothing; --no-rewrite leaves them as they are." },
	{ .name = "debug",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct run_options, is_debugging),
	  .help = "Log debug messages, serve raw maps at /maps." },
	{ .name = "output",
	  .letter = 'o',
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct run_options, format),
	  .help = "How records of gadgets are shown: columns, folded, json, jsonpretty, yaml or none. Columns, unless the gadget says more." },
	{ .name = "fields",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct run_options, fields),
	  .help = "Columns of gadgets, as a,b; +a,-b adds and leaves out; STREAM:a,b;OTHER:+c of several data sources." },
	{ .name = "filter",
	  .letter = 'F',
	  .kind = FLAG_LIST,
	  .offset = offsetof(struct run_options, filters),
	  .help = "Show records of gadgets that fit: FIELD==VALUE, also !=, <, <=, >, >=, ~REGEXP, !~REGEXP; several with commas. STREAM:… is for that data source." },
	{ .name = "filter-expr",
	  .letter = 'E',
	  .kind = FLAG_LIST,
	  .offset = offsetof(struct run_options, expressions),
	  .help = "Likewise, as an expression: 'proc.pid > 100 and fname startsWith \"/etc\"'." },
	{ .name = "sort",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct run_options, order),
	  .help = "Order of rows that come all at once, as -reads,comm; STREAM:a;OTHER:-b of several data sources." },
	{ .name = "max-entries",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct run_options, max_entries),
	  .help = "Show at most so many rows of each time, as 10, or STREAM:10,OTHER:5." },
	{ .name = "timeout",
	  .letter = 't',
	  .kind = FLAG_DURATION,
	  .offset = offsetof(struct run_options, timeout_ns),
	  .help = "End after this time; 0: when Ctrl-C says so." },
	{ .name = "ring-size",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct run_options, ring_size),
	  .help = "Memory in which events of a gadget wait for us, as 512K or 16M, 4K to 1G; a power of two. Without it what 1,024 of them need, 1M at most, or what the gadget has." },
	{ .name = "host",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct run_options, shows_host),
	  .help = "Taken as Inspektor Gadget's: what is not in a container is shown in any case." },
	{ .name = "metrics",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct run_options, has_metrics),
	  .help = "Serve metrics of gadgets: those that a gadget asks for, else what is useful. Without --output nothing else comes of them." },
	{ .name = "metrics-compat",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct run_options, keeps_original_names),
	  .help = "Call metrics of gadgets as Inspektor Gadget does." },
	{ .name = "agent",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct run_options, agent_socket),
	  .initial = CONTROL_DEFAULT_PATH,
	  .help = "Control socket of an agent: when it runs the same gadget, its events are shown and nothing is loaded; none: no agent is asked." },
	{ .name = "strict",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct run_options, is_strict),
	  .help = "End when a program of a gadget cannot run here, instead of going on without it." },
	LEDGER_FLAGS(offsetof(struct run_options, ledger)),
};

static const struct flag_set flag_set = {
	.help = "Serves the shipped probes, those that can run here; says of the others why not. PROBE names some of them. GADGET shows what a gadget sees: it is the name of a shipped one, a folder, an object or an image, and `sonde run GADGET --help` tells its parameters. Probes that are named beside it are served.",
	.arguments = "[PROBE…|GADGET…]",
	.flags = flags,
	.flag_count = array_size(flags),
};

const struct flag_set *run_flag_set(void)
{
	return &flag_set;
}

bool run_options__has_listen(const struct run_options *options)
{
	return options->listen_address != default_listen;
}

void run_options__who(const struct run_options *options, struct who_filter *ret_filter)
{
	for (size_t i = 0; i < WHO_SUBJECT_COUNT; i++)
		ret_filter->names[i] = (struct who_names){ options->who[i].items,
							   options->who[i].count };
}
