/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static void test_compile__takes_inodes_and_that_of_the_host(void **state)
{
	const struct match_row rows[] = {
		{ NULL,
		  { .subject = MATCH_SUBJECT_NAMESPACE,
		    .op = MATCH_OP_IN,
		    .namespace_kinds = 1 << NAMESPACE_KIND_PID,
		    VALUES(VALUE("host_ns")) },
		  "when namespace 3 in 4026531836\n",
		  0 },
		{ NULL,
		  { .subject = MATCH_SUBJECT_NAMESPACE,
		    .op = MATCH_OP_NOT_IN,
		    .namespace_kinds = 1 << NAMESPACE_KIND_MNT,
		    VALUES(VALUE("host_ns"), VALUE("7")) },
		  "when not namespace 2 in 7 4026531841\n",
		  0 },
		{ NULL,
		  { .subject = MATCH_SUBJECT_NAMESPACE,
		    .op = MATCH_OP_IN,
		    .namespace_kinds = 1 << NAMESPACE_KIND_TIME,
		    VALUES(VALUE("host_ns")) },
		  "which namespace of that kind is the host's is not known",
		  -EOPNOTSUPP },
		{ NULL,
		  { .subject = MATCH_SUBJECT_NAMESPACE,
		    .op = MATCH_OP_IN,
		    .namespace_kinds = 1 << NAMESPACE_KIND_PID,
		    VALUES(VALUE("host")) },
		  "'host' is no number",
		  -EINVAL },
		{ NULL,
		  { .subject = MATCH_SUBJECT_NAMESPACE, .op = MATCH_OP_IN, VALUES(VALUE("7")) },
		  "no namespace is named",
		  -EINVAL },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

static void test_compile__takes_kinds_that_changed(void **state)
{
	const struct match_row rows[] = {
		{ NULL,
		  { .subject = MATCH_SUBJECT_NAMESPACE_CHANGE,
		    .op = MATCH_OP_IN,
		    .namespace_kinds = 6 },
		  "when namespace change mask 0x6\n",
		  0 },
		{ NULL,
		  { .subject = MATCH_SUBJECT_NAMESPACE_CHANGE,
		    .op = MATCH_OP_NOT_IN,
		    .namespace_kinds = 1 },
		  "when not namespace change mask 0x1\n",
		  0 },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__takes_inodes_and_that_of_the_host),
		TEST(test_compile__takes_kinds_that_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
