/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static const struct number_spec pids[] = { { .value = 77 }, { .value = 1 }, { .value = 2 } };

static void test_compile__takes_numbers_of_processes(void **state)
{
	const struct match_row rows[] = {
		{ NULL,
		  { .subject = MATCH_SUBJECT_PID, .op = MATCH_OP_IN, .pids = pids, .pid_count = 3 },
		  "when pid in 1:2 77\n",
		  0 },
		{ NULL,
		  { .subject = MATCH_SUBJECT_PID,
		    .op = MATCH_OP_NOT_IN,
		    .pids = pids + 1,
		    .pid_count = 1 },
		  "when not pid in 1\n",
		  0 },
		{ NULL,
		  { .subject = MATCH_SUBJECT_PID,
		    .op = MATCH_OP_NOT_IN,
		    .pids = pids + 1,
		    .pid_count = 1,
		    .is_namespace_pid = true,
		    .follow_forks = true },
		  "when not pid in 1, in its own namespace, or of an ancestor\n",
		  0 },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__takes_numbers_of_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
