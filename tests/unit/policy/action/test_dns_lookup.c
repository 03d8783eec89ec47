/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static void test_compile__needs_a_target(void **state)
{
	const struct action_row rows[] = {
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_DNS_LOOKUP, .target = "x" },
		  "    do look up name\n",
		  0 },
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_DNS_LOOKUP },
		  "nothing is named",
		  -EINVAL },
	};

	policy_fixture__check_actions(*state, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__needs_a_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
