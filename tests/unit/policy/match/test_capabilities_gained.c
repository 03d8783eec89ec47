/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static int compile(struct policy_fixture *fixture, const char *type, uint32_t count)
{
	const struct argument_spec args[] = { ARG(4, "kernel_cap_t"),
					      { .index = 5, .type = { .text = type } } };
	const struct match_spec match = { ASK(CAPABILITIES_GAINED), .args = { 0, 1 } };
	struct match_spec counted = match;
	const struct rule_spec rule = { .matches = &counted, .match_count = 1 };
	const struct hook_spec hook = { HOOKED, .args = args, .arg_count = 2, .rules = &rule,
					.rule_count = 1 };

	counted.arg_count = count;
	return policy_fixture__compile_hook(fixture, &hook);
}

static void test_compile__compares_two_sets(void **state)
{
	struct policy_fixture *fixture = *state;

	assert_int_equal(compile(fixture, "cap_effective", 2), 0);
	assert_non_null(strstr(policy_fixture__listing(fixture),
			       "when capabilities gained value 0 over value 1\n"));
}

static void test_compile__refuses_what_is_no_set(void **state)
{
	struct policy_fixture *fixture = *state;

	assert_int_equal(compile(fixture, "uint64", 2), -EINVAL);
	assert_non_null(strstr(policy_fixture__error(fixture), "the second is of type 'uint64'"));
	err_list__done(&fixture->errors);
	assert_int_equal(compile(fixture, "cap_effective", 1), -EINVAL);
	assert_non_null(strstr(policy_fixture__error(fixture), "two arguments"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__compares_two_sets),
		TEST(test_compile__refuses_what_is_no_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
