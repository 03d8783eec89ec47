/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static void test_compile__kills(void **state)
{
	const struct action_row rows[] = {
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_SIGKILL },
		  "    do kill, enforcing\n",
		  0 },
	};

	policy_fixture__check_actions(*state, rows, array_size(rows));
}

static void test_compile__needs_signals(void **state)
{
	const struct action_row rows[] = {
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_SIGKILL },
		  "this kernel has no bpf_send_signal()",
		  -EOPNOTSUPP },
	};
	struct policy_fixture *fixture = *state;

	fixture->made_up.kernel.has_signal = false;
	policy_fixture__check_actions(fixture, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__kills),
		TEST(test_compile__needs_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
