/* SPDX-License-Identifier: Apache-2.0 */
/* What decides in hooks of policies: every test on numbers, once where it holds and once where it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <bpf/bpf.h>

#include "base/mem.h"
#include "hook_run.h"

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

static uint64_t matched(const struct hook_code *code, uint64_t number)
{
	struct hook_code own = *code;
	uint64_t arguments[2] = { number, 0 };

	hook_run__load(&run, &own, 0);
	hook_run__call(&run, arguments, array_size(arguments));
	return hook_run__figures(&run, 0).matched;
}

/* ---- numbers ---- */

static const struct number_case {
	const char *what;
	uint32_t size;
	bool is_signed;
	enum hook_number_op op;
	bool is_negated;
	struct hook_range ranges[3];
	uint32_t range_count;
	uint64_t holds, fails;
} number_cases[] = {
	{ "equal", 8, false, HOOK_NUMBER_EQUAL, false, { { 7, 7 } }, 1, 7, 8 },
	{ "not equal", 8, false, HOOK_NUMBER_EQUAL, true, { { 7, 7 } }, 1, 8, 7 },
	{ "one of three",
	  4,
	  false,
	  HOOK_NUMBER_EQUAL,
	  false,
	  { { 7, 7 }, { 9, 9 }, { 1, 1 } },
	  3,
	  1,
	  2 },
	{ "none of three",
	  4,
	  false,
	  HOOK_NUMBER_EQUAL,
	  true,
	  { { 7, 7 }, { 9, 9 }, { 1, 1 } },
	  3,
	  2,
	  9 },
	{ "the upper half is not there",
	  4,
	  false,
	  HOOK_NUMBER_EQUAL,
	  false,
	  { { 7, 7 } },
	  1,
	  7ull << 32 | 7,
	  7ull << 32 },
	{ "below zero",
	  4,
	  true,
	  HOOK_NUMBER_EQUAL,
	  false,
	  { { (uint64_t)-2, (uint64_t)-2 } },
	  1,
	  0xfffffffe,
	  2 },
	{ "below zero, of 2 bytes",
	  2,
	  true,
	  HOOK_NUMBER_LESS,
	  false,
	  { { 0, 0 } },
	  1,
	  0x8000,
	  0x7fff },
	{ "wide",
	  8,
	  false,
	  HOOK_NUMBER_EQUAL,
	  false,
	  { { 0x123456789abcdef0, 0x123456789abcdef0 } },
	  1,
	  0x123456789abcdef0,
	  0x9abcdef0 },
	{ "first of a range", 4, false, HOOK_NUMBER_EQUAL, false, { { 5, 9 } }, 1, 5, 4 },
	{ "last of a range", 4, false, HOOK_NUMBER_EQUAL, false, { { 5, 9 } }, 1, 9, 10 },
	{ "outside of a range", 4, false, HOOK_NUMBER_EQUAL, true, { { 5, 9 } }, 1, 10, 9 },
	{ "a range around zero",
	  4,
	  true,
	  HOOK_NUMBER_EQUAL,
	  false,
	  { { (uint64_t)-5, 5 } },
	  1,
	  0xfffffffb,
	  6 },
	{ "any bit",
	  4,
	  false,
	  HOOK_NUMBER_MASK,
	  false,
	  { { 2, 2 }, { 0x40, 0x40 } },
	  2,
	  0x41,
	  0x11 },
	{ "the highest bit",
	  8,
	  false,
	  HOOK_NUMBER_MASK,
	  false,
	  { { 1ull << 63, 0 } },
	  1,
	  1ull << 63,
	  ~(1ull << 63) },
	{ "bit 31 alone",
	  8,
	  false,
	  HOOK_NUMBER_MASK,
	  false,
	  { { 1ull << 31, 0 } },
	  1,
	  1ull << 31,
	  1ull << 32 },
	{ "no bit", 4, false, HOOK_NUMBER_MASK, true, { { 2, 2 } }, 1, 4, 6 },
	{ "greater", 8, false, HOOK_NUMBER_GREATER, false, { { 7, 7 } }, 1, UINT64_MAX, 7 },
	{ "greater, signed", 8, true, HOOK_NUMBER_GREATER, false, { { 7, 7 } }, 1, 8, UINT64_MAX },
	{ "less", 1, false, HOOK_NUMBER_LESS, false, { { 200, 200 } }, 1, 199, 200 },
};

