/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SELF_EVENTS_H
#define SRC_PIPELINE_SELF_EVENTS_H

/*
 * What the file and the socket of events tell of themselves: what went out, and what did not. Plain functions; the families
 * are the registry's. self.c calls them.
 */

#include "base/err.h"

struct agent;
struct family;

#define SELF_EVENTS_FAMILIES 8

int self_events__open(struct agent *agent, struct family **ret_families, struct err *err);
/* Nothing of what there is not. */
void self_events__collect(const struct agent *agent, struct family *const *families);

#endif
