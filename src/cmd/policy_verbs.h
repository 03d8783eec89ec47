/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_POLICY_VERBS_H
#define SRC_CMD_POLICY_VERBS_H

/*
 * Policies of the agent that runs: listed, added, removed and switched through its control socket.
 * It owns nothing. `sonde policy list` and the like are this; with files instead of a verb it is policy_serve.h.
 */

#include <stdbool.h>

struct invocation;

bool policy_verbs_have(const char *word);
/* An exit status. */
int policy_verbs_run(const struct invocation *invocation);

#endif
