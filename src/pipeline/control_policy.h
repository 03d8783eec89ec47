/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_CONTROL_POLICY_H
#define SRC_PIPELINE_CONTROL_POLICY_H

/*
 * Verbs of the control socket for policies and their events: docs/reference/control.md. It owns the specs of policies that
 * came through it, and the filters of whoever listens; the policies are borrowed. control.c registers them where the agent
 * has policies.
 */

#include "base/err.h"

struct control_policy;
struct control_server;
struct policies;

int control_policy__new(struct policies *policies, struct control_server *server,
			struct control_policy **ret_control, struct err *err);
/* After the server, whose clients are told of, and before the policies. */
struct control_policy *control_policy__free(struct control_policy *control);

#endif
