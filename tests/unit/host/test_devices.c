/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "host/devices.h"
#include "tree.h"

#define PARTITIONS                                                                                 \
	"major minor  #blocks  name\n\n"                                                           \
	"   8        0  976762584 sda\n"                                                           \
	"   8       16  976762584 sdb\n"                                                           \
	" 259        0  500107608 nvme0n1\n"

static char name[32];

static int find(struct device_list *list, const struct tree *tree, uint32_t major, uint32_t minor)
{
	return device_list__find(list, tree->fd, major, minor, name, sizeof(name));
}

static void test_find__names(void **state)
{
	struct device_list list;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/partitions", PARTITIONS);
	device_list__init(&list);
	assert_int_equal(find(&list, &tree, 8, 0), 3);
	assert_string_equal(name, "sda");
	assert_int_equal(find(&list, &tree, 8, 16), 3);
	assert_string_equal(name, "sdb");
	assert_int_equal(find(&list, &tree, 259, 0), 7);
	assert_string_equal(name, "nvme0n1");
	assert_int_equal(find(&list, &tree, 136, 16), -ENOENT);
	assert_int_equal(device_list__find(&list, tree.fd, 8, 0, name, 3), -ENOBUFS);
	device_list__done(&list);
	tree_remove(&tree);
}

static void test_find__new_device(void **state)
{
	struct device_list list;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/partitions", PARTITIONS);
	device_list__init(&list);
	assert_int_equal(find(&list, &tree, 8, 0), 3);
	tree_append(&tree, "proc/partitions", "   8       32     100 sdc\n");
	assert_int_equal(find(&list, &tree, 8, 32), 3);
	assert_string_equal(name, "sdc");
	/* Not read a third time in the same moment: what is known stays. */
	assert_int_equal(find(&list, &tree, 8, 48), -ENOENT);
	assert_int_equal(find(&list, &tree, 8, 32), 3);
	device_list__done(&list);
	tree_remove(&tree);
}

static void test_find__odd_lines(void **state)
{
	struct device_list list;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/partitions",
		   "8\n8 1\n8 1 5\nx y z sdx\n4294967296 1 5 sdy\n-8 0 1 sdz\n"
		   "8 2 5 a_name_that_no_device_of_this_kernel_can_have\n8 3 5 last");
	device_list__init(&list);
	assert_int_equal(find(&list, &tree, 8, 1), -ENOENT);
	assert_int_equal(find(&list, &tree, 0, 1), -ENOENT);
	assert_int_equal(find(&list, &tree, 8, 2), -ENOENT);
	assert_int_equal(find(&list, &tree, 8, 3), 4);
	assert_string_equal(name, "last");
	device_list__done(&list);
	tree_remove(&tree);
}

static void test_find__no_file(void **state)
{
	struct device_list list;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_mkdir(&tree, "proc");
	device_list__init(&list);
	/* Not -ENOENT, which would be a device that is not there. */
	assert_int_equal(find(&list, &tree, 8, 0), -ENODATA);
	tree_mkdir(&tree, "proc/partitions");
	assert_int_equal(find(&list, &tree, 8, 0), -EISDIR);
	assert_int_equal(find(&list, &tree, 8, 0), -EISDIR);
	device_list__done(&list);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__names),
		cmocka_unit_test(test_find__new_device),
		cmocka_unit_test(test_find__odd_lines),
		cmocka_unit_test(test_find__no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
