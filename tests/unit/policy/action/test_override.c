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
		  "Override goes with kprobes, uprobes and LSM hooks only",
		  -EINVAL },
	};

	policy_fixture__check_actions(*state, rows, array_size(rows));
}

#define AT_OFFSET                                                                                  \
	.kind = HOOK_KIND_UPROBE, .file = { .text = "/bin/true" }, .offsets = &offset,             \
	.offset_count = 1
#define AT_MAIN                                                                                    \
	.kind = HOOK_KIND_UPROBE, .file = { .text = "/bin/true" }, .symbols = &in_main,            \
	.symbol_count = 1

#if defined(__x86_64__)
#define RETURNS                                                                                    \
	"do override with 8 bytes at 80 = -5, 8 bytes at 128 = 8 bytes at 152 + 0 followed, 8 bytes at 152 = 8 bytes at 152 + 8, enforcing"
#define JUMPS(distance) "do override with 8 bytes at 128 = 8 bytes at 128 + " distance ", enforcing"
#define PROTECTED "cs=0"
#else
#define RETURNS "do override with 8 bytes at 0 = -5, 8 bytes at 256 = 8 bytes at 240 + 0, enforcing"
#define JUMPS(distance) "do override with 8 bytes at 256 = 8 bytes at 256 + " distance ", enforcing"
#define PROTECTED "pstate=0"
#endif

static void test_compile__sets_registers_of_user_space(void **state)
{
	static const struct spec_text in_main = { .text = "main+0x10" };
	static const struct spec_text protected = { .text = PROTECTED };
	static const struct argument_spec result = ARG(0, "int");
	const struct action_row rows[] = {
		{ { AT_OFFSET },
		  { .kind = ACTION_KIND_OVERRIDE, .error = -5, .has_error = true },
		  RETURNS,
		  0 },
		{ { AT_MAIN },
		  { .kind = ACTION_KIND_OVERRIDE, .new_symbol = { .text = "other" } },
		  JUMPS("4080"),
		  0 },
		{ { AT_OFFSET },
		  { .kind = ACTION_KIND_OVERRIDE, .new_offset = 16, .has_new_offset = true },
		  JUMPS("-48"),
		  0 },
		{ { AT_OFFSET },
		  { .kind = ACTION_KIND_OVERRIDE,
		    .new_address = 0x400050,
		    .has_new_address = true },
		  JUMPS("16"),
		  0 },
		{ { AT_OFFSET },
		  { .kind = ACTION_KIND_OVERRIDE, .new_symbol = { .text = "nothing" } },
		  "where the call is to go on: no function of '/bin/true' matches 'nothing'",
		  -ENOENT },
		{ { AT_OFFSET },
		  { .kind = ACTION_KIND_OVERRIDE, .registers = &protected, .register_count = 1 },
		  "'" PROTECTED "': this register decides over rights",
		  -EINVAL },
		{ { AT_OFFSET, .ret = &result },
		  { .kind = ACTION_KIND_OVERRIDE },
		  "does not go with 'return'",
		  -EINVAL },
	};

	policy_fixture__check_actions(*state, rows, array_size(rows));
}

static void test_compile__needs_registers_that_can_be_set(void **state)
{
	const struct action_row rows[] = {
		{ { AT_OFFSET },
		  { .kind = ACTION_KIND_OVERRIDE },
		  "writes the registers of the process",
		  -EOPNOTSUPP },
	};
	struct policy_fixture *fixture = *state;

	fixture->made_up.kernel.has_user_registers = false;
	policy_fixture__check_actions(fixture, rows, array_size(rows));
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

static void test_find_sites__overrides_system_calls_by_fmod_ret(void **state)
{
	const struct action_row rows[] = {
		{ { .kind = HOOK_KIND_KPROBE, .call = VALUE("sys_read"), .is_syscall = true },
		  { .kind = ACTION_KIND_OVERRIDE, .error = -1 },
		  "do override with -1",
		  0 },
	};
	struct policy_fixture *fixture = *state;

	fixture->made_up.kernel.has_override = false;
	fixture->made_up.kernel.has_modify_call = true;
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
		TEST(test_compile__sets_registers_of_user_space),
		TEST(test_compile__needs_registers_that_can_be_set),
		TEST(test_find_sites__tells_what_the_kernel_lacks),
		TEST(test_find_sites__overrides_system_calls_by_fmod_ret),
		TEST(test_find_sites__has_nothing_to_override_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
