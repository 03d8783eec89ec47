/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_MATCH_H
#define SRC_POLICY_MATCH_H

/*
 * Matches of a rule, made tests. Which operators go with which types is one table here; match.def lists the kinds, and a
 * file of match/ makes each.
 * Tests are the caller's; what they point to is in the policy's arena.
 * rule.c calls it for each match of a rule.
 */

#include "policy/private.h"

/* 0, or what was refused. */
int policy_match__compile(struct policy_draft *draft, const struct match_spec *match,
			  struct hook_test *ret_test);
/* The documented name of an operator, "NotDPort". */
const char *policy_match__op_name(const struct match_spec *match);
/* Whether values of a family may be asked so: one cell of the table. */
bool policy_match__is_allowed(enum policy_family family, enum match_op op);

/* `value` is that of the test, or HOOK_NONE of matches about the task. Each is in match/, in a file of that name. */
#define MATCH(name, help)                                                                          \
	int policy_match_##name(struct policy_draft *draft, const struct match_spec *match,        \
				uint32_t value, struct hook_test *test);
#include "policy/match.def"
#undef MATCH

#endif
