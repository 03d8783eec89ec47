/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static const struct number_spec offset = { .value = 64 };

static void test_compile__overrides_where_it_can(void **state)
{
	const struct action_row rows[] = {
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_OVERRIDE, .error = -1, .has_error = true },
		  "    do override with -1, enforcing\n",
		  0 },
		{ { .kind = HOOK_KIND_KPROBE, .call = VALUE("sys_read"), .is_syscall = true },
		  { .kind = ACTION_KIND_OVERRIDE, .error = -13, .has_error = true },
		  "do override with -13",
		  0 },
		{ { .kind = HOOK_KIND_LSM, .call = VALUE("hooked") },
		  { .kind = ACTION_KIND_OVERRIDE, .error = -1, .has_error = true },
		  "do override with -1",
		  0 },
		{ { .kind = HOOK_KIND_LSM, .call = VALUE("hooked") },
		  { .kind = ACTION_KIND_OVERRIDE, .error = 1, .has_error = true },
		  "an LSM hook returns 0 or a negative errno, not 1",
		  -EINVAL },
		{ { .kind = HOOK_KIND_TRACEPOINT, .call = VALUE("opened"), .subsystem = "files" },
		  { .kind = ACTION_KIND_OVERRIDE },
		  "Override goes with kprobes and LSM hooks only",
		  -EINVAL },
		{ { .kind = HOOK_KIND_UPROBE,
		    .file = { .text = "/bin/true" },
		    .offsets = &offset,
		    .offset_count = 1 },
		  { .kind = ACTION_KIND_OVERRIDE },
		  "writes the registers of the process",
		  -EOPNOTSUPP },
	};

	policy_fixture__check_actions(*state, rows, array_size(rows));
}

static void test_find_sites__tells_what_the_kernel_lacks(void **state)
{
	const struct action_row rows[] = {
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_OVERRIDE, .error = -1 },
		  "do override with -1",
		  0 },
		{ { .kind = HOOK_KIND_KPROBE, .call = VALUE("sys_read"), .is_syscall = true },
		  { .kind = ACTION_KIND_OVERRIDE, .error = -1 },
		  "(CONFIG_BPF_KPROBE_OVERRIDE), without which only security_* functions",
		  -EOPNOTSUPP },
	};
	struct policy_fixture *fixture = *state;

	fixture->made_up.kernel.has_override = false;
	policy_fixture__check_actions(fixture, rows, array_size(rows));
}

static void test_find_sites__has_nothing_to_override_by(void **state)
{
	const struct action_row rows[] = {
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_OVERRIDE, .error = -1 },
		  "and no fmod_ret",
		  -EOPNOTSUPP },
		{ { .kind = HOOK_KIND_LSM, .call = VALUE("hooked") },
		  { .kind = ACTION_KIND_OVERRIDE, .error = -1 },
		  "do override with -1",
		  0 },
	};
	struct policy_fixture *fixture = *state;

	fixture->made_up.kernel.has_override = fixture->made_up.kernel.has_modify_return = false;
	policy_fixture__check_actions(fixture, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__overrides_where_it_can),
		TEST(test_find_sites__tells_what_the_kernel_lacks),
		TEST(test_find_sites__has_nothing_to_override_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
