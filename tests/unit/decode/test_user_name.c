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
		ROW("\0\0\0\0", DECODE_OK, "root"),
		ROW("\xe8\x03\0\0", DECODE_OK, "ann"),
		ROW("\xe8\x03\0\0\0\0\0\0", DECODE_OK, "ann"),
		ROW("\xe9\x03\0\0", DECODE_UNKNOWN, "uid:1001"),
		ROW("\xff\xff\xff\xff", DECODE_UNKNOWN, "uid:4294967295"),
		ROW("\0\0\0\0\x01\0\0\0", DECODE_UNKNOWN, "uid:4294967296"),
		ROW("", -EINVAL, "got 0 bytes; it takes 1, 2, 4 or 8"),
	};
	struct decode_env env = { 0 };
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "etc/passwd",
		   "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n");
	assert_int_equal(host__open(tree.root, &env.host, NULL), 0);
	assert_rows("user_name", &env, rows, array_size(rows));
	host__close(env.host);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
