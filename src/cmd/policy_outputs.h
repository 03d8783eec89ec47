/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_POLICY_OUTPUTS_H
#define SRC_CMD_POLICY_OUTPUTS_H

/*
 * Where `sonde policy` brings events: standard output, a file, a socket, as its flags ask. It owns those that were asked
 * for; the agent is told of them, and lives longer. policy_serve.c opens them before the first policy comes.
 */

#include "base/err.h"

struct agent;
struct event_file;
struct event_socket;
struct loop;
struct policy_options;
struct policy_output;

struct policy_outputs {
	struct agent *agent; /* borrowed; knows of the next ones */
	/* owned; NULL: it was not asked for */
	struct policy_output *text;
	struct event_file *file;
	struct event_socket *socket;
};

struct policy_outputs_options {
	const struct policy_options *flags;
	struct agent *agent;
	struct loop *loop;
	void (*closed)(void *ctx, int error); /* nobody reads standard output any more, or -errno */
	void *ctx;
};

/* -EINVAL: what is wrong with the flags that speak of events. Nothing is opened. */
int policy_outputs_check(const struct policy_options *flags, struct err *err);
/* What was opened before an error is closed by policy_outputs__close(). */
int policy_outputs__open(struct policy_outputs *outputs,
			 const struct policy_outputs_options *options, struct err *err);
/* Waits a little for whoever reads the last events. */
void policy_outputs__close(struct policy_outputs *outputs);

#endif
