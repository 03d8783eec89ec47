/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static void test_compile__writes_where_an_operand_is_in_memory(void **state)
{
	const struct action_row rows[] = {
		{ { .kind = HOOK_KIND_USDT,
		    .call = VALUE("done"),
		    .provider = "test",
		    .file = { .text = "/bin/true" },
		    ARGS(ARG(0, "int64"), ARG(1, "int32")) },
		  { .kind = ACTION_KIND_SET, .arg = 1, .value = 7 },
		  "    do set to 7 value 1, enforcing\n",
		  0 },
		{ { .kind = HOOK_KIND_USDT,
		    .call = VALUE("done"),
		    .provider = "test",
		    .file = { .text = "/bin/true" },
		    ARGS(ARG(0, "int64"), ARG(1, "int32")) },
		  { .kind = ACTION_KIND_SET, .arg = 0 },
		  "argument 0 is not in memory",
		  -EINVAL },
		{ { .kind = HOOK_KIND_USDT,
		    .call = VALUE("done"),
		    .provider = "test",
		    .file = { .text = "/bin/true" },
		    ARGS(ARG(2, "int64")) },
		  { .kind = ACTION_KIND_SET, .arg = 0 },
		  "argument 0 has 8 bytes, and 4 are written",
		  -EINVAL },
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_SET },
		  "Set goes with usdts only",
		  -EINVAL },
	};

	policy_fixture__check_actions(*state, rows, array_size(rows));
}

static void test_compile__needs_to_write(void **state)
{
	const struct action_row rows[] = {
		{ { .kind = HOOK_KIND_USDT,
		    .call = VALUE("done"),
		    .provider = "test",
		    .file = { .text = "/bin/true" },
		    ARGS(ARG(0, "int64"), ARG(1, "int32")) },
		  { .kind = ACTION_KIND_SET, .arg = 1 },
		  "this kernel has no bpf_probe_write_user()",
		  -EOPNOTSUPP },
	};
	struct policy_fixture *fixture = *state;

	fixture->made_up.kernel.has_probe_write_user = false;
	policy_fixture__check_actions(fixture, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__writes_where_an_operand_is_in_memory),
		TEST(test_compile__needs_to_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
