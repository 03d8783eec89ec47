/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static void test_compile__gives_sets_of_binaries_a_bit(void **state)
{
	const struct match_row rows[] = {
		{ NULL,
		  { .subject = MATCH_SUBJECT_BINARY,
		    .op = MATCH_OP_IN,
		    VALUES(VALUE("/bin/a"), VALUE("/bin/b")) },
		  "when binary bit 0\n  count\nbinaries 0: \"/bin/a\" \"/bin/b\"\n",
		  0 },
		{ NULL,
		  { .subject = MATCH_SUBJECT_BINARY,
		    .op = MATCH_OP_NOT_IN,
		    VALUES(VALUE("/bin/a")) },
		  "when not binary bit 0\n",
		  0 },
		{ NULL,
		  { .subject = MATCH_SUBJECT_BINARY,
		    .op = MATCH_OP_PREFIX,
		    VALUES(VALUE("/bin/")) },
		  "when binary bit 0\n",
		  0 },
		{ NULL,
		  { .subject = MATCH_SUBJECT_BINARY,
		    .op = MATCH_OP_NOT_POSTFIX,
		    VALUES(VALUE("sh")) },
		  "when not binary bit 0\n",
		  0 },
		{ NULL,
		  { .subject = MATCH_SUBJECT_PARENT_BINARY,
		    .op = MATCH_OP_IN,
		    VALUES(VALUE("/bin/a")) },
		  "when parent binary bit 0\n",
		  0 },
		{ NULL,
		  { .subject = MATCH_SUBJECT_BINARY,
		    .op = MATCH_OP_IN,
		    VALUES(VALUE("/bin/a")),
		    .follow_children = true },
		  "binaries 0 and children: \"/bin/a\"",
		  0 },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

static void test_compile__refuses_what_binaries_are_not_asked(void **state)
{
	const struct match_row rows[] = {
		{ NULL,
		  { .subject = MATCH_SUBJECT_BINARY,
		    .op = MATCH_OP_PREFIX,
		    VALUES(VALUE("/bin/")),
		    .follow_children = true },
		  "followChildren goes with In and NotIn only",
		  -EINVAL },
		{ NULL,
		  { .subject = MATCH_SUBJECT_BINARY,
		    .op = MATCH_OP_EQUAL,
		    VALUES(VALUE("/bin/a")) },
		  "operator Equal does not go with binaries",
		  -EINVAL },
		{ NULL,
		  { .subject = MATCH_SUBJECT_BINARY,
		    .op = MATCH_OP_IN,
		    VALUES(VALUE(
			    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")) },
		  "it is longer than 255 bytes",
		  -EINVAL },
		{ NULL,
		  { .subject = MATCH_SUBJECT_BINARY, .op = MATCH_OP_IN },
		  "there are no values",
		  -EINVAL },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__gives_sets_of_binaries_a_bit),
		TEST(test_compile__refuses_what_binaries_are_not_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
