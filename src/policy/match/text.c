/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/match.h"

#include <errno.h>

#include "policy/set.h"

static const struct {
	enum policy_text_op op;
	enum policy_set_kind kind;
	uint32_t max;
	bool is_negated;
} ops[MATCH_OP_COUNT] = {
	[MATCH_OP_EQUAL] = { POLICY_TEXT_EQUAL, POLICY_SET_TEXTS, POLICY_TEXT_SET_MAX, false },
	[MATCH_OP_NOT_EQUAL] = { POLICY_TEXT_EQUAL, POLICY_SET_TEXTS, POLICY_TEXT_SET_MAX, true },
	[MATCH_OP_PREFIX] = { POLICY_TEXT_PREFIX, POLICY_SET_PREFIXES, POLICY_PREFIX_MAX, false },
	[MATCH_OP_NOT_PREFIX] = { POLICY_TEXT_PREFIX, POLICY_SET_PREFIXES, POLICY_PREFIX_MAX,
				  true },
	[MATCH_OP_POSTFIX] = { POLICY_TEXT_POSTFIX, POLICY_SET_POSTFIXES, POLICY_POSTFIX_MAX,
			       false },
	[MATCH_OP_NOT_POSTFIX] = { POLICY_TEXT_POSTFIX, POLICY_SET_POSTFIXES, POLICY_POSTFIX_MAX,
				   true },
	[MATCH_OP_SUBSTRING] = { POLICY_TEXT_SUBSTRING, POLICY_SET_SUBSTRINGS, POLICY_SUBSTRING_MAX,
				 false },
	[MATCH_OP_SUBSTRING_ANY_CASE] = { POLICY_TEXT_SUBSTRING_ANY_CASE, POLICY_SET_SUBSTRINGS,
					  POLICY_SUBSTRING_MAX, false },
};

int policy_match_TEXT(struct policy_draft *draft, const struct match_spec *match, uint32_t value,
		      struct hook_test *test)
{
	struct policy_compile *compile = draft->compile;
	const struct policy_set_value *values;
	struct hook_text *texts;
	bool has_nuls = draft->types[value]->family == POLICY_FAMILY_BYTES;
	int r = policy_texts__parse(compile, match, ops[match->op].max, has_nuls, &values);

	if (r < 0)
		return r;
	texts = arena_array(compile->arena, struct hook_text, match->value_count);
	if (!texts)
		return policy_compile__no_memory(compile);
	for (uint32_t i = 0; i < match->value_count; i++)
		texts[i] = (struct hook_text){ values[i].bytes, values[i].size };
	test->kind = HOOK_TEST_TEXT;
	test->index = ops[match->op].op;
	test->is_negated = ops[match->op].is_negated;
	test->texts = texts;
	test->text_count = match->value_count;
	r = policy_sets__add(compile, ops[match->op].kind, values, match->value_count, &test->set);
	return r < 0 ? policy_compile__no_memory(compile) : 0;
}
