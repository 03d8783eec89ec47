/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SELF_FOLLOW_H
#define SRC_PIPELINE_SELF_FOLLOW_H

/*
 * What is to be told of attaches that follow containers and network namespaces: where they are, and what could not be had.
 * The families are the registry's; it owns nothing. self.c opens and collects them with its own.
 */

#include "base/err.h"

#define SELF_FOLLOW_FAMILIES 8

struct agent;
struct family;

int self_follow__open(struct agent *agent, struct family **ret_families, struct err *err);
/* Nothing is shown while nothing follows. */
void self_follow__collect(const struct agent *agent, struct family *const *families);

#endif
