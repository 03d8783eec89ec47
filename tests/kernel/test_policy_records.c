/* SPDX-License-Identifier: Apache-2.0 */
/* What hooks of policies tell while somebody wants to hear of it, and what they look for in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "bpf/abi/who.h"
#include "hook_run.h"

#define SET 77

static struct hook_run run;

static int open_engine(void **state)
{
	(void)state;
	hook_run__open(&run);
	return 0;
}

static int close_engine(void **state)
{
	(void)state;
	hook_run__close(&run);
	return 0;
}

/* ---- numbers and texts ---- */

static const struct hook_value user_text = { .class = POLICY_CLASS_TEXT,
					     .index = 1,
					     .is_user = true,
					     .is_captured = true,
					     .size_value = HOOK_NONE };

static void test_record__numbers_and_texts(void **state)
{
	const struct hook_value values[] = {
		{ .class = POLICY_CLASS_NUMBER, .size = 4, .is_signed = true, .is_captured = true },
		user_text,
	};
	struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
				  .values = values,
				  .value_count = 2,
				  .can_have_events = true };
	const uint64_t arguments[] = { 0xfffffffe, hook_run__present("some words") };

	(void)state;
	hook_run__load(&run, &code, 0);
	hook_run__call(&run, arguments, 2);
	assert_int_equal(hook_run__drain(&run), 0);
	hook_run__switch(&run, POLICY_SWITCH_EVENTS);
	hook_run__call(&run, arguments, 2);
	assert_int_equal(hook_run__drain(&run), 1);
	assert_int_equal(hook_run__record(&run)->header.kind, POLICY_RECORD_HOOK);
	assert_int_equal(hook_run__record(&run)->header.version, POLICY_VERSION);
	assert_int_equal(hook_run__record(&run)->header.size, run.heard_size);
	assert_int_equal(hook_run__record(&run)->tgid, getpid());
	assert_int_equal(hook_run__record(&run)->hook, run.hook);
	assert_int_equal(hook_run__record(&run)->rule, 0xffff);
	assert_int_equal(hook_run__record(&run)->action, POLICY_ACTION_POST);
	assert_int_equal(hook_run__record(&run)->value_count, 2);
	assert_int_equal(hook_run__record(&run)->kernel_stack, -1);
	assert_true(hook_run__word(&run, 0).number == (uint64_t)-2);
	hook_run__assert_text(&run, 1, 0, "some words");
	assert_int_equal(hook_run__figures(&run, 0).matched, 2);
	assert_int_equal(hook_run__figures(&run, 0).posted, 1);
}

/* As fentry and LSM are called; their pointers have types. */
static void test_record__text_of_a_call(void **state)
{
	struct hook_code code = { .context = HOOK_CONTEXT_CALL,
				  .argument_count = 2,
				  .values = &user_text,
				  .value_count = 1,
				  .can_have_events = true };
	const uint64_t arguments[] = { 0, hook_run__present("some words") };

	(void)state;
	hook_run__load(&run, &code, POLICY_SWITCH_EVENTS);
	hook_run__call(&run, arguments, 2);
	assert_int_equal(hook_run__drain(&run), 1);
	hook_run__assert_text(&run, 0, 0, "some words");
}

static void test_record__typed_arguments(void **state)
{
	struct hook_step file[] = { { hook_run__offset_of("linux_binprm", "file"), true },
				    { hook_run__offset_of("file", "f_path"), false } };
	struct hook_step name = { hook_run__offset_of("linux_binprm", "filename"), true };
	const struct hook_value values[] = {
		{ .class = POLICY_CLASS_NUMBER, .size = 8, .is_captured = true },
		{ .index = 1,
		  .class = POLICY_CLASS_NUMBER,
		  .size = 4,
		  .is_signed = true,
		  .is_captured = true },
		{ .index = 2,
		  .class = POLICY_CLASS_PATH,
		  .steps = file,
		  .step_count = 2,
		  .is_captured = true,
		  .size_value = HOOK_NONE },
		{ .index = 2,
		  .class = POLICY_CLASS_TEXT,
		  .steps = &name,
		  .step_count = 1,
		  .is_captured = true,
		  .size_value = HOOK_NONE },
	};
	const struct hook_test tests[] = {
		{ .kind = HOOK_TEST_TEXT, .value = 3, .index = POLICY_TEXT_PREFIX, .set = SET },
		{ .kind = HOOK_TEST_TEXT, .value = 2, .index = POLICY_TEXT_EQUAL, .set = SET },
	};
	const struct hook_rule rule = { .tests = tests, .test_count = 2 };
	const struct hook_code code = { .context = HOOK_CONTEXT_CALL,
					.argument_count = 3,
					.values = values,
					.value_count = 4,
					.rules = &rule,
					.rule_count = 1,
					.can_have_events = true };

	(void)state;
	hook_run__load_typed(&run, &code, "sched_process_exec");
}

