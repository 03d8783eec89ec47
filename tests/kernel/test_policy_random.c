/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever a hook's code says, the kernel takes its programs, and what they tell is sound: random code is made into
 * programs, loaded, and run with random arguments. SONDE_TEST_SEED repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "bpf/abi/who.h"
#include "hook_run.h"

#define ROUNDS 30
#define CALLS 6
#define VALUES_MOST 6
#define RULES_MOST 4
#define TESTS_MOST 3
#define ARGUMENTS 4

static struct hook_run run;

/* ---- chance ---- */

static uint64_t chance;

static uint32_t below(uint32_t bound)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return (uint32_t)(chance >> 32) % bound;
}

/* ---- random code ---- */

static struct {
	struct hook_code code;
	struct hook_value values[VALUES_MOST];
	struct hook_step steps[VALUES_MOST][3];
	struct hook_rule rules[RULES_MOST];
	struct hook_test tests[RULES_MOST][2][TESTS_MOST];
	struct hook_action actions[RULES_MOST][2][2];
	struct hook_range ranges[4];
} made;

static const struct hook_text needle = { (const uint8_t *)"needle", 6 };

static const struct {
	enum policy_class class;
	enum hook_form form;
} kinds[] = {
	{ POLICY_CLASS_NUMBER, HOOK_FORM_PLAIN },
	{ POLICY_CLASS_NUMBER, HOOK_FORM_PLAIN },
	{ POLICY_CLASS_CAPABILITIES, HOOK_FORM_PLAIN },
	{ POLICY_CLASS_TEXT, HOOK_FORM_PLAIN },
	{ POLICY_CLASS_BYTES, HOOK_FORM_PLAIN },
	{ POLICY_CLASS_BYTES, HOOK_FORM_VECTOR },
	{ POLICY_CLASS_BYTES, HOOK_FORM_ITERATOR },
	{ POLICY_CLASS_PATH, HOOK_FORM_PLAIN },
	{ POLICY_CLASS_PATH, HOOK_FORM_DENTRY },
	{ POLICY_CLASS_PATH, HOOK_FORM_DESCRIPTOR },
	{ POLICY_CLASS_SOCKET, HOOK_FORM_PLAIN },
	{ POLICY_CLASS_PACKET, HOOK_FORM_PLAIN },
	{ POLICY_CLASS_ADDRESS, HOOK_FORM_PLAIN },
	{ POLICY_CLASS_CREDENTIALS, HOOK_FORM_PLAIN },
	{ POLICY_CLASS_USER_NAMESPACE, HOOK_FORM_PLAIN },
	{ POLICY_CLASS_BPF_ATTRIBUTES, HOOK_FORM_PLAIN },
	{ POLICY_CLASS_BPF_MAP, HOOK_FORM_PLAIN },
	{ POLICY_CLASS_BPF_PROGRAM, HOOK_FORM_PLAIN },
	{ POLICY_CLASS_PERF_EVENT, HOOK_FORM_PLAIN },
	{ POLICY_CLASS_MODULE, HOOK_FORM_PLAIN },
	{ POLICY_CLASS_MODULE, HOOK_FORM_LOAD_INFO },
	{ POLICY_CLASS_NOTHING, HOOK_FORM_PLAIN },
};

static bool is_number(const struct hook_value *value)
{
	return value->class == POLICY_CLASS_NUMBER || value->class == POLICY_CLASS_CAPABILITIES;
}

static void make_value(uint32_t index)
{
	struct hook_value *value = &made.values[index];
	uint32_t kind = below(array_size(kinds));

	*value = (struct hook_value){ .class = kinds[kind].class,
				      .form = kinds[kind].form,
				      .index = below(ARGUMENTS),
				      .steps = made.steps[index],
				      .step_count = below(4),
				      .size = 1u << below(4),
				      .is_signed = below(2),
				      .is_captured = below(3),
				      .size_value = HOOK_NONE,
				      .max_size = below(2) ? 0 : 1 + below(64) };
	/* The first is always a number, for those whose size it is. */
	if (index == 0)
		value->class = POLICY_CLASS_NUMBER, value->form = HOOK_FORM_PLAIN;
	for (uint32_t i = 0; i < value->step_count; i++)
		made.steps[index][i] = (struct hook_step){ (int32_t)below(4096) - 64, below(2) };
	if (below(4) == 0)
		value->base = HOOK_BASE_TASK;
	if (is_number(value) && below(4) == 0) {
		value->is_bit_field = true;
		value->bit_offset = (uint8_t)below(8 * value->size);
		value->bit_size = (uint8_t)(1 + below(8 * value->size - value->bit_offset));
	}
	if (value->class == POLICY_CLASS_BYTES && below(2))
		value->size_value = 0;
	value->is_user = below(2);
	value->is_anywhere =
		(value->class == POLICY_CLASS_TEXT ||
		 (value->class == POLICY_CLASS_BYTES && value->form != HOOK_FORM_ITERATOR)) &&
		below(3) == 0;
}

