/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_CONTROL_GADGET_H
#define SRC_PIPELINE_CONTROL_GADGET_H

/*
 * Verbs of the control socket for events of gadgets that the agent runs: `sonde run` beside it has them from here, made
 * text as it asks, while the agent's counts go on. Each subscription owns its output, and ends with its client or its
 * config. control.c registers them.
 */

#include "base/err.h"

struct agent;
struct control_gadget;
struct control_server;
struct loop;

int control_gadget__new(struct agent *agent, struct loop *loop, struct control_server *server,
			struct control_gadget **ret_gadget, struct err *err);
/* After the server, whose clients are told of. */
struct control_gadget *control_gadget__free(struct control_gadget *gadget);

#endif
