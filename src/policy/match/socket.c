/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/match.h"

#include <errno.h>
#include <string.h>

#include "policy/network.h"
#include "policy/number.h"
#include "policy/set.h"

#define PRIVILEGED_PORT_MAX 1023

static const struct {
	enum policy_socket_part part; /* of the source, where there are two */
	enum policy_words words;
	bool has_ends, is_negated;
} ops[MATCH_OP_COUNT] = {
	[MATCH_OP_CIDR] = { POLICY_SOCKET_SOURCE_ADDRESS, POLICY_WORDS_NONE, true, false },
	[MATCH_OP_NOT_CIDR] = { POLICY_SOCKET_SOURCE_ADDRESS, POLICY_WORDS_NONE, true, true },
	[MATCH_OP_PORT] = { POLICY_SOCKET_SOURCE_PORT, POLICY_WORDS_NONE, true, false },
	[MATCH_OP_NOT_PORT] = { POLICY_SOCKET_SOURCE_PORT, POLICY_WORDS_NONE, true, true },
	[MATCH_OP_PRIVILEGED_PORT] = { POLICY_SOCKET_SOURCE_PORT, POLICY_WORDS_NONE, true, false },
	[MATCH_OP_NOT_PRIVILEGED_PORT] = { POLICY_SOCKET_SOURCE_PORT, POLICY_WORDS_NONE, true,
					   true },
	[MATCH_OP_PROTOCOL] = { POLICY_SOCKET_PROTOCOL, POLICY_WORDS_PROTOCOLS, false, false },
	[MATCH_OP_FAMILY] = { POLICY_SOCKET_FAMILY, POLICY_WORDS_FAMILIES, false, false },
	[MATCH_OP_STATE] = { POLICY_SOCKET_STATE, POLICY_WORDS_STATES, false, false },
};
_Static_assert(POLICY_SOCKET_DESTINATION_ADDRESS == POLICY_SOCKET_SOURCE_ADDRESS + 1 &&
		       POLICY_SOCKET_DESTINATION_PORT == POLICY_SOCKET_SOURCE_PORT + 1,
	       "the other end is the next part");

static int compile_networks(struct policy_draft *draft, const struct match_spec *match,
			    struct hook_test *test)
{
	struct policy_compile *compile = draft->compile;
	struct policy_set_value *values = arena_array(compile->arena, struct policy_set_value,
						      match->value_count + 1);
	int result = 0;

	if (!values)
		return policy_compile__no_memory(compile);
	if (match->value_count == 0)
		return policy_compile__refuse(compile, -EINVAL, &match->at, match->path,
					      "there are no addresses to compare with");
	for (uint32_t i = 0; i < match->value_count; i++) {
		int r = policy_network__parse(compile->arena, match->values[i].text, &values[i]);

		if (r == -ENOMEM)
			return policy_compile__no_memory(compile);
		if (r < 0)
			result = policy_compile__refuse(
				compile, r, &match->values[i].at, match->path,
				"values[%u]: '%s' is no address and no network; such are "
				"10.0.0.1, 10.0.0.0/8, ::1, fc00::/7",
				i, match->values[i].text);
	}
	if (result < 0)
		return result;
	result = policy_sets__add(compile, POLICY_SET_NETWORKS, values, match->value_count,
				  &test->set);
	return result < 0 ? policy_compile__no_memory(compile) : 0;
}

static int compile_numbers(struct policy_draft *draft, const struct match_spec *match,
			   struct hook_test *test)
{
	struct policy_number_form form = { .size = 2,
					   .has_ranges = true,
					   .words = ops[match->op].words };
	bool is_privileged = match->op == MATCH_OP_PRIVILEGED_PORT ||
			     match->op == MATCH_OP_NOT_PRIVILEGED_PORT;
	struct policy_ranges ranges = { .items = VEC_INIT };
	int r = 0;

	if (!is_privileged)
		r = policy_numbers__parse(draft->compile, match, &form, &ranges);
	else if (vec_push(&ranges.items, ((struct hook_range){ 0, PRIVILEGED_PORT_MAX })) < 0)
		r = policy_compile__no_memory(draft->compile);
	if (r == 0) {
		policy_ranges__sort(&ranges, false);
		r = policy_ranges__give(draft->compile, match, &ranges, test);
	}
	vec_done(&ranges.items);
	return r;
}

int policy_match_SOCKET(struct policy_draft *draft, const struct match_spec *match, uint32_t value,
			struct hook_test *test)
{
	const struct policy_type *type = draft->types[value];
	enum policy_socket_part part = ops[match->op].part;

	if (ops[match->op].has_ends && match->end == MATCH_END_DESTINATION) {
		if (type->family == POLICY_FAMILY_ADDRESS)
			return policy_compile__refuse(
				draft->compile, -EINVAL, &match->op_at, match->path,
				"type '%s' is one address: it is asked by SAddr, SPort, SPortPriv, "
				"their negations and Family",
				type->name);
		part++;
	}
	if (part == POLICY_SOCKET_STATE && type->class != POLICY_CLASS_SOCKET)
		return policy_compile__refuse(draft->compile, -EINVAL, &match->op_at, match->path,
					      "type '%s' has no state", type->name);
	test->kind = HOOK_TEST_SOCKET;
	test->index = part;
	test->is_negated = ops[match->op].is_negated;
	if (part == POLICY_SOCKET_SOURCE_ADDRESS || part == POLICY_SOCKET_DESTINATION_ADDRESS)
		return compile_networks(draft, match, test);
	return compile_numbers(draft, match, test);
}
