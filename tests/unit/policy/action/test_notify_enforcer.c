/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static int compile(struct policy_fixture *fixture, const struct action_spec *action,
		   uint32_t enforcers)
{
	static const struct value_spec calls[] = { VALUE("sys_read"), VALUE("sys_write") };
	static const struct enforcer_spec enforcer = { .calls = calls, .call_count = 2 };
	const struct rule_spec rule = { .actions = action, .action_count = 1 };
	const struct hook_spec hook = { HOOKED, .rules = &rule, .rule_count = 1 };
	const struct policy_spec policy = { .name = "enforcer",
					    .hooks = &hook,
					    .hook_count = 1,
					    .enforcers = &enforcer,
					    .enforcer_count = enforcers };

	return policy_fixture__compile(fixture, &policy);
}

static void test_compile__makes_hooks_of_enforcers(void **state)
{
	static const struct action_spec action = {
		.kind = ACTION_KIND_NOTIFY_ENFORCER, .error = -1, .has_error = true, .signal = 9
	};
	struct policy_fixture *fixture = *state;

	assert_int_equal(compile(fixture, &action, 1), 0);
	assert_string_equal(policy_fixture__listing(fixture),
			    "hook 0: registers\n"
			    "  rule 0\n"
			    "    do notify enforcer of -1 and signal 9, enforcing\n"
			    "  count\n"
			    "hook 0: sys_enter, enforcer\n"
			    "hook 0: sys_enter, enforcer\n");
	fixture->made_up.kernel.has_override = false;
	assert_int_equal(compile(fixture, &action, 1), -EOPNOTSUPP);
	assert_non_null(strstr(policy_fixture__error(fixture), "CONFIG_BPF_KPROBE_OVERRIDE"));
}

static void test_compile__replaces_what_security_functions_return(void **state)
{
	static const struct action_spec action = { .kind = ACTION_KIND_NOTIFY_ENFORCER,
						   .error = -1,
						   .has_error = true };
	static const struct value_spec calls[] = { VALUE("security_inode_mkdir"),
						   VALUE("sys_read") };
	struct enforcer_spec enforcer = { .calls = calls, .call_count = 1 };
	const struct rule_spec rule = { .actions = &action, .action_count = 1 };
	const struct hook_spec hook = { HOOKED, .rules = &rule, .rule_count = 1 };
	const struct policy_spec policy = { .name = "enforcer",
					    .hooks = &hook,
					    .hook_count = 1,
					    .enforcers = &enforcer,
					    .enforcer_count = 1 };
	struct policy_fixture *fixture = *state;

	fixture->made_up.kernel.has_override = false;
	fixture->made_up.kernel.has_modify_return = true;
	assert_int_equal(policy_fixture__compile(fixture, &policy), 0);
	assert_int_equal(fixture->program.hook_count, 2);
	assert_true(fixture->program.hooks[1].is_enforcer);
	assert_int_equal(fixture->sites.items[1].kind, POLICY_SITE_FUNCTION);
	assert_true(fixture->sites.items[1].is_override);
	enforcer.call_count = 2;
	assert_int_equal(policy_fixture__compile(fixture, &policy), -EOPNOTSUPP);
	assert_non_null(strstr(policy_fixture__error(fixture), "only what security_* functions"));
	fixture->made_up.kernel.has_modify_call = true;
	assert_int_equal(policy_fixture__compile(fixture, &policy), 0);
}

static void test_compile__needs_no_enforcers_for_signals(void **state)
{
	static const struct action_spec action = { .kind = ACTION_KIND_NOTIFY_ENFORCER,
						   .signal = 9 };
	struct policy_fixture *fixture = *state;

	fixture->made_up.kernel.has_override = false;
	assert_int_equal(compile(fixture, &action, 1), 0);
	assert_int_equal(fixture->program.hook_count, 1);
	assert_true(fixture->program.has_enforcement);
}

static void test_compile__refuses_notes_that_nobody_reads(void **state)
{
	static const struct action_spec action = { .kind = ACTION_KIND_NOTIFY_ENFORCER,
						   .signal = 9 };
	static const struct action_spec nothing = { .kind = ACTION_KIND_NOTIFY_ENFORCER };
	struct policy_fixture *fixture = *state;

	assert_int_equal(compile(fixture, &action, 0), -EINVAL);
	assert_non_null(strstr(policy_fixture__error(fixture), "the policy has no enforcers"));
	err_list__done(&fixture->errors);
	assert_int_equal(compile(fixture, &nothing, 1), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__makes_hooks_of_enforcers),
		TEST(test_compile__replaces_what_security_functions_return),
		TEST(test_compile__needs_no_enforcers_for_signals),
		TEST(test_compile__refuses_notes_that_nobody_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
