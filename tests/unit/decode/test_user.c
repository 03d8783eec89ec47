/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "host/host.h"
#include "rows.h"
#include "tree.h"

static void test_run__rows(void **state)
{
	static const struct decode_row rows[] = {
		ROW("0", DECODE_OK, "root"),
		ROW("1000", DECODE_OK, "ann"),
		ROW("1001", DECODE_UNKNOWN, "1001"),
		ROW("4294967295", DECODE_UNKNOWN, "4294967295"), /* nobody is logged in */
		ROW("4294967296", DECODE_UNKNOWN, "4294967296"),
		ROW("-1", DECODE_UNKNOWN, "-1"),
		ROW("", -EINVAL, "'' is no decimal number"),
		ROW("root", -EINVAL, "'root' is no decimal number"),
	};
	struct decode_env env = { 0 };
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "etc/passwd",
		   "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n");
	assert_int_equal(host__open(tree.root, &env.host, NULL), 0);
	assert_rows("user", &env, rows, array_size(rows));
	host__close(env.host);
	tree_remove(&tree);
}

static void test_run__no_file(void **state)
{
	static const struct decode_row rows[] = { ROW("0", DECODE_UNKNOWN, "0") };
	struct decode_env env = { 0 };
	struct tree tree;

	(void)state;
	tree_make(&tree);
	assert_int_equal(host__open(tree.root, &env.host, NULL), 0);
	assert_rows("user", &env, rows, array_size(rows));
	host__close(env.host);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
		cmocka_unit_test(test_run__no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
