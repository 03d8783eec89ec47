/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_NUMBER_H
#define SRC_POLICY_NUMBER_H

/*
 * Numbers, ranges, names and lists that values of matches are written as, made ranges to compare with.
 * The ranges belong to the caller until they are taken into the policy's arena.
 * Matches of numbers, ports, protocols, namespaces call it.
 */

#include "base/vec.h"
#include "policy/private.h"
#include "policy/word.h"

#define POLICY_SET_NUMBERS_MAX                                                                     \
	65536 /* of one match; a range of more than that does without a set */

/* What may be written. */
struct policy_number_form {
	uint8_t size; /* 1, 2, 4, 8 */
	bool is_signed;
	bool is_either;   /* signed and unsigned are both welcome: masks */
	bool needs_range; /* "min:max" only */
	bool has_ranges, has_lists;
	enum policy_words words; /* beside numbers */
};

struct policy_ranges {
	VEC(struct hook_range) items; /* done with vec_done() */
};

/* One value. 0, or what was refused. */
int policy_number__parse(struct policy_compile *compile, const struct match_spec *match,
			 uint32_t index, const struct policy_number_form *form,
			 struct policy_ranges *ranges);
/* All values of a match; at least one is needed. */
int policy_numbers__parse(struct policy_compile *compile, const struct match_spec *match,
			  const struct policy_number_form *form, struct policy_ranges *ranges);
/* Ascending, and without what is in another. */
void policy_ranges__sort(struct policy_ranges *ranges, bool is_signed);
/* Gives them to a test: as they are when they are few, as a set of the shared map otherwise. 0, -EINVAL, -ENOMEM. */
int policy_ranges__give(struct policy_compile *compile, const struct match_spec *match,
			struct policy_ranges *ranges, struct hook_test *test);

#endif
