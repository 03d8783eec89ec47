/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SELF_GADGET_H
#define SRC_PIPELINE_SELF_GADGET_H

/*
 * What is to be told of the events of gadgets: how many came here, how many were lost, and how far down each program
 * counts. The families are the registry's; it owns nothing. self.c opens and collects them with its own.
 */

#include "base/err.h"

#define SELF_GADGET_FAMILIES 3

struct agent;
struct family;

int self_gadget__open(struct agent *agent, struct family **ret_families, struct err *err);
void self_gadget__collect(struct agent *agent, struct family *const *families);

#endif
