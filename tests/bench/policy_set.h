/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BENCH_POLICY_SET_H
#define TESTS_BENCH_POLICY_SET_H

/*
 * Policies in the bench's own process, so that they can be switched on and off between two rounds.
 * A set owns its loop, its agent, whose engine of hooks is open from the first policy on, and the specs. bench_policy*.c make
 * one for each way of counting. Every step that fails ends the program.
 */

#include <stdint.h>
#include "base/vec.h"
#include "pipeline/policies.h"

struct agent;
struct loop;
struct spec;

struct policy_set {
	struct agent *agent;
	struct policies *policies; /* the agent's */
	struct loop *loop;         /* rings are drained while it runs, or when that is asked for */
	VEC(struct spec *) specs;
};

void policy_set__open(struct policy_set *set, const struct policies_options *options);
void policy_set__close(struct policy_set *set);
/* What stands below `spec:`, with a head and a name. It is known then, and not loaded. Its id. */
uint32_t policy_set__add(struct policy_set *set, const char *body);
void policy_set__enable(struct policy_set *set, uint32_t id);
void policy_set__disable(struct policy_set *set, uint32_t id);

#endif