static void test_hook__numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(number_cases); i++) {
		const struct number_case *c = &number_cases[i];
		const struct hook_value value = { .base = HOOK_BASE_ARGUMENT,
						  .class = POLICY_CLASS_NUMBER,
						  .size = c->size,
						  .is_signed = c->is_signed,
						  .size_value = HOOK_NONE };
		const struct hook_test test = { .kind = HOOK_TEST_NUMBER,
						.op = c->op,
						.is_negated = c->is_negated,
						.ranges = c->ranges,
						.range_count = c->range_count,
						.set = HOOK_NONE };
		const struct hook_rule rule = { .tests = &test, .test_count = 1 };
		const struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
						.values = &value,
						.value_count = 1,
						.rules = &rule,
						.rule_count = 1 };

		if (matched(&code, c->holds) != 1 || matched(&code, c->fails) != 0)
			fail_msg("%s", c->what);
	}
}

static void test_hook__nothing_asked(void **state)
{
	const struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT };

	(void)state;
	assert_int_equal(matched(&code, 1), 1);
}

static void test_hook__first_rule_decides(void **state)
{
	static const struct hook_range ranges[] = { { 1, 5 }, { 3, 9 } };
	const struct hook_value value = { .class = POLICY_CLASS_NUMBER, .size = 4 };
	const struct hook_test tests[] = {
		{ .kind = HOOK_TEST_NUMBER, .ranges = &ranges[0], .range_count = 1 },
		{ .kind = HOOK_TEST_NUMBER, .ranges = &ranges[1], .range_count = 1 },
	};
	const struct hook_rule rules[] = { { .tests = &tests[0], .test_count = 1 },
					   { .tests = &tests[1], .test_count = 1 } };
	struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
				  .values = &value,
				  .value_count = 1,
				  .rules = rules,
				  .rule_count = 2 };

	(void)state;
	hook_run__load(&run, &code, 0);
	for (uint64_t number = 0; number < 12; number++)
		hook_run__call(&run, &number, 1);
	assert_int_equal(hook_run__figures(&run, 0).matched, 5);
	assert_int_equal(hook_run__figures(&run, 1).matched, 4);
}

/* ---- counts ---- */

static uint64_t counted(const struct policy_count_key *key)
{
	uint64_t values[256] = { 0 }, sum = 0;

	if (bpf_map_lookup_elem(hook_run__map(&run, "policy_counts"), key, values) < 0)
		return 0;
	for (size_t i = 0; i < array_size(values); i++)
		sum += values[i];
	return sum;
}

static void test_hook__counts_by_number(void **state)
{
	const struct hook_value value = { .class = POLICY_CLASS_NUMBER, .size = 8 };
	struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
				  .values = &value,
				  .value_count = 1,
				  .count_parts = HOOK_COUNT_SYSCALL };
	struct policy_count_key key = { 0 };

	(void)state;
	hook_run__load(&run, &code, 0);
	for (uint64_t i = 0; i < 30; i++)
		hook_run__call(&run, (const uint64_t[]){ i % 3 }, 1);
	for (uint32_t i = 0; i < 3; i++) {
		key.hook = run.hook;
		key.label = i;
		assert_int_equal(counted(&key), 10);
	}
	assert_int_equal(hook_run__figures(&run, 0).uncounted, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hook__nothing_asked),
		cmocka_unit_test(test_hook__numbers),
		cmocka_unit_test(test_hook__first_rule_decides),
		cmocka_unit_test(test_hook__counts_by_number),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
