/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_GADGET_METRICS_H
#define SRC_CMD_GADGET_METRICS_H

/*
 * Serving metrics of gadgets as configs of them ask: reads the configs, opens the gadgets that they use, and counts until
 * a signal. It owns nothing after it returned. metrics and prometheus are this with configs from different places.
 */

#include <stdbool.h>
#include <stddef.h>
#include "cmd/flags.h"
#include "cmd/ledger_flags.h"
#include "cmd/runtime_flags.h"

struct gadget_metrics_options {
	const char *listen_address, *telemetry_path;
	const char *web_config;
	const char *gadget_dir; /* "": those that came with the program */
	bool is_checking;
	bool has_scopes;
	bool is_strict;
	bool is_debugging;
	bool may_rewrite;
	bool has_lifecycle;
	bool prefers_openmetrics;
	struct ledger_flags ledger;
	struct runtime_flags runtime;
};

/* Rows of a flag table; `at` is the offset of the struct in the command's options. */
#define GADGET_METRICS_FLAG(at, name_, kind_, member, initial_, help_)                             \
	{                                                                                          \
		.name = (name_), .kind = (kind_),                                                  \
		.offset = (at) + offsetof(struct gadget_metrics_options, member),                  \
		.initial = (initial_), .help = (help_)                                             \
	}
#define GADGET_METRICS_FLAGS(at)                                                                               \
	GADGET_METRICS_FLAG(at, "metrics-listen-address", FLAG_TEXT, listen_address, ":2223",                  \
			    "Where to listen for HTTP; :2223 is every address of this machine."),              \
		GADGET_METRICS_FLAG(at, "metrics-path", FLAG_TEXT, telemetry_path, "/metrics",                 \
				    "Where metrics are served."),                                              \
		GADGET_METRICS_FLAG(                                                                           \
			at, "gadgets", FLAG_DIRECTORY, gadget_dir, NULL,                                       \
			"Directory with a folder for each gadget; without it, those that came with this "      \
			"program."),                                                                           \
		GADGET_METRICS_FLAG(                                                                           \
			at, "compat", FLAG_BOOL, has_scopes, NULL,                                             \
			"Put the label otel_scope_name on every series, as Inspektor Gadget does."),           \
		GADGET_METRICS_FLAG(                                                                           \
			at, "check", FLAG_BOOL, is_checking, NULL,                                             \
			"Print what would be counted and how, or what is wrong, and end; nothing is loaded."), \
		GADGET_METRICS_FLAG(                                                                           \
			at, "strict", FLAG_BOOL, is_strict, NULL,                                              \
			"A program that cannot be attached, or a metric that cannot be made, ends it "         \
			"all."),                                                                               \
		GADGET_METRICS_FLAG(                                                                           \
			at, "web.config.file", FLAG_TEXT, web_config, NULL,                                    \
			"File with TLS, users and headers, as Prometheus' exporter-toolkit reads it."),        \
		GADGET_METRICS_FLAG(                                                                           \
			at, "web.openmetrics", FLAG_BOOL, prefers_openmetrics, NULL,                           \
			"Serve OpenMetrics to clients that prefer it, not only to those that take "            \
			"nothing else."),                                                                      \
		GADGET_METRICS_FLAG(at, "web.enable-lifecycle", FLAG_BOOL, has_lifecycle, NULL,                \
				    "Reload on POST /-/reload, as on SIGHUP."),                                \
		GADGET_METRICS_FLAG(                                                                           \
			at, "rewrite", FLAG_BOOL, may_rewrite, "true",                                         \
			"Change programs as they are loaded so that they count by themselves; "                \
			"--no-rewrite leaves them as they are."),                                              \
		GADGET_METRICS_FLAG(at, "debug", FLAG_BOOL, is_debugging, NULL,                                \
				    "Log debug messages, serve raw maps at /maps."),                           \
		LEDGER_FLAGS((at) + offsetof(struct gadget_metrics_options, ledger)),                          \
		RUNTIME_FLAGS((at) + offsetof(struct gadget_metrics_options, runtime))

/* Where a config is: a path, or the text itself. */
struct gadget_metrics_source {
	const char *path; /* or NULL */
	const char *text; /* then */
};

/* What the flags' kinds cannot say. */
int gadget_metrics_check(const struct gadget_metrics_options *options, struct err *err);
/* Until a signal. An exit status; what is wrong has been logged. */
int gadget_metrics_serve(const struct gadget_metrics_options *options,
			 const struct gadget_metrics_source *sources, size_t count);

#endif
