/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_PRIVATE_H
#define SRC_POLICY_PRIVATE_H

/*
 * What the files of this folder share while one policy is compiled: the state of the whole, and of the hook at hand.
 * The state lives on the stack of policy__compile(); what it makes is in the caller's arena.
 * Matches and actions get the draft of their hook and add to it.
 */

#include "base/vec.h"
#include "policy/policy.h"
#include "policy/type.h"

#define POLICY_RANGES_INLINE 16 /* more are asked of a map: a lookup costs about as much */

struct policy_compile {
	const struct policy_spec *policy; /* borrowed, as all until `types` */
	const struct policy_context *context;
	struct arena *arena;
	struct arena types; /* of the kernel: gone when all is compiled */
	struct err_list *errors;
	int result; /* of the first error */
	VEC(struct policy_set) sets;
	VEC(struct policy_binaries) binaries;
	VEC(struct policy_scope) scopes;
	VEC(const char *) warnings;
};

/* A hook at one place. */
struct policy_draft {
	struct policy_compile *compile;
	const struct hook_spec *spec;
	const struct policy_site *site;
	const struct policy_attach *attach;
	const struct policy_usdt *location;   /* USDT */
	const struct fact_function *function; /* whose parameters they are; NULL: not known */
	struct hook_value values[HOOK_VALUES_MAX];
	struct policy_value infos[HOOK_VALUES_MAX];
	const struct policy_type *types[HOOK_VALUES_MAX]; /* NULL of hidden ones */
	uint32_t value_count;
	uint32_t *arg_values, *data_values; /* by position: index into values; HOOK_NONE: nop */
	uint32_t ret_value;                 /* HOOK_NONE */
	VEC(struct policy_action_text) texts;
	struct policy_hook hook;
};

/*
 * Refuses something written at `at`; `path` (or NULL) says where that is. Returns code. Only the first code is kept: all
 * of them lead to the same, but -ENOMEM, which wins.
 */
int policy_compile__refuse(struct policy_compile *compile, int code, const struct loc *at,
			   const char *path, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
int policy_compile__no_memory(struct policy_compile *compile);
void policy_compile__warn(struct policy_compile *compile, const struct loc *at, const char *path,
			  const char *format, ...) __attribute__((format(printf, 4, 5)));
void policy_compile__done(struct policy_compile *compile);

#endif
