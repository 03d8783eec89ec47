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

static const struct decode_row rows[] = {
	ROW("\x00\x08\x00\x00", DECODE_OK, "sda"),
	ROW("\x10\x08\x00\x00", DECODE_OK, "sdb"),
	ROW("\x10\x88\x00\x00", DECODE_UNKNOWN, "unknown:136:16"),
	ROW("\xff\x03\xf1\xff", DECODE_OK, "nvme9n9"), /* the highest minor: bits on both sides */
	ROW("\x00\x08\x00\x00\xff\xff", DECODE_OK, "sda"), /* the first four bytes */
	ROW("\0\0\0\0", DECODE_UNKNOWN, "unknown:0:0"),
	ROW("\x00\x08\x00", -EINVAL, "decoder 'majorminor' got 3 bytes; it takes at least 4"),
	ROW("", -EINVAL, "got 0 bytes"),
};

static void test_run__rows(void **state)
{
	struct decode_env env = { 0 };
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/partitions",
		   "major minor  #blocks  name\n\n   8        0  976762584 sda\n"
		   "   8       16  976762584 sdb\n 259   1048575  1000 nvme9n9\n");
	assert_int_equal(host__open(tree.root, &env.host, NULL), 0);
	assert_rows("majorminor", &env, rows, array_size(rows));
	host__close(env.host);
	tree_remove(&tree);
}

static void test_run__no_file(void **state)
{
	static const struct decode_row none[] = {
		ROW("\x00\x08\x00\x00", -ENODATA, "cannot read the list of block devices"),
	};
	struct decode_env env = { 0 };
	struct tree tree;

	(void)state;
	tree_make(&tree);
	assert_int_equal(host__open(tree.root, &env.host, NULL), 0);
	assert_rows("majorminor", &env, none, array_size(none));
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
