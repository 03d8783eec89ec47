/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/action.h"

int policy_action_TRACK_SOCK(struct policy_draft *draft, const struct action_spec *spec,
			     uint32_t rule, struct hook_action *action)
{
	(void)rule;
	draft->hook.wants_socket_tracks = true;
	return policy_action__find_socket(draft, spec, action);
}
