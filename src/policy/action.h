/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_ACTION_H
#define SRC_POLICY_ACTION_H

/*
 * Actions of a rule: what each needs of the kernel and of its hook, and what the hook's program does. action.def lists them,
 * and a file of action/ makes each.
 * Actions are the caller's; texts for user space go into the draft.
 * rule.c calls it for each action of a rule.
 */

#include "policy/private.h"

/* `rule`: its index in the hook. 0, or what was refused. */
int policy_action__compile(struct policy_draft *draft, const struct action_spec *spec,
			   uint32_t rule, struct hook_action *ret_action);
/* -EOPNOTSUPP: this kernel cannot send signals. */
int policy_action__need_signal(struct policy_draft *draft, const struct action_spec *spec);
/* Fills in which of the values, a socket, is meant by its position in args[]. */
int policy_action__find_socket(struct policy_draft *draft, const struct action_spec *spec,
			       struct hook_action *action);
/* Remembers the text that user space needs. */
int policy_action__add_text(struct policy_draft *draft, const struct action_spec *spec,
			    uint32_t rule, enum policy_action kind);

#define ACTION(name, help)                                                                         \
	int policy_action_##name(struct policy_draft *draft, const struct action_spec *spec,       \
				 uint32_t rule, struct hook_action *action);
#include "policy/action.def"
#undef ACTION

#endif
