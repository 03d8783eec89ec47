/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_POLICY_SCOPE_H
#define SRC_PIPELINE_POLICY_SCOPE_H

/*
 * Whom a policy is about: the pod, container and host selectors of a policy asked about one cgroup.
 * Pure: a scope and an identity in, an answer out; it owns nothing. policy_cgroups.c asks it for every cgroup.
 */

struct identity;
struct scope_spec;

enum policy_scope_answer {
	POLICY_SCOPE_OUT,
	POLICY_SCOPE_IN,
	POLICY_SCOPE_WAITS, /* nobody has told yet what is asked: out of it until somebody does */
};

enum policy_scope_answer policy_scope_ask(const struct scope_spec *scope,
					  const struct identity *identity);

#endif
