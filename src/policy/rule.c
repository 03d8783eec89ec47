/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rule.h"

#include <errno.h>

#include "policy/action.h"
#include "policy/match.h"
#include "policy/set.h"

struct tests {
	VEC(struct hook_test) items;
};

static int add(struct policy_draft *draft, struct tests *tests, const struct hook_test *test)
{
	return vec_push(&tests->items, *test) < 0 ? policy_compile__no_memory(draft->compile) : 0;
}

static int add_scope(struct policy_draft *draft, const struct scope_spec *scope,
		     struct tests *tests)
{
	struct hook_test test = { .kind = HOOK_TEST_SCOPE,
				  .value = HOOK_NONE,
				  .other_value = HOOK_NONE,
				  .set = HOOK_NONE };
	int r;

	if (!scope)
		return 0;
	if (!draft->compile->context->can_scope)
		return policy_compile__refuse(
			draft->compile, -EOPNOTSUPP, &scope->at, scope->path,
			"which processes are in a pod or container is not known here: it is told by "
			"cgroups of version 2, and there are none");
	r = policy_scopes__add(draft->compile, scope, &test.index);
	if (r == -ENOSPC)
		return policy_compile__refuse(
			draft->compile, r, &scope->at, scope->path,
			"all policies together can be about %u different sets "
			"of pods and containers, and these are taken",
			POLICY_MASK_WORDS * 64u);
	return r < 0 ? policy_compile__no_memory(draft->compile) : add(draft, tests, &test);
}

/*
 * What a test costs, in steps: comparing what is in a register costs next to nothing, following pointers a call of a helper
 * each, what is known of a process a lookup, the task's own pointers several reads, sockets and texts a routine.
 */
static uint32_t cost_of(const struct policy_draft *draft, const struct hook_test *test)
{
	static const uint8_t costs[] = {
		[HOOK_TEST_SCOPE] = 5,
		[HOOK_TEST_BINARY] = 5,
		[HOOK_TEST_PARENT_BINARY] = 6,
		[HOOK_TEST_NAMESPACE] = 7,
		[HOOK_TEST_CAPABILITY] = 7,
		[HOOK_TEST_NAMESPACE_CHANGE] = 9,
		[HOOK_TEST_CAPABILITY_CHANGE] = 9,
		[HOOK_TEST_FILE_TYPE] = 10,
		[HOOK_TEST_CAPABILITIES_GAINED] = 4,
		[HOOK_TEST_EXPRESSION] = 4,
		[HOOK_TEST_SOCKET] = 11,
		[HOOK_TEST_TEXT] = 12,
	};

	if (test->kind == HOOK_TEST_PID)
		return test->follows_forks || test->is_own_namespace ? 8 : 1;
	if (test->kind == HOOK_TEST_NUMBER)
		return 2 * (draft->values[test->value].step_count > 0) +
		       (test->op == HOOK_NUMBER_SET);
	return costs[test->kind];
}

/* Stable: what costs the same is asked in the order that was written. */
static void sort(const struct policy_draft *draft, struct tests *tests)
{
	for (size_t i = 1; i < tests->items.len; i++) {
		struct hook_test test = tests->items.items[i];
		uint32_t cost = cost_of(draft, &test);
		size_t at = i;

		for (; at > 0 && cost_of(draft, &tests->items.items[at - 1]) > cost; at--)
			tests->items.items[at] = tests->items.items[at - 1];
		tests->items.items[at] = test;
	}
}

static int give(struct policy_draft *draft, struct tests *tests, const struct hook_test **ret_tests,
		uint32_t *ret_count)
{
	sort(draft, tests);
	*ret_tests = arena__memdup(draft->compile->arena, tests->items.items,
				   tests->items.len * sizeof(*tests->items.items));
	*ret_count = (uint32_t)tests->items.len;
	return tests->items.len && !*ret_tests ? policy_compile__no_memory(draft->compile) : 0;
}

static bool needs_process(const struct hook_test *test)
{
	switch (test->kind) {
	case HOOK_TEST_BINARY:
	case HOOK_TEST_PARENT_BINARY:
	case HOOK_TEST_NAMESPACE_CHANGE:
	case HOOK_TEST_CAPABILITY_CHANGE:
		return true;
	case HOOK_TEST_PID:
		return test->follows_forks;
	default:
		return false;
	}
}

