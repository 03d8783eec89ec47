/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SELF_COST_H
#define SRC_PIPELINE_SELF_COST_H

/*
 * What everything costs, as metrics: of programs, of metrics and of spans. The families are the registry's; it owns
 * nothing. self.c opens and collects them with its own.
 */

#include "base/err.h"

#define SELF_COST_PART_FAMILIES 4
#define SELF_COST_OUTPUT_FAMILIES 2

struct agent;
struct family;
struct registry;

struct self_cost {
	struct family *parts[SELF_COST_PART_FAMILIES]; /* the registry's, like all */
	struct family *metrics[SELF_COST_OUTPUT_FAMILIES];
	struct family *spans[SELF_COST_OUTPUT_FAMILIES];
	struct family *sampled, *covered, *statistics;
};

int self_cost__init(struct self_cost *self, struct registry *registry, struct err *err);
void self_cost__collect(struct self_cost *self, struct agent *agent);

#endif
