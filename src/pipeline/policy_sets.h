/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_POLICY_SETS_H
#define SRC_PIPELINE_POLICY_SETS_H

/*
 * The sets that hooks look things up in, as rows of the shared maps of the kernel.
 * It owns nothing: rows belong to the policy whose program lists the sets, until it erases them.
 * Loading a policy writes them, unloading erases them, masks of binaries use the same keys.
 */

#include "bpf/abi/policy.h"
#include "policy/policy.h"
#include "program/hook.h"

union policy_set_key {
	struct policy_number_key number;
	struct policy_text_key text;
	struct policy_affix_key affix;
	struct policy_network_key network;
};
/* The map that it is a row of; NULL: it is longer than the kernel keeps, or looked for in another way. */
const char *policy_set_key__fill(union policy_set_key *key, const struct hook_engine *engine,
				 enum policy_set_kind kind, uint32_t set,
				 const struct policy_set_value *value);
/* -E2BIG: the map is full. */
int policy_set__write(struct hook_engine *engine, const struct policy_set *set, struct err *err);
void policy_set__erase(struct hook_engine *engine, const struct policy_set *set);

#endif
