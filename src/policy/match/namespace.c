/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/match.h"

#include <errno.h>

#include "base/mem.h"
#include "base/str.h"
#include "policy/number.h"

#define HOST "host_ns"

/* The numbers of kinds are those of WHO_NAMESPACE_…. */
static int add_inode(struct policy_draft *draft, const struct match_spec *match, uint32_t index,
		     uint32_t kind, struct policy_ranges *ranges)
{
	static const struct policy_number_form form = { .size = 4 };
	uint64_t inode = draft->compile->context->host_namespaces[kind];

	if (!str_eq(match->values[index].text, HOST))
		return policy_number__parse(draft->compile, match, index, &form, ranges);
	if (inode == 0)
		return policy_compile__refuse(
			draft->compile, -EOPNOTSUPP, &match->values[index].at, match->path,
			"values[%u]: which namespace of that kind is the host's is not known: this "
			"kernel has none, or /proc/1/ns cannot be read (CAP_SYS_PTRACE)",
			index);
	return vec_push(&ranges->items, ((struct hook_range){ inode, inode })) < 0
		       ? policy_compile__no_memory(draft->compile)
		       : 0;
}

static int compile_inodes(struct policy_draft *draft, const struct match_spec *match,
			  struct hook_test *test)
{
	struct policy_ranges ranges = { .items = VEC_INIT };
	int r = 0;

	test->kind = HOOK_TEST_NAMESPACE;
	test->index = (uint32_t)__builtin_ctz(match->namespace_kinds);
	for (uint32_t i = 0; i < match->value_count && r == 0; i++)
		r = add_inode(draft, match, i, test->index, &ranges);
	if (r == 0) {
		policy_ranges__sort(&ranges, false);
		r = policy_ranges__give(draft->compile, match, &ranges, test);
	}
	vec_done(&ranges.items);
	return r;
}

int policy_match_NAMESPACE(struct policy_draft *draft, const struct match_spec *match,
			   uint32_t value, struct hook_test *test)
{
	uint32_t all = (1u << NAMESPACE_KIND_COUNT) - 1;

	(void)value;
	if (match->namespace_kinds == 0 || match->namespace_kinds & ~all)
		return policy_compile__refuse(draft->compile, -EINVAL, &match->at, match->path,
					      "no namespace is named");
	test->is_negated = match->op == MATCH_OP_NOT_IN;
	if (match->subject == MATCH_SUBJECT_NAMESPACE)
		return compile_inodes(draft, match, test);
	test->kind = HOOK_TEST_NAMESPACE_CHANGE;
	test->mask = match->namespace_kinds;
	return 0;
}
