/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "host/host.h"
#include "rows.h"
#include "tree.h"

static void test_run__rows(void **state)
{
	struct decode_env env = { 0 };
	char known[32];
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/self/mountinfo", "50 23 0:38 / /cgroup rw - cgroup2 cgroup2 rw\n");
	(void)snprintf(known, sizeof(known), "%lu", tree_mkdir(&tree, "cgroup/a.slice"));
	assert_int_equal(host__open(tree.root, &env.host, NULL), 0);
	{
		const struct decode_row rows[] = {
			{ known, strlen(known), DECODE_OK, "/cgroup/a.slice" },
			ROW("88888888888", DECODE_UNKNOWN, "unknown_cgroup_id:88888888888"),
			ROW("0", DECODE_UNKNOWN, "unknown_cgroup_id:0"),
			ROW("-1", DECODE_UNKNOWN, "unknown_cgroup_id:-1"),
			ROW("9223372036854775807", DECODE_UNKNOWN,
			    "unknown_cgroup_id:9223372036854775807"),
			ROW("9223372036854775808", -ERANGE, "does not fit a signed 64-bit number"),
			ROW("", -EINVAL, "'' is no decimal number"),
			ROW("\x01\0\0\0\0\0\0\0", -EINVAL, "put 'uint' before this decoder"),
		};

		assert_rows("cgroup", &env, rows, array_size(rows));
	}
	host__close(env.host);
	tree_remove(&tree);
}

/* Numbers are better than no rows. */
static void test_run__no_hierarchy(void **state)
{
	static const struct decode_row rows[] = {
		ROW("1", DECODE_UNKNOWN, "unknown_cgroup_id:1"),
	};
	struct decode_env env = { 0 };
	struct tree tree;

	(void)state;
	tree_make(&tree);
	assert_int_equal(host__open(tree.root, &env.host, NULL), 0);
	assert_rows("cgroup", &env, rows, array_size(rows));
	host__close(env.host);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
		cmocka_unit_test(test_run__no_hierarchy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