/* No number to the verifier: of sched_process_exec the first is the task, the last what is executed. */
static void test_record__numbers_of_typed_arguments(void **state)
{
	const struct hook_value values[] = {
		{ .base = HOOK_BASE_ARGUMENT,
		  .class = POLICY_CLASS_NUMBER,
		  .size = 4,
		  .is_address = true,
		  .is_captured = true,
		  .size_value = HOOK_NONE },
		{ .base = HOOK_BASE_ARGUMENT,
		  .index = 2,
		  .class = POLICY_CLASS_NUMBER,
		  .size = 8,
		  .is_address = true,
		  .is_captured = true,
		  .size_value = HOOK_NONE },
	};
	static const struct hook_range bits = { 5, 0 };
	const struct hook_test tests[] = {
		{ .kind = HOOK_TEST_NUMBER,
		  .op = HOOK_NUMBER_MASK,
		  .ranges = &bits,
		  .range_count = 1 },
		{ .kind = HOOK_TEST_NUMBER,
		  .value = 1,
		  .op = HOOK_NUMBER_MASK,
		  .ranges = &bits,
		  .range_count = 1 },
	};
	const struct hook_rule rule = { .tests = tests, .test_count = 2 };
	const struct hook_code code = { .context = HOOK_CONTEXT_CALL,
					.argument_count = 3,
					.values = values,
					.value_count = 2,
					.rules = &rule,
					.rule_count = 1,
					.can_have_events = true };

	(void)state;
	hook_run__load_typed(&run, &code, "sched_process_exec");
}

static void test_record__text_that_cannot_be_read(void **state)
{
	struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
				  .values = &user_text,
				  .value_count = 1,
				  .can_have_events = true };
	const uint64_t arguments[] = { 0, 8 };

	(void)state;
	hook_run__load(&run, &code, POLICY_SWITCH_EVENTS);
	hook_run__call(&run, arguments, 2);
	assert_int_equal(hook_run__drain(&run), 1);
	assert_int_equal(hook_run__word(&run, 0).place.offset, 0);
	assert_true(hook_run__word(&run, 0).place.size < 0);
}

/* ---- what is looked for in texts ---- */

static void put_text(const char *text)
{
	struct policy_text_key key = { .hash = hook_engine__hash(run.engine, text, strlen(text)),
				       .set = SET,
				       .size = (uint32_t)strlen(text) };
	uint8_t none = 0;

	assert_int_equal(bpf_map_update_elem(hook_run__map(&run, "policy_texts"), &key, &none, 0),
			 0);
}

static void put_affix(const char *map, const char *text, bool is_reversed)
{
	struct policy_affix_key key = { .set = __builtin_bswap32(SET) };
	size_t len = strlen(text);
	uint8_t none = 0;

	key.bits = (uint32_t)(32 + 8 * len);
	for (size_t i = 0; i < len; i++)
		key.text[i] = (uint8_t)text[is_reversed ? len - 1 - i : i];
	assert_int_equal(bpf_map_update_elem(hook_run__map(&run, map), &key, &none, 0), 0);
}

struct text_case {
	uint32_t op;
	bool is_negated;
	const char *holds, *fails;
};

static void assert_looked_for(const struct text_case *of, const struct hook_test *test)
{
	const struct hook_rule rule = { .tests = test, .test_count = 1 };
	struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
				  .values = &user_text,
				  .value_count = 1,
				  .rules = &rule,
				  .rule_count = 1 };

	hook_run__load(&run, &code, 0);
	hook_run__call(&run, (const uint64_t[]){ 0, hook_run__present(of->holds) }, 2);
	if (hook_run__figures(&run, 0).matched != 1)
		fail_msg("'%s'", of->holds);
	hook_run__call(&run, (const uint64_t[]){ 0, hook_run__present(of->fails) }, 2);
	hook_run__call(&run, (const uint64_t[]){ 0, 8 /* nothing can be read there */ }, 2);
	if (hook_run__figures(&run, 0).matched != 1)
		fail_msg("not '%s'", of->fails);
}

