/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static void test_compile__limits_and_adds_stacks(void **state)
{
	const struct action_row rows[] = {
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_POST },
		  "    do post\n",
		  0 },
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_POST,
		    .rate_ns = 5000,
		    .rate_scope = RATE_SCOPE_PROCESS,
		    .wants_kernel_stack = true,
		    .wants_user_stack = true },
		  "do post, once in 5000 ns for each process, kernel stack, user stack\n",
		  0 },
		{ { .kind = HOOK_KIND_LSM, .call = VALUE("hooked") },
		  { .kind = ACTION_KIND_POST, .wants_image_hash = true },
		  "do post, hash of the file\n",
		  0 },
		{ { HOOKED, ARGS(ARG(3, "sock"), ARG(1, "int")) },
		  { .kind = ACTION_KIND_POST, .wants_image_hash = true },
		  "only LSM hooks know the hash",
		  -EINVAL },
	};

	policy_fixture__check_actions(*state, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__limits_and_adds_stacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
