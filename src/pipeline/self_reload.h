/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SELF_RELOAD_H
#define SRC_PIPELINE_SELF_RELOAD_H

/*
 * The agent's own figures about reloads: whether the last one came to something, how many there were, and for how long
 * programs were detached by them. self.c opens and fills the families with the others; the registry owns them.
 */

#include "base/err.h"

struct agent;
struct family;

#define SELF_RELOAD_FAMILIES 5

int self_reload__open(struct agent *agent, struct family **ret_families, struct err *err);
void self_reload__collect(const struct agent *agent, struct family *const *families);

#endif