/* Many are looked for in maps; a few short ones, that the code lists, are not. */
static void test_record__looks_for_texts(void **state)
{
	static const struct hook_text equal[] = { { (const uint8_t *)"some words", 10 },
						  { (const uint8_t *)"12345678", 8 } };
	static const struct hook_text prefix = { (const uint8_t *)"/usr", 4 };
	static const struct hook_text postfix = { (const uint8_t *)".so", 3 };
	static const struct text_case cases[] = {
		{ POLICY_TEXT_EQUAL, false, "some words", "some word" },
		{ POLICY_TEXT_EQUAL, false, "12345678", "1234567" },
		{ POLICY_TEXT_EQUAL, true, "some wordsX", "some words" },
		{ POLICY_TEXT_PREFIX, false, "/usr/lib", "/us" },
		{ POLICY_TEXT_PREFIX, true, "/us", "/usr" },
		{ POLICY_TEXT_POSTFIX, false, "/a/b.so", "/a/b.so.1" },
		{ POLICY_TEXT_POSTFIX, true, "so", ".so" },
	};

	(void)state;
	put_text("some words");
	put_text("12345678");
	put_affix("policy_prefixes", "/usr", false);
	put_affix("policy_postfixes", ".so", true);
	for (size_t i = 0; i < array_size(cases); i++) {
		struct hook_test test = { .kind = HOOK_TEST_TEXT,
					  .index = cases[i].op,
					  .set = SET,
					  .is_negated = cases[i].is_negated };

		assert_looked_for(&cases[i], &test);
		test.texts = test.index == POLICY_TEXT_EQUAL    ? equal
			     : test.index == POLICY_TEXT_PREFIX ? &prefix
								: &postfix;
		test.text_count = test.index == POLICY_TEXT_EQUAL ? array_size(equal) : 1;
		assert_looked_for(&cases[i], &test);
	}
}

static void test_record__looks_for_parts_of_texts(void **state)
{
	static const struct hook_text parts[] = { { (const uint8_t *)"or", 2 },
						  { (const uint8_t *)"nothing of it", 13 } };
	static const struct text_case cases[] = {
		{ POLICY_TEXT_SUBSTRING, false, "some words", "some WORDS" },
		{ POLICY_TEXT_SUBSTRING, false, "or", "r" },
		{ POLICY_TEXT_SUBSTRING, false, "...or", "o.r" },
		{ POLICY_TEXT_SUBSTRING_ANY_CASE, false, "some WORDS", "some W_RDS" },
	};
	char long_text[3000];

	(void)state;
	memset(long_text, 'o', sizeof(long_text));
	memcpy(long_text + sizeof(long_text) - 3, "or", 3);
	for (size_t i = 0; i < array_size(cases); i++) {
		const struct hook_test test = { .kind = HOOK_TEST_TEXT,
						.index = cases[i].op,
						.set = SET,
						.texts = parts,
						.text_count = array_size(parts),
						.is_negated = cases[i].is_negated };

		assert_looked_for(&cases[i], &test);
		hook_run__call(&run, (const uint64_t[]){ 0, (uint64_t)(uintptr_t)long_text }, 2);
		assert_int_equal(hook_run__figures(&run, 0).matched, 2);
		assert_int_equal(hook_run__figures(&run, 0).lost, 0);
	}
}

/* ---- paths ---- */

static void read_own_path(const char *link, char *path)
{
	ssize_t len = readlink(link, path, PATH_MAX - 1);

	assert_true(len > 0);
	path[len] = '\0';
}

