/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_VALUE_H
#define SRC_POLICY_VALUE_H

/*
 * What a hook looks at, from args[], data[] and returnArg: where each value comes from, what it is, how it is reached.
 * Values are added to the draft of the hook, which owns them.
 * compile.c calls it before matches and actions, which refer to the values by position.
 */

#include "policy/private.h"

/* 0, or what was refused. */
int policy_values__add_all(struct policy_draft *draft);

#endif
