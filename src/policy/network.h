/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_NETWORK_H
#define SRC_POLICY_NETWORK_H

/*
 * Addresses and networks of both families as text: "10.0.0.0/8", "::1".
 * The bytes are in the caller's arena.
 * match/socket.c calls it.
 */

#include "policy/policy.h"

/* Bits behind the network's are 0 in what comes out. 0, -EINVAL, -ENOMEM. */
int policy_network__parse(struct arena *arena, const char *text,
			  struct policy_set_value *ret_value);

#endif