static void test_record__paths(void **state)
{
	int input = open("/proc/self/exe", 0 /* read */);
	struct hook_step steps[3] = {
		{ hook_run__offset_of("task_struct", "mm"), true },
		{ hook_run__offset_of("mm_struct", "exe_file"), true },
		{ hook_run__offset_of("file", "f_path"), false },
	};
	const struct hook_value values[] = {
		{ .base = HOOK_BASE_TASK,
		  .class = POLICY_CLASS_PATH,
		  .steps = steps,
		  .step_count = 3,
		  .is_captured = true,
		  .size_value = HOOK_NONE },
		{ .class = POLICY_CLASS_PATH,
		  .form = HOOK_FORM_DESCRIPTOR,
		  .is_captured = true,
		  .size_value = HOOK_NONE },
	};
	struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
				  .values = values,
				  .value_count = 2,
				  .can_have_events = true };
	const uint64_t arguments[] = { (uint64_t)input };
	char path[PATH_MAX];
	uint32_t size;

	(void)state;
	read_own_path("/proc/self/exe", path);
	hook_run__load(&run, &code, POLICY_SWITCH_EVENTS);
	hook_run__call(&run, arguments, 1);
	assert_int_equal(hook_run__drain(&run), 1);
	hook_run__assert_text(&run, 0, sizeof(struct policy_path), path);
	hook_run__assert_text(&run, 1, sizeof(struct policy_path), path);
	assert_int_equal(
		((const struct policy_path *)(const void *)hook_run__bytes(&run, 0, &size))->mode >>
			12,
		010);
	hook_run__call(&run, (const uint64_t[]){ 1000000 }, 1);
	assert_int_equal(hook_run__drain(&run), 1);
	assert_int_equal(hook_run__word(&run, 1).place.offset, 0);
	(void)close(input);
}

/* ---- actions ---- */

static void test_record__silent_rule(void **state)
{
	static const struct hook_action silence = { .kind = POLICY_ACTION_NO_POST };
	static const struct hook_range range = { 5, 5 };
	const struct hook_value value = { .class = POLICY_CLASS_NUMBER,
					  .size = 8,
					  .is_captured = true };
	const struct hook_test test = { .kind = HOOK_TEST_NUMBER,
					.ranges = &range,
					.range_count = 1 };
	const struct hook_rule rules[] = {
		{ .tests = &test, .test_count = 1, .actions = &silence, .action_count = 1 },
		{ .tests = NULL }
	};
	struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
				  .values = &value,
				  .value_count = 1,
				  .rules = rules,
				  .rule_count = 2,
				  .can_have_events = true };

	(void)state;
	hook_run__load(&run, &code, POLICY_SWITCH_EVENTS);
	for (uint64_t number = 0; number < 10; number++)
		hook_run__call(&run, &number, 1);
	assert_int_equal(hook_run__drain(&run), 9);
	assert_int_equal(hook_run__record(&run)->rule, 1);
	assert_int_equal(hook_run__figures(&run, 0).not_posted, 1);
	assert_int_equal(hook_run__figures(&run, 1).posted, 9);
}

static void test_record__rate(void **state)
{
	const struct hook_action post = { .kind = POLICY_ACTION_POST,
					  .rate_ns = 3600ll * 1000000000,
					  .rate_scope = POLICY_RATE_PROCESS };
	const struct hook_value values[] = {
		{ .class = POLICY_CLASS_NUMBER, .size = 8, .is_captured = true }, user_text
	};
	const struct hook_rule rule = { .actions = &post, .action_count = 1 };
	struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
				  .values = values,
				  .value_count = 2,
				  .rules = &rule,
				  .rule_count = 1,
				  .can_have_events = true };

	(void)state;
	hook_run__load(&run, &code, POLICY_SWITCH_EVENTS);
	for (uint64_t i = 0; i < 12; i++)
		hook_run__call(
			&run,
			(const uint64_t[]){ i % 2, hook_run__present(i % 3 ? "one" : "another") },
			2);
	assert_int_equal(hook_run__drain(&run), 4);
	assert_int_equal(hook_run__figures(&run, 0).limited, 8);
	assert_int_equal(hook_run__figures(&run, 0).matched, 12);
}

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

