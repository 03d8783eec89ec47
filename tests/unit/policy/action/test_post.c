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

static void test_compile__needs_files_that_are_measured(void **state)
{
	const struct action_row rows[] = {
		{ { .kind = HOOK_KIND_LSM, .call = VALUE("hooked") },
		  { .kind = ACTION_KIND_POST, .wants_image_hash = true },
		  "this kernel does not measure files",
		  -EOPNOTSUPP },
	};
	struct policy_fixture *fixture = *state;

	fixture->made_up.kernel.has_image_hash = false;
	policy_fixture__check_actions(fixture, rows, array_size(rows));
}

static void test_compile__finds_the_file_that_is_meant(void **state)
{
	const struct action_row rows[] = {
		{ { .kind = HOOK_KIND_LSM, .call = VALUE("hooked") },
		  { .kind = ACTION_KIND_POST, .wants_image_hash = true },
		  "  file: argument 0\n",
		  0 },
		{ { .kind = HOOK_KIND_LSM, .call = VALUE("unknown") },
		  { .kind = ACTION_KIND_POST, .wants_image_hash = true },
		  "'unknown' is about no file",
		  -EINVAL },
	};

	policy_fixture__check_actions(*state, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__limits_and_adds_stacks),
		TEST(test_compile__needs_files_that_are_measured),
		TEST(test_compile__finds_the_file_that_is_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
