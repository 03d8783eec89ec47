/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_RESOLVE_H
#define SRC_POLICY_RESOLVE_H

/*
 * Ways through structs of the kernel, "mm.owner.comm" or "f_path.dentry.d_iname", as steps of offsets.
 * The steps are collected by the caller; types that have to be looked up go into the policy's arena.
 * value.c calls it for `resolve` of arguments and for what a type of argument is made of.
 */

#include "base/vec.h"
#include "policy/private.h"

#define POLICY_STEPS_MAX 32

struct policy_way {
	VEC(struct hook_step) steps;  /* done with vec_done() */
	const struct btf_view *view;  /* that knows its types; NULL: the kernel's */
	const struct fact_type *type; /* of what stands where it ends; NULL: not known */
	int64_t offset;               /* from the last step to there */
	bool is_bit_field;
	uint8_t bit_offset, bit_size; /* from `offset` */
};

/*
 * Goes on from where the way ends: way->type is the struct there, or a pointer to it, which is then followed. `members`
 * are names with dots between them, each with any number of [n]. Refuses at `at` and `path`. 0, -EINVAL, -ENOMEM.
 */
int policy_resolve(struct policy_compile *compile, const struct loc *at, const char *path,
		   const char *members, struct policy_way *way);
/* Ends a step: what is there, `is_followed` or not, is where the next one begins. 0, -E2BIG, -ENOMEM. */
int policy_way__end_step(struct policy_way *way, bool is_followed);

#endif
