/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/match.h"

#include <errno.h>
#include <string.h>

#include "policy/word.h"

int policy_match_FILE_TYPE(struct policy_draft *draft, const struct match_spec *match,
			   uint32_t value, struct hook_test *test)
{
	int result = 0;

	(void)value;
	test->kind = HOOK_TEST_FILE_TYPE;
	test->is_negated = match->op == MATCH_OP_NOT_FILE_TYPE;
	if (match->value_count == 0)
		return policy_compile__refuse(draft->compile, -EINVAL, &match->at, match->path,
					      "there are no values to compare with");
	for (uint32_t i = 0; i < match->value_count; i++) {
		const struct value_spec *text = &match->values[i];
		uint64_t type;

		if (policy_word__find(POLICY_WORDS_FILE_TYPES, text->text, strlen(text->text),
				      &type) == 0)
			test->mask |= UINT64_C(1) << type;
		else
			result = policy_compile__refuse(
				draft->compile, -EINVAL, &text->at, match->path,
				"values[%u]: '%s' is no type of a file; reg, dir, lnk, chr, blk, "
				"fifo and sock are",
				i, text->text);
	}
	return result;
}
