/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_POLICY_SERVE_H
#define SRC_CMD_POLICY_SERVE_H

/*
 * Running policies until a signal: reads the files, loads and attaches, serves metrics, prints events if asked.
 * It owns nothing after it returned. `sonde policy FILE…` is this.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "pipeline/policies.h"

struct policy_options {
	const char *output; /* "none", "json", "compact" */
	const char *metrics_server, *telemetry_path, *web_config;
	const char *labels;                /* names, by commas */
	const char *mode;                  /* "", "enforce", "monitor" */
	const char *allow, *deny, *fields; /* JSON; "": none */
	int64_t rate_limit;                /* events a minute; negative: none */
	const char *redaction;             /* JSON; "": nothing is hidden */
	const char *socket;                /* that gives events to whoever connects; "": none */
	const char *file;                  /* that events go to as well; "": none */
	const char *file_mode;             /* in octal digits */
	int64_t file_megabytes, file_backups, file_interval_ns;
	bool file_compresses;
	const char *color;  /* "auto", "always", "never" */
	int64_t timeout_ns; /* 0: until a signal */
	bool is_checking, dumps_ir, dumps_instructions;
	bool is_strict, is_debugging;
	bool watches; /* files that change are read again */
	bool has_credentials, has_namespaces, has_environment;
	const char *environment_names; /* by commas; "": all */
	const char *ancestors;         /* kinds of events, by commas */
	const char *user_names;        /* "disabled", "unix" */
	const char *node, *cluster;    /* "": as the machine is called, and none */
};

/* "namespace,pod": which labels of series say something, of enum policy_label. */
int policy_parse_labels(const char *text, uint32_t *ret_labels, struct err *err);
/* "base,kprobe": which events list ancestors, of 1 << enum process_event_kind; "base" is exec and exit. */
int policy_parse_ancestors(const char *text, uint32_t *ret_kinds, struct err *err);
/* "enforce", "monitor"; "": as each policy says. */
int policy_parse_mode(const char *text, enum policy_asked_mode *ret_mode, struct err *err);
/* -EINVAL: the flag, and what is wrong with it. Nothing is opened or loaded for it. */
int policy_options__check(const struct policy_options *options, struct err *err);
/* An exit status; what is wrong has been logged. The options have been checked. */
int policy_serve(const struct policy_options *options, const char *const *paths, size_t count);

#endif
