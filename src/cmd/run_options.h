/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_RUN_OPTIONS_H
#define SRC_CMD_RUN_OPTIONS_H

/*
 * What `sonde run` can be told, be it probes or gadgets that run. The table of flags is const; texts belong to the command
 * line. run.c runs probes with it, run_gadget.c gadgets, whose parameters become flags behind these.
 */

#include <stdbool.h>
#include <stdint.h>
#include "cmd/command.h"
#include "cmd/ledger_flags.h"
#include "cmd/runtime_flags.h"
#include "pipeline/who_filter.h"

struct run_options {
	const char *listen_address;
	const char *web_config;
	const char *probe_dir;
	const char *by;
	struct flag_list params;
	bool may_rewrite;
	struct flag_list who[WHO_SUBJECT_COUNT];
	struct runtime_flags runtime;
	bool is_debugging;
	bool has_lifecycle;
	bool prefers_openmetrics;
	struct ledger_flags ledger;
	/* of gadgets */
	const char *format;
	const char *fields, *order, *max_entries;
	struct flag_list filters, expressions;
	int64_t timeout_ns;
	bool is_strict;
	const char *agent_socket; /* "none": no agent is asked */
	bool has_metrics, keeps_original_names;
	const char *ring_size;
	bool shows_host; /* not looked at */
};

const struct flag_set *run_flag_set(void);
/* Whether the command line says where to listen. */
bool run_options__has_listen(const struct run_options *options);
/* The filter of --container and the like; borrows the options. */
void run_options__who(const struct run_options *options, struct who_filter *ret_filter);

/* run_gadget.c: whether the command line names a gadget, and running what it names. */
bool run_names_gadget(const struct invocation *invocation);
int run_gadgets(const struct invocation *invocation);

#endif
