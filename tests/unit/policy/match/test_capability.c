/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static void test_compile__takes_a_mask(void **state)
{
	const struct match_row rows[] = {
		{ NULL,
		  { .subject = MATCH_SUBJECT_CAPABILITY,
		    .op = MATCH_OP_IN,
		    .capabilities = 1 << 21 },
		  "when capability effective mask 0x200000\n",
		  0 },
		{ NULL,
		  { .subject = MATCH_SUBJECT_CAPABILITY,
		    .op = MATCH_OP_NOT_IN,
		    .capabilities = 1,
		    .capability_set = CAPABILITY_SET_PERMITTED,
		    .is_namespace_capability = true },
		  "when not capability permitted mask 0x1, in its own namespace\n",
		  0 },
		{ NULL,
		  { .subject = MATCH_SUBJECT_CAPABILITY_CHANGE,
		    .op = MATCH_OP_IN,
		    .capabilities = 1,
		    .capability_set = CAPABILITY_SET_INHERITABLE },
		  "when capability change inheritable mask 0x1\n",
		  0 },
		{ NULL,
		  { .subject = MATCH_SUBJECT_CAPABILITY, .op = MATCH_OP_IN },
		  "no capability is named",
		  -EINVAL },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__takes_a_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
