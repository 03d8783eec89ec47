/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/match.h"

#include <errno.h>
#include <string.h>

#include "policy/number.h"

/* "CAP_A,CAP_B", or a mask in numbers. */
static int add_capabilities(struct policy_draft *draft, const struct match_spec *match,
			    uint32_t index, struct policy_ranges *ranges)
{
	static const struct policy_number_form mask_form = { .size = 8 };
	const char *text = match->values[index].text;
	uint64_t mask = 0;

	if (*text >= '0' && *text <= '9')
		return policy_number__parse(draft->compile, match, index, &mask_form, ranges);
	for (const char *word = text;; word++) {
		size_t len;
		uint64_t bit;

		word += strspn(word, " ");
		len = strcspn(word, " ,");
		if (policy_word__find(POLICY_WORDS_CAPABILITIES, word, len, &bit) < 0)
			return policy_compile__refuse(
				draft->compile, -EINVAL, &match->values[index].at, match->path,
				"values[%u]: '%.*s' is no capability, nor is all of it a mask",
				index, (int)len, word);
		mask |= UINT64_C(1) << bit;
		word += len + strspn(word + len, " ");
		if (*word != ',')
			break;
	}
	return vec_push(&ranges->items, ((struct hook_range){ mask, mask })) < 0
		       ? policy_compile__no_memory(draft->compile)
		       : 0;
}

static int parse(struct policy_draft *draft, const struct match_spec *match,
		 const struct policy_type *type, struct policy_ranges *ranges)
{
	bool is_map = match->op == MATCH_OP_IN || match->op == MATCH_OP_NOT_IN;
	bool is_range = match->op == MATCH_OP_RANGE || match->op == MATCH_OP_NOT_RANGE;
	struct policy_number_form form = {
		.size = type->size,
		.is_signed = type->is_signed,
		.is_either = match->op == MATCH_OP_MASK,
		.needs_range = is_range,
		.has_ranges = is_map || is_range,
		.has_lists = is_map,
		.words = type->family == POLICY_FAMILY_CAPABILITY ? POLICY_WORDS_CAPABILITIES
								  : POLICY_WORDS_NONE,
	};
	int result = 0;

	if (type->family != POLICY_FAMILY_CAPABILITIES || match->value_count == 0)
		return policy_numbers__parse(draft->compile, match, &form, ranges);
	for (uint32_t i = 0; i < match->value_count; i++) {
		int r = add_capabilities(draft, match, i, ranges);

		if (r < 0)
			result = r;
	}
	return result;
}

/* Of several masks any bit of any will do. */
static void join_masks(struct policy_ranges *ranges, uint8_t size)
{
	uint64_t all = 0;

	vec_for_each(&ranges->items, range)
		all |= range->first;
	if (size < 8)
		all &= (UINT64_C(1) << size * 8) - 1;
	ranges->items.items[0] = (struct hook_range){ all, all };
	ranges->items.len = 1;
}

/* Of several numbers to be greater or less than, the one that is easiest to pass decides. */
static void keep_one(struct policy_ranges *ranges, bool is_less)
{
	struct hook_range *first = &ranges->items.items[0];
	uint64_t bound = is_less ? ranges->items.items[ranges->items.len - 1].last : first->first;

	*first = (struct hook_range){ bound, bound };
	ranges->items.len = 1;
}

int policy_match_NUMBER(struct policy_draft *draft, const struct match_spec *match, uint32_t value,
			struct hook_test *test)
{
	const struct policy_type *type = draft->types[value];
	struct policy_ranges ranges = { .items = VEC_INIT };
	int r = parse(draft, match, type, &ranges);

	test->kind = HOOK_TEST_NUMBER;
	test->is_negated = match->op == MATCH_OP_NOT_EQUAL || match->op == MATCH_OP_NOT_IN ||
			   match->op == MATCH_OP_NOT_RANGE;
	if (r == 0) {
		policy_ranges__sort(&ranges, draft->values[value].is_signed);
		if (match->op == MATCH_OP_MASK) {
			test->op = HOOK_NUMBER_MASK;
			join_masks(&ranges, type->size);
		} else if (match->op == MATCH_OP_GREATER || match->op == MATCH_OP_LESS) {
			test->op = match->op == MATCH_OP_LESS ? HOOK_NUMBER_LESS
							      : HOOK_NUMBER_GREATER;
			keep_one(&ranges, match->op == MATCH_OP_LESS);
		}
		r = policy_ranges__give(draft->compile, match, &ranges, test);
	}
	vec_done(&ranges.items);
	return r;
}
