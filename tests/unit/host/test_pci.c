/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "host/pci.h"
#include "tree.h"

#define HWDATA "usr/share/hwdata/pci.ids"
#define MISC "usr/share/misc/pci.ids"

static struct pci_names *open_names(const struct tree *tree)
{
	struct pci_names *names = NULL;

	(void)pci_names__open(tree->fd, &names, NULL);
	return names;
}

/* The vendor 1 of whatever file is chosen: each says where it lies. */
static void assert_chosen(const struct tree *tree, const char *place)
{
	struct pci_names *names = open_names(tree);

	assert_non_null(names);
	assert_string_equal(pci_names__find_vendor(names, 1), place);
	pci_names__close(names);
}

static void test_open__order_of_files(void **state)
{
	struct tree tree;

	(void)state;
	unsetenv("PCIDB_PATH");
	setenv("HOME", "/home/somebody", 1);
	tree_make(&tree);
	assert_null(open_names(&tree));
	/* ebpf_exporter asks for the shared files before it looks at the others. */
	tree_write(&tree, "home/somebody/.cache/pci.ids", "0001  cache\n");
	tree_write(&tree, "named.ids", "0001  named\n");
	assert_null(open_names(&tree));
	tree_write(&tree, MISC, "0001  misc\n");
	assert_chosen(&tree, "cache");
	setenv("HOME", "/nowhere", 1);
	assert_chosen(&tree, "misc");
	tree_write(&tree, HWDATA, "0001  hwdata\n");
	assert_chosen(&tree, "hwdata");
	unsetenv("HOME");
	assert_chosen(&tree, "hwdata");
	setenv("PCIDB_PATH", "/named.ids", 1);
	assert_chosen(&tree, "named");
	setenv("PCIDB_PATH", "/missing.ids", 1);
	assert_chosen(&tree, "hwdata");
	unsetenv("PCIDB_PATH");
	tree_remove(&tree);
}

static void test_find__kinds_do_not_mix(void **state)
{
	struct pci_names *names;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, MISC,
		   "\t0009  an orphan\n"
		   "0001  vendor\n"
		   "\t0002  device\n"
		   "\t\t0001 0002  subsystem\n"
		   "\t0003  a  name   with blanks \n"
		   "C 01  class\n"
		   "\t02  subclass\n"
		   "\t\t03  interface\n"
		   "S 0004  another list\n"
		   "\t0005  of it\n"
		   "0001  the same vendor again\n"
		   "00g1  no number\n"
		   "0006 one blank\n"
		   "00");
	names = open_names(&tree);
	assert_string_equal(pci_names__find_vendor(names, 1), "the same vendor again");
	assert_string_equal(pci_names__find_device(names, 1, 2), "device");
	assert_string_equal(pci_names__find_device(names, 1, 3), "a  name   with blanks ");
	assert_string_equal(pci_names__find_class(names, 1), "class");
	assert_string_equal(pci_names__find_subclass(names, 1, 2), "subclass");
	assert_null(pci_names__find_vendor(names, 2));
	assert_null(pci_names__find_vendor(names, 4));
	assert_null(pci_names__find_vendor(names, 6));
	assert_null(pci_names__find_device(names, 0, 9));
	assert_null(pci_names__find_device(names, 1, 5));
	assert_null(pci_names__find_class(names, 2));
	assert_null(pci_names__find_subclass(names, 1, 3));
	pci_names__close(names);
	tree_remove(&tree);
}

static void test_open__empty_file(void **state)
{
	struct pci_names *names;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, MISC, "");
	names = open_names(&tree);
	assert_non_null(names);
	assert_null(pci_names__find_vendor(names, 0));
	pci_names__close(names);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open__order_of_files),
		cmocka_unit_test(test_find__kinds_do_not_mix),
		cmocka_unit_test(test_open__empty_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