static uint32_t find_value(enum policy_class class)
{
	for (uint32_t i = 0; i < made.code.value_count; i++)
		if (made.values[i].class == class)
			return i;
	return HOOK_NONE;
}

static void make_text_test(struct hook_test *test)
{
	static const enum policy_class classes[] = { POLICY_CLASS_TEXT, POLICY_CLASS_PATH,
						     POLICY_CLASS_BYTES, POLICY_CLASS_ADDRESS };

	test->value = find_value(classes[below(array_size(classes))]);
	test->kind = HOOK_TEST_TEXT;
	test->index = below(8) ? below(POLICY_TEXT_SUBSTRING) : below(5);
	test->texts = &needle;
	test->text_count = 1;
	if (test->value != HOOK_NONE && made.values[test->value].class == POLICY_CLASS_PATH &&
	    below(2)) {
		test->kind = HOOK_TEST_FILE_TYPE;
		test->mask = below(1 << 16);
	}
}

static void make_test(struct hook_test *test)
{
	*test = (struct hook_test){ .kind = below(HOOK_TEST_CAPABILITIES_GAINED + 1),
				    .set = 1 + below(100),
				    .ranges = made.ranges,
				    .range_count = 1 + below(4),
				    .mask = 1ull << below(WHO_NAMESPACE_COUNT) | 1,
				    .is_negated = below(2),
				    .is_own_namespace = below(2),
				    .follows_forks = below(2) };
	switch (test->kind) {
	case HOOK_TEST_SCOPE:
	case HOOK_TEST_BINARY:
	case HOOK_TEST_PARENT_BINARY:
		test->index = below(64 * POLICY_MASK_WORDS);
		return;
	case HOOK_TEST_NAMESPACE:
		test->index = below(WHO_NAMESPACE_COUNT);
		return;
	case HOOK_TEST_CAPABILITY:
	case HOOK_TEST_CAPABILITY_CHANGE:
		test->index = below(3);
		return;
	case HOOK_TEST_SOCKET:
		test->value = find_value(below(2) ? POLICY_CLASS_SOCKET : POLICY_CLASS_PACKET);
		test->index = below(POLICY_SOCKET_STATE + 1);
		break;
	case HOOK_TEST_FILE_TYPE:
	case HOOK_TEST_TEXT:
		make_text_test(test);
		break;
	case HOOK_TEST_NUMBER:
		test->op = below(HOOK_NUMBER_LESS + 1);
		return;
	case HOOK_TEST_CAPABILITIES_GAINED:
	case HOOK_TEST_EXPRESSION: /* test_policy_expressions.c */
	case HOOK_TEST_PID:
	case HOOK_TEST_NAMESPACE_CHANGE:
		return;
	}
	if (test->value == HOOK_NONE) {
		test->kind = HOOK_TEST_NUMBER;
		test->value = 0;
	}
}

static uint32_t make_actions(struct hook_action *actions)
{
	static const enum policy_action some[] = { POLICY_ACTION_POST,
						   POLICY_ACTION_NO_POST,
						   POLICY_ACTION_SIGKILL,
						   POLICY_ACTION_SIGNAL,
						   POLICY_ACTION_TRACK_SOCK,
						   POLICY_ACTION_UNTRACK_SOCK,
						   POLICY_ACTION_NOTIFY_ENFORCER,
						   POLICY_ACTION_CLEANUP_ENFORCER };
	uint32_t count = below(3);

	for (uint32_t i = 0; i < count; i++) {
		struct hook_action *action = &actions[i];

		*action = (struct hook_action){ .kind = some[below(array_size(some))],
						.number = -1,
						.rate_ns = below(2) ? 0 : 1000000000,
						.rate_scope = below(3),
						.wants_kernel_stack = below(2),
						.wants_user_stack = below(2) };
		action->is_enforcement = action->kind == POLICY_ACTION_SIGKILL ||
					 action->kind == POLICY_ACTION_SIGNAL ||
					 action->kind == POLICY_ACTION_NOTIFY_ENFORCER;
		if (action->kind == POLICY_ACTION_TRACK_SOCK ||
		    action->kind == POLICY_ACTION_UNTRACK_SOCK)
			action->value = find_value(POLICY_CLASS_SOCKET);
		if (action->value == HOOK_NONE)
			action->kind = POLICY_ACTION_POST;
	}
	return count;
}

