/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static void test_compile__sends_what_is_a_signal(void **state)
{
	const struct action_row rows[] = {
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_SIGNAL, .signal = 10 },
		  "    do send signal 10, enforcing\n",
		  0 },
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_SIGNAL },
		  "argSig: 0 is no signal",
		  -EINVAL },
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_SIGNAL, .signal = 65 },
		  "argSig: 65 is no signal",
		  -EINVAL },
	};

	policy_fixture__check_actions(*state, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__sends_what_is_a_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
