/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_EXPRESSION_H
#define SRC_POLICY_EXPRESSION_H

/*
 * Expressions over the arguments of a hook (CelExpr): arg0 …, numbers, true, false, ! && || == != < <= > >= + -,
 * int32() uint32() and() or() xor() not(), with the precedence that CEL gives them.
 * Terms are in the arena that the caller gives; the text is only looked at.
 * match/expression.c calls it with what the arguments are; fuzz targets do without a policy.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "ir/hook.h"

enum policy_operand_kind {
	POLICY_OPERAND_NONE, /* it is no integer */
	POLICY_OPERAND_INT32,
	POLICY_OPERAND_UINT32,
	POLICY_OPERAND_INT64,
	POLICY_OPERAND_UINT64,
	POLICY_OPERAND_BOOL,
};

struct policy_operand { /* arg0, arg1, … */
	enum policy_operand_kind kind;
	uint32_t value; /* index into the hook's */
};

#define POLICY_EXPRESSION_MAX_TERMS 256
#define POLICY_EXPRESSION_MAX_NESTING 64

/* -EINVAL: err says at which character what is wrong, without a position in a file; -ENOMEM. */
int policy_expression__parse(const char *text, size_t len, const struct policy_operand *operands,
			     uint32_t operand_count, struct arena *arena,
			     struct hook_expression *ret_expression, struct err *err);

#endif
