/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_CONTROL_EVENTS_H
#define SRC_PIPELINE_CONTROL_EVENTS_H

/*
 * The verb of the control socket for events of policies: whoever asks gets those that its lists admit, as lines of JSON,
 * until it leaves. Each listener owns its filters. control_policy.c has it beside the verbs for policies.
 */

#include "base/err.h"

struct control_events;
struct control_server;
struct policies;

int control_events__new(struct policies *policies, struct control_server *server,
			struct control_events **ret_events, struct err *err);
/* After the server, whose clients are told of. */
struct control_events *control_events__free(struct control_events *events);

#endif
