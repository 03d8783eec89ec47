/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_CONTROL_H
#define SRC_PIPELINE_CONTROL_H

/*
 * The agent by its control socket: what runs, a reload, events of a gadget that runs. It owns the socket's server and its
 * streams; the loop and the agent are borrowed, and the agent outlives it. `sonde agent` makes one.
 */

#include "base/err.h"
#include "base/str.h"

#define CONTROL_DEFAULT_PATH "/run/sonde/control.sock"

struct agent;
struct control;
struct control_server;
struct loop;

struct control_setup {
	struct loop *loop;
	struct agent *agent;
	const char *path;    /* of the socket */
	const char *version; /* borrowed, as the config is */
	const char *config;  /* path of what the agent runs by, for people */
	/* As SIGHUP does: 0, or negative with what runs going on; lines that say what was wrong in both cases. */
	int (*reload)(void *ctx, struct strbuf *out);
	void *reload_ctx;
};

int control__new(const struct control_setup *setup, struct control **ret_control, struct err *err);
struct control *control__free(struct control *control);
/* For further tables of verbs. */
struct control_server *control__server(struct control *control);

#endif
