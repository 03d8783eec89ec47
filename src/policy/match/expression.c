/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/match.h"

#include <errno.h>

#include "base/mem.h"
#include "policy/expression.h"

/* As the type says; what is narrower fits the kind of 32 bits. */
static enum policy_operand_kind kind_of(const struct policy_type *type)
{
	static const enum policy_operand_kind kinds[2][2] = {
		{ POLICY_OPERAND_UINT32, POLICY_OPERAND_INT32 },
		{ POLICY_OPERAND_UINT64, POLICY_OPERAND_INT64 },
	};

	if (type->family != POLICY_FAMILY_NUMBER && type->family != POLICY_FAMILY_SYSCALL &&
	    type->family != POLICY_FAMILY_CAPABILITY)
		return POLICY_OPERAND_NONE;
	return kinds[type->size == 8][type->is_signed];
}

static struct policy_operand *list_operands(struct policy_draft *draft, const uint32_t *values,
					    uint32_t count)
{
	struct policy_operand *operands = arena_array(draft->compile->arena, struct policy_operand,
						      count + 1);

	for (uint32_t i = 0; operands && i < count; i++) {
		bool is_there = values[i] != HOOK_NONE && !draft->values[values[i]].is_at_return;

		operands[i] = (struct policy_operand){
			.kind = is_there ? kind_of(draft->types[values[i]]) : POLICY_OPERAND_NONE,
			.value = values[i],
		};
	}
	return operands;
}

int policy_match_EXPRESSION(struct policy_draft *draft, const struct match_spec *match,
			    uint32_t value, struct hook_test *test)
{
	struct policy_compile *compile = draft->compile;
	bool is_data = match->subject == MATCH_SUBJECT_DATA;
	uint32_t count = is_data ? draft->spec->data_count : draft->spec->arg_count;
	struct hook_expression *expression = arena_new(compile->arena, struct hook_expression);
	struct policy_operand *operands =
		list_operands(draft, is_data ? draft->data_values : draft->arg_values, count);
	const struct value_spec *text = match->values;
	struct err err = ERR_INIT;
	int r;

	(void)value;
	if (!expression || !operands)
		return policy_compile__no_memory(compile);
	if (match->value_count != 1 || match->subject == MATCH_SUBJECT_RETURN)
		return policy_compile__refuse(
			compile, -EINVAL, &match->op_at, match->path,
			"CelExpr is one expression, over what a call is given");
	r = policy_expression__parse(text->text, text->len, operands, count, compile->arena,
				     expression, &err);
	if (r == -ENOMEM)
		r = policy_compile__no_memory(compile);
	else if (r < 0)
		r = policy_compile__refuse(compile, r, &text->at, match->path, "values[0]: %s",
					   err.text ? err.text : "it cannot be read");
	err__done(&err);
	test->kind = HOOK_TEST_EXPRESSION;
	test->expression = expression;
	return r;
}
