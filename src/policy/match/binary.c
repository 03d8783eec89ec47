/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/match.h"

#include <errno.h>

#include "policy/set.h"

static const struct {
	enum policy_text_op op;
	uint32_t max;
	bool is_allowed, is_negated;
} ops[MATCH_OP_COUNT] = {
	[MATCH_OP_IN] = { POLICY_TEXT_EQUAL, POLICY_BINARY_MAX, true, false },
	[MATCH_OP_NOT_IN] = { POLICY_TEXT_EQUAL, POLICY_BINARY_MAX, true, true },
	[MATCH_OP_PREFIX] = { POLICY_TEXT_PREFIX, POLICY_BINARY_PREFIX_MAX, true, false },
	[MATCH_OP_NOT_PREFIX] = { POLICY_TEXT_PREFIX, POLICY_BINARY_PREFIX_MAX, true, true },
	[MATCH_OP_POSTFIX] = { POLICY_TEXT_POSTFIX, POLICY_POSTFIX_MAX, true, false },
	[MATCH_OP_NOT_POSTFIX] = { POLICY_TEXT_POSTFIX, POLICY_POSTFIX_MAX, true, true },
};

int policy_match_BINARY(struct policy_draft *draft, const struct match_spec *match, uint32_t value,
			struct hook_test *test)
{
	bool is_parent = match->subject == MATCH_SUBJECT_PARENT_BINARY;
	struct policy_binaries binaries = { .follows_children = match->follow_children };
	int r;

	(void)value;
	if (!ops[match->op].is_allowed)
		return policy_compile__refuse(draft->compile, -EINVAL, &match->op_at, match->path,
					      "operator %s does not go with binaries; In, NotIn, "
					      "Prefix, NotPrefix, Postfix and NotPostfix do",
					      policy_match__op_name(match));
	binaries.op = ops[match->op].op;
	if (match->follow_children && binaries.op != POLICY_TEXT_EQUAL)
		return policy_compile__refuse(draft->compile, -EINVAL, &match->op_at, match->path,
					      "followChildren goes with In and NotIn only");
	r = policy_texts__parse(draft->compile, match, ops[match->op].max, false, &binaries.values);
	if (r < 0)
		return r;
	binaries.value_count = match->value_count;
	test->kind = is_parent ? HOOK_TEST_PARENT_BINARY : HOOK_TEST_BINARY;
	test->is_negated = ops[match->op].is_negated;
	r = policy_binaries__add(draft->compile, &binaries, &test->index);
	if (r == -ENOSPC)
		return policy_compile__refuse(draft->compile, r, &match->at, match->path,
					      "all policies together can ask for %u sets of "
					      "binaries, and these are taken",
					      POLICY_MASK_WORDS * 64u);
	return r < 0 ? policy_compile__no_memory(draft->compile) : 0;
}
