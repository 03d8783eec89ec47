/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SELF_CONTROL_H
#define SRC_PIPELINE_SELF_CONTROL_H

/*
 * What the control socket tells of itself: its clients, their requests, what slow ones missed. Plain functions; the
 * families are the registry's. self.c calls them.
 */

#include "base/err.h"

struct agent;
struct family;

#define SELF_CONTROL_FAMILIES 9

int self_control__open(struct agent *agent, struct family **ret_families, struct err *err);
/* Nothing while there is no socket. */
void self_control__collect(const struct agent *agent, struct family *const *families);

#endif
