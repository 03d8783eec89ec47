/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_RULE_H
#define SRC_POLICY_RULE_H

/*
 * Rules of a hook: their matches made tests, from cheap to dear, and their actions.
 * Rules are in the policy's arena and part of the draft's code.
 * compile.c calls it when the values of the hook are known.
 */

#include "policy/private.h"

/* 0, or what was refused. */
int policy_rules__compile(struct policy_draft *draft);

#endif