/* Matches of the entry of a call, or of its return. */
static int add_matches(struct policy_draft *draft, const struct rule_spec *spec, bool is_return,
		       struct tests *tests)
{
	int result = 0;

	for (uint32_t i = 0; i < spec->match_count; i++) {
		const struct match_spec *match = &spec->matches[i];
		struct hook_test test;
		int r;

		if ((match->subject == MATCH_SUBJECT_RETURN) != is_return)
			continue;
		r = policy_match__compile(draft, match, &test);
		if (r == 0)
			r = add(draft, tests, &test);
		if (r < 0)
			result = r;
	}
	return result;
}

static int compile_tests(struct policy_draft *draft, const struct rule_spec *spec,
			 struct hook_rule *rule)
{
	struct tests tests = { .items = VEC_INIT };
	int r = add_scope(draft, draft->compile->policy->scope, &tests);

	if (r == 0 && spec)
		r = add_scope(draft, spec->scope, &tests);
	if (r == 0 && spec)
		r = add_matches(draft, spec, false, &tests);
	vec_for_each(&tests.items, test)
		draft->hook.wants_processes |= needs_process(test);
	if (r == 0)
		r = give(draft, &tests, &rule->tests, &rule->test_count);
	tests.items.len = 0;
	if (r == 0 && spec)
		r = add_matches(draft, spec, true, &tests);
	if (r == 0)
		r = give(draft, &tests, &rule->return_tests, &rule->return_test_count);
	vec_done(&tests.items);
	return r;
}

static int compile_actions(struct policy_draft *draft, const struct action_spec *specs,
			   uint32_t count, uint32_t rule, const struct hook_action **ret_actions,
			   uint32_t *ret_count)
{
	struct hook_action *actions = arena_array(draft->compile->arena, struct hook_action,
						  count + 1);
	int result = 0;

	if (!actions)
		return policy_compile__no_memory(draft->compile);
	for (uint32_t i = 0; i < count; i++) {
		int r = policy_action__compile(draft, &specs[i], rule, &actions[i]);

		if (r < 0)
			result = r;
		draft->hook.has_enforcement |= actions[i].is_enforcement;
	}
	*ret_actions = actions;
	*ret_count = count;
	return result;
}

static int compile_rule(struct policy_draft *draft, const struct rule_spec *spec, uint32_t index,
			struct hook_rule *rule)
{
	int r = compile_tests(draft, spec, rule);
	int actions = compile_actions(draft, spec->actions, spec->action_count, index,
				      &rule->actions, &rule->action_count);

	if (actions < 0)
		r = actions;
	actions = compile_actions(draft, spec->return_actions, spec->return_action_count, index,
				  &rule->return_actions, &rule->return_action_count);
	if (actions < 0)
		r = actions;
	rule->label = spec->label;
	if (r == 0 && (rule->return_test_count || rule->return_action_count) && !draft->spec->ret)
		return policy_compile__refuse(
			draft->compile, -EINVAL, &spec->at, spec->path,
			"what is returned is asked for; returnArg says what it "
			"is");
	return r;
}

int policy_rules__compile(struct policy_draft *draft)
{
	const struct hook_spec *spec = draft->spec;
	bool is_plain = spec->rule_count == 0 && !draft->compile->policy->scope;
	uint32_t count = spec->rule_count ? spec->rule_count : 1;
	struct hook_rule *rules;
	int result = 0;

	if (is_plain)
		return 0;
	rules = arena_array(draft->compile->arena, struct hook_rule, count);
	if (!rules)
		return policy_compile__no_memory(draft->compile);
	/* A scope alone is a rule, too: everything of whom it is about is posted. */
	if (spec->rule_count == 0)
		result = compile_tests(draft, NULL, &rules[0]);
	for (uint32_t i = 0; i < spec->rule_count; i++) {
		int r = compile_rule(draft, &spec->rules[i], i, &rules[i]);

		if (r < 0)
			result = r;
	}
	draft->hook.code.rules = rules;
	draft->hook.code.rule_count = count;
	return result;
}
