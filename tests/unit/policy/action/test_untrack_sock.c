/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static void test_compile__finds_the_socket(void **state)
{
	const struct action_row rows[] = {
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_UNTRACK_SOCK, .arg = 0 },
		  "    do untrack value 0\n",
		  0 },
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_UNTRACK_SOCK, .arg = 1 },
		  "argSock: argument 1 is no sock",
		  -EINVAL },
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_UNTRACK_SOCK, .arg = 9 },
		  "argSock: argument 9 is no sock",
		  -EINVAL },
	};

	policy_fixture__check_actions(*state, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__finds_the_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
