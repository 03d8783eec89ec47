/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SELF_RUNTIMES_H
#define SRC_PIPELINE_SELF_RUNTIMES_H

/*
 * What is to be told of the container runtimes that are asked for names: whether they answer, what they know, what was
 * lost on the way. The families are the registry's; it owns nothing. self.c opens and collects them with its own.
 */

#include "base/err.h"

#define SELF_RUNTIMES_FAMILIES 14

struct agent;
struct family;

int self_runtimes__open(struct agent *agent, struct family **ret_families, struct err *err);
/* Of runtimes whose socket was seen. */
void self_runtimes__collect(const struct agent *agent, struct family *const *families);

#endif