static void test_record__signal_only_while_it_enforces(void **state)
{
	const struct hook_action signal_self = { .kind = POLICY_ACTION_SIGNAL,
						 .number = SIGUSR1,
						 .is_enforcement = true };
	const struct hook_rule rule = { .actions = &signal_self, .action_count = 1 };
	struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
				  .rules = &rule,
				  .rule_count = 1,
				  .can_have_events = true };

	(void)state;
	signal(SIGUSR1, on_signal);
	hook_run__load(&run, &code, POLICY_SWITCH_EVENTS);
	hook_run__call(&run, NULL, 0);
	assert_int_equal(hook_run__drain(&run), 1);
	assert_int_equal(hook_run__record(&run)->flags & POLICY_FLAG_MONITORED,
			 POLICY_FLAG_MONITORED);
	assert_int_equal(hook_run__record(&run)->action, POLICY_ACTION_SIGNAL);
	assert_int_equal(hook_run__figures(&run, 0).monitored, 1);
	assert_int_equal(signals, 0);
	hook_run__switch(&run, POLICY_SWITCH_EVENTS | POLICY_SWITCH_ENFORCE);
	hook_run__call(&run, NULL, 0);
	assert_int_equal(hook_run__drain(&run), 1);
	assert_int_equal(hook_run__record(&run)->flags, 0);
	assert_int_equal(hook_run__figures(&run, 0).enforced, 1);
	assert_int_equal(signals, 1);
	signal(SIGUSR1, SIG_DFL);
}

/* ---- both ends of a call ---- */

static void test_record__both_ends(void **state)
{
	static const struct hook_range range = { 0, 100 };
	const struct hook_value values[] = {
		{ .class = POLICY_CLASS_NUMBER, .size = 8, .is_captured = true },
		{ .base = HOOK_BASE_RETURN,
		  .class = POLICY_CLASS_NUMBER,
		  .size = 4,
		  .is_signed = true,
		  .is_captured = true,
		  .is_at_return = true },
	};
	const struct hook_test test = {
		.kind = HOOK_TEST_NUMBER, .value = 1, .ranges = &range, .range_count = 1
	};
	const struct hook_rule rules[] = { { .tests = NULL },
					   { .return_tests = &test, .return_test_count = 1 } };
	struct hook_code code = { .context = HOOK_CONTEXT_CALL,
				  .argument_count = 1,
				  .values = values,
				  .value_count = 2,
				  .can_have_events = true,
				  .has_return = true };
	uint64_t entry_time;

	(void)state;
	for (uint32_t decides = 0; decides < 2; decides++) {
		code.rules = &rules[decides];
		code.rule_count = 1;
		hook_run__load(&run, &code, POLICY_SWITCH_EVENTS);
		hook_run__call(&run, (const uint64_t[]){ 11, 0 }, 2);
		assert_int_equal(hook_run__drain(&run), 1);
		assert_int_equal(hook_run__record(&run)->flags, POLICY_FLAG_RETURNS);
		entry_time = hook_run__record(&run)->entry_time_ns;
		assert_true(entry_time > 0);
		assert_int_equal(hook_run__word(&run, 0).number, 11);
		hook_run__leave(&run, (const uint64_t[]){ 11, 7 }, 2);
		assert_int_equal(hook_run__drain(&run), 1);
		assert_int_equal(hook_run__record(&run)->header.kind, POLICY_RECORD_RETURN);
		assert_int_equal(hook_run__word(&run, 1).number, 7);
		assert_true(hook_run__record(&run)->entry_time_ns == entry_time);
		assert_int_equal(hook_run__figures(&run, 0).matched, 1);
		/* Nobody entered. */
		hook_run__leave(&run, (const uint64_t[]){ 11, 7 }, 2);
		assert_int_equal(hook_run__drain(&run), 0);
		hook_run__call(&run, (const uint64_t[]){ 11, 0 }, 2);
		hook_run__leave(&run, (const uint64_t[]){ 11, (uint64_t)-5 }, 2);
		assert_int_equal(hook_run__drain(&run), decides ? 1 : 2);
		assert_int_equal(hook_run__figures(&run, 0).matched, decides ? 1 : 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record__numbers_and_texts),
		cmocka_unit_test(test_record__text_of_a_call),
		cmocka_unit_test(test_record__typed_arguments),
		cmocka_unit_test(test_record__numbers_of_typed_arguments),
		cmocka_unit_test(test_record__text_that_cannot_be_read),
		cmocka_unit_test(test_record__looks_for_texts),
		cmocka_unit_test(test_record__looks_for_parts_of_texts),
		cmocka_unit_test(test_record__paths),
		cmocka_unit_test(test_record__silent_rule),
		cmocka_unit_test(test_record__rate),
		cmocka_unit_test(test_record__signal_only_while_it_enforces),
		cmocka_unit_test(test_record__both_ends),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
