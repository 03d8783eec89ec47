/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SELF_SOCKETS_H
#define SRC_PIPELINE_SELF_SOCKETS_H

/*
 * What is to be told of the table of sockets: how full it is, and what found no room.
 * The families are the registry's; it owns nothing. self.c opens and collects them with its own.
 */

#include "base/err.h"

#define SELF_SOCKETS_FAMILIES 4

struct agent;
struct family;

int self_sockets__open(struct agent *agent, struct family **ret_families, struct err *err);
/* Nothing is shown while nobody asks whose a socket is. */
void self_sockets__collect(const struct agent *agent, struct family *const *families);

#endif
