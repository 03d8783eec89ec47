/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_SET_H
#define SRC_POLICY_SET_H

/*
 * What is looked up in shared maps instead of being compared one by one: sets, and the bits that processes carry.
 * They are added to the state of the compilation, which gives them out with the program.
 * Matches call it; the same set twice is one.
 */

#include "policy/private.h"

#define POLICY_TEXT_SET_MAX 4095     /* bytes of a text */
#define POLICY_PREFIX_MAX 4095       /* likewise */
#define POLICY_BINARY_PREFIX_MAX 248 /* bytes of what policy_affix_key has room for */
#define POLICY_POSTFIX_MAX 127       /* bytes: as documented */
#define POLICY_SUBSTRING_MAX 99      /* likewise */
#define POLICY_BINARY_MAX 255        /* likewise */

/* The values are copied, the bytes that they point to are borrowed. 0, -ENOMEM. */
int policy_sets__add(struct policy_compile *compile, enum policy_set_kind kind,
		     const struct policy_set_value *values, uint32_t count, uint32_t *ret_set);
/* A bit of policy_process.binaries; bit and values of `binaries` are filled in. 0, -ENOSPC (not refused yet), -ENOMEM. */
int policy_binaries__add(struct policy_compile *compile, const struct policy_binaries *binaries,
			 uint32_t *ret_bit);
/* A bit of a cgroup's mask. Likewise; whoever else asks for the same has the same bit. */
int policy_scopes__add(struct policy_compile *compile, const struct scope_spec *scope,
		       uint32_t *ret_bit);
/* The values of a match as texts of 1 to `max` bytes, in the policy's arena; NULs at
 * the end are stripped unless they belong to it. 0, or what was refused. */
int policy_texts__parse(struct policy_compile *compile, const struct match_spec *match,
			uint32_t max, bool has_nuls, const struct policy_set_value **ret_values);

#endif
