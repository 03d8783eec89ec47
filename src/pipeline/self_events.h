/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SELF_EVENTS_H
#define SRC_PIPELINE_SELF_EVENTS_H

/*
 * What the file of events tells of itself: what went into it, and what did not. Plain functions; the families are the
 * registry's. self.c calls them.
 */

#include "base/err.h"

struct agent;
struct family;

#define SELF_EVENTS_FAMILIES 5

int self_events__open(struct agent *agent, struct family **ret_families, struct err *err);
/* Nothing while there is no file. */
void self_events__collect(const struct agent *agent, struct family *const *families);

#endif