static void make_rule(uint32_t index)
{
	struct hook_rule *rule = &made.rules[index];

	*rule = (struct hook_rule){ .tests = made.tests[index][0],
				    .test_count = below(TESTS_MOST + 1),
				    .actions = made.actions[index][0] };
	for (uint32_t i = 0; i < rule->test_count; i++)
		make_test(&made.tests[index][0][i]);
	rule->action_count = make_actions(made.actions[index][0]);
	if (!made.code.has_return)
		return;
	rule->return_tests = made.tests[index][1];
	rule->return_test_count = below(2);
	for (uint32_t i = 0; i < rule->return_test_count; i++)
		make_test(&made.tests[index][1][i]);
	rule->return_actions = made.actions[index][1];
	rule->return_action_count = below(3) ? 0 : make_actions(made.actions[index][1]);
}

static void make_code(void)
{
	struct hook_code *code = &made.code;

	memset(&made, 0, sizeof(made));
	code->context = below(2) ? HOOK_CONTEXT_RAW_TRACEPOINT : HOOK_CONTEXT_CALL;
	code->argument_count = ARGUMENTS;
	code->has_return = code->context == HOOK_CONTEXT_CALL && below(2);
	code->is_preemptible = below(2);
	code->is_chained = code->context == HOOK_CONTEXT_RAW_TRACEPOINT && below(4) == 0;
	code->values = made.values;
	code->value_count = 1 + below(VALUES_MOST);
	code->can_have_events = below(4);
	code->count_parts = below(8);
	for (uint32_t i = 0; i < array_size(made.ranges); i++) {
		made.ranges[i].first = below(2) ? below(100) : (uint64_t)below(1000) << 30;
		made.ranges[i].last = made.ranges[i].first + below(50);
	}
	for (uint32_t i = 0; i < code->value_count; i++)
		make_value(i);
	if (code->has_return)
		for (uint32_t i = 1; i < code->value_count; i++)
			made.values[i].is_at_return = below(3) == 0;
	code->rules = made.rules;
	code->rule_count = below(RULES_MOST + 1);
	for (uint32_t i = 0; i < code->rule_count; i++)
		make_rule(i);
}

/* ---- what comes of it ---- */

static void assert_sound_record(void)
{
	const struct policy_record *record = hook_run__record(&run);
	uint64_t begin = sizeof(*record) + made.code.value_count * sizeof(union policy_word);

	assert_int_equal(record->header.size, run.heard_size);
	assert_int_equal(record->header.size % 8, 0);
	assert_int_equal(record->value_count, made.code.value_count);
	assert_int_equal(record->hook, run.hook);
	assert_int_equal(record->tgid, getpid());
	assert_true(record->entry_time_ns > 0 && record->entry_time_ns <= record->header.time_ns);
	for (uint32_t i = 0; i < made.code.value_count; i++) {
		struct policy_place place = hook_run__word(&run, i).place;

		if (is_number(&made.values[i]) || place.offset == 0)
			continue;
		assert_true(place.offset >= begin && place.offset % 8 == 0 && place.size >= 0);
		assert_true(place.offset + (uint32_t)place.size <= run.heard_size);
	}
}

static void run_round(void)
{
	uint64_t matched = 0, told = 0;
	uint32_t heard = 0;

	make_code();
	hook_run__load(&run, &made.code, POLICY_SWITCH_EVENTS);
	for (uint32_t i = 0; i < CALLS; i++) {
		uint64_t arguments[ARGUMENTS + 1];
		uint32_t now;

		for (uint32_t j = 0; j <= ARGUMENTS; j++)
			arguments[j] = below(2) ? below(100) : hook_run__present("a needle in it");
		hook_run__call(&run, arguments, array_size(arguments));
		if (made.code.has_return)
			hook_run__leave(&run, arguments, array_size(arguments));
		now = hook_run__drain(&run);
		if (now)
			assert_sound_record();
		heard += now;
	}
	for (uint32_t i = 0; i < run.row_count; i++) {
		struct policy_figures figures = hook_run__figures(&run, i);

		matched += figures.matched;
		told += figures.posted;
		assert_int_equal(figures.lost, 0);
		assert_int_equal(figures.enforced, 0);
	}
	assert_true(matched <= CALLS);
	assert_int_equal(told, heard);
	assert_true(made.code.can_have_events || told == 0);
}

static void test_hook__any_code(void **state)
{
	const char *text = getenv("SONDE_TEST_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0)
			     : (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();

	(void)state;
	print_message("SONDE_TEST_SEED=%llu\n", (unsigned long long)seed);
	chance = seed ? seed : 1;
	hook_run__open(&run);
	for (int i = 0; i < ROUNDS; i++)
		run_round();
	hook_run__close(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_hook__any_code) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
