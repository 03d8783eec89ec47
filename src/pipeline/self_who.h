/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SELF_WHO_H
#define SRC_PIPELINE_SELF_WHO_H

/*
 * What is to be told of identities: how many are known, how late names came, what was missed, and each bound that bit.
 * The families are the registry's; it owns nothing. self.c opens and collects them with its own.
 */

#include "base/err.h"

#define SELF_WHO_FAMILIES 30

struct agent;
struct family;

int self_who__open(struct agent *agent, struct family **ret_families, struct err *err);
/* Nothing is shown while nobody asks who somebody is. */
void self_who__collect(const struct agent *agent, struct family *const *families);

#endif
