/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_BASE_H
#define SRC_POLICY_BASE_H

/*
 * Where a value comes from: which argument, field, register or operand of a hook's place.
 * It owns nothing; it fills the base of values that value.c makes.
 * value.c calls it for each value, and for the sizes of buffers.
 */

#include "policy/private.h"

/* Fills base, index, usdt. *ret_type: what the kernel's types say of it, or NULL. 0, -EINVAL, -EOPNOTSUPP. */
int policy_base__find(struct policy_draft *draft, const struct argument_spec *spec,
		      enum policy_value_role role, struct hook_value *value,
		      const struct fact_type **ret_type);
/* The same of a parameter by its index; `spec` says only where it is asked for. */
int policy_base__of_parameter(struct policy_draft *draft, const struct argument_spec *spec,
			      uint32_t index, struct hook_value *value,
			      const struct fact_type **ret_type);
/* Pointers among the arguments are the user's. */
bool policy_base__is_user(const struct policy_draft *draft);
/* Of a classic tracepoint's record; NULL: none. */
const struct policy_field *policy_base__field(const struct policy_draft *draft, uint32_t index);
/* The function or tracepoint whose parameters the arguments are; NULL: the kernel's types do not tell. */
const struct fact_function *policy_base__function(struct policy_compile *compile,
						  const struct policy_site *site);

#endif
