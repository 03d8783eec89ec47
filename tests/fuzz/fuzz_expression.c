/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions of policies: each is refused with words, or becomes terms that come out even, of which instructions are made. */
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "emit/hook.h"
#include "policy/expression.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct policy_operand operands[] = {
		{ POLICY_OPERAND_INT32, 0 },        { POLICY_OPERAND_UINT32, 1 },
		{ POLICY_OPERAND_INT64, 2 },        { POLICY_OPERAND_UINT64, 3 },
		{ POLICY_OPERAND_NONE, HOOK_NONE },
	};
	static const struct hook_value values[] = {
		{ .size = 4, .is_signed = true, .size_value = HOOK_NONE },
		{ .index = 1, .size = 4, .size_value = HOOK_NONE },
		{ .index = 2, .size = 8, .is_signed = true, .size_value = HOOK_NONE },
		{ .index = 3, .size = 8, .size_value = HOOK_NONE },
	};
	struct hook_expression expression;
	const struct hook_test test = { .kind = HOOK_TEST_EXPRESSION,
					.value = HOOK_NONE,
					.other_value = HOOK_NONE,
					.set = HOOK_NONE,
					.expression = &expression };
	const struct hook_rule rule = { .tests = &test, .test_count = 1 };
	const struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
					.values = values,
					.value_count = array_size(values),
					.rules = &rule,
					.rule_count = 1 };
	const struct hook_emit_options options = { .has_exchange = true };
	struct strbuf text = STRBUF_INIT;
	struct hook_image image = { 0 };
	struct err err = ERR_INIT;
	struct arena arena = { 0 };

	if (policy_expression__parse((const char *)data, len, operands, array_size(operands),
				     &arena, &expression, &err) < 0) {
		require(err.text && *err.text);
	} else {
		require(!err.text && expression.term_count > 0 &&
			expression.term_count <= POLICY_EXPRESSION_MAX_TERMS);
		require(hook_emit(&code, HOOK_END_ENTER, &options, &image, NULL) == 0);
		hook_code__format(&code, &text);
	}
	hook_image__done(&image);
	strbuf__done(&text);
	err__done(&err);
	arena__done(&arena);
	return 0;
}
