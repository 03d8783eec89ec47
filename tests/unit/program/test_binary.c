/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "program/binary.h"
#include "tree.h"

int symbol_one(int value);
int symbol_two(int value);

__attribute__((noinline)) int symbol_one(int value)
{
	__asm__ volatile("" ::: "memory");
	return value + 1;
}

__attribute__((noinline)) int symbol_two(int value)
{
	__asm__ volatile("" ::: "memory");
	return value + 2;
}

int symbol_weak(int value);

__attribute__((weak, noinline)) int symbol_weak(int value)
{
	__asm__ volatile("" ::: "memory");
	return value + 3;
}

/* DIR/NAME, which is this very test. */
static void link_elf(const struct tree *tree, const char *path)
{
	char self[PATH_MAX], to[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(len > 0);
	self[len] = '\0';
	snprintf(to, sizeof(to), "%s/%s", tree->root, path);
	assert_int_equal(symlink(self, to), 0);
}

static void set_path(const char *variable, const struct tree *tree)
{
	char dirs[256];

	snprintf(dirs, sizeof(dirs), "%s/shims::%s/bin", tree->root, tree->root);
	assert_int_equal(setenv(variable, dirs, 1), 0);
}

static void test_find__passes_over_scripts(void **state)
{
	char path[PATH_MAX], expected[PATH_MAX];
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "shims/sonde-tool", "#!/bin/sh\nexec real-tool\n");
	tree_mkdir(&tree, "bin");
	link_elf(&tree, "bin/sonde-tool");
	set_path("PATH", &tree);
	assert_int_equal(binary_find("sonde-tool", path, sizeof(path), NULL), 0);
	snprintf(expected, sizeof(expected), "%s/bin/sonde-tool", tree.root);
	assert_string_equal(path, expected);
	tree_remove(&tree);
}

static void test_find__libraries_by_their_own_list(void **state)
{
	char path[PATH_MAX];
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_mkdir(&tree, "bin");
	link_elf(&tree, "bin/libsonde-test.so.6");
	set_path("LD_LIBRARY_PATH", &tree);
	assert_int_equal(binary_find("libsonde-test.so.6", path, sizeof(path), NULL), 0);
	unsetenv("LD_LIBRARY_PATH");
	assert_int_equal(binary_find("libsonde-test.so.6", path, sizeof(path), NULL), -ENOENT);
	assert_int_equal(binary_find("libc.so.6", path, sizeof(path), NULL), 0);
	tree_remove(&tree);
}

static void test_find__says_where_it_looked(void **state)
{
	struct err err = ERR_INIT;
	char path[PATH_MAX];
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "shims/sonde-tool", "#!/bin/sh\n");
	set_path("PATH", &tree);
	assert_int_equal(binary_find("sonde-tool", path, sizeof(path), &err), -ENOENT);
	assert_non_null(strstr(
		err.text,
		"binary 'sonde-tool' was not found (only a script of that name); looked in "));
	assert_non_null(strstr(err.text, "/bin:/usr/bin:/usr/sbin; a whole path helps"));
	assert_int_equal(binary_find("./no/such", path, sizeof(path), &err), -ENOENT);
	assert_string_equal(err.text, "there is no file './no/such'");
	assert_int_equal(binary_find("/proc/self/status", path, sizeof(path), &err), -ENOEXEC);
	assert_string_equal(err.text, "'/proc/self/status' is not an ELF binary");
	err__done(&err);
	tree_remove(&tree);
}

static void test_functions__by_pattern(void **state)
{
	struct binary_symbols symbols;

	(void)state;
	assert_int_equal(binary_find_functions("/proc/self/exe", "symbol_one", &symbols, NULL), 0);
	assert_int_equal(symbols.offsets.len, 1);
	assert_true(symbols.offsets.items[0] > 0);
	binary_symbols__done(&symbols);
	assert_int_equal(binary_find_functions("/proc/self/exe", "symbol_weak", &symbols, NULL), 0);
	assert_int_equal(symbols.offsets.len, 1);
	binary_symbols__done(&symbols);
	assert_int_equal(binary_find_functions("/proc/self/exe", "symbol_*", &symbols, NULL), 0);
	assert_int_equal(symbols.offsets.len, 3);
	binary_symbols__done(&symbols);
	assert_int_equal(binary_find_functions("/proc/self/exe", "symbol_tw?", &symbols, NULL), 0);
	assert_int_equal(symbols.offsets.len, 1);
	binary_symbols__done(&symbols);
}

/* The C library has malloc in .dynsym, and other names twice, with different versions. */
static void test_functions__of_a_library(void **state)
{
	struct binary_symbols symbols;
	char path[PATH_MAX];

	(void)state;
	assert_int_equal(binary_find("libc.so.6", path, sizeof(path), NULL), 0);
	assert_int_equal(binary_find_functions(path, "malloc", &symbols, NULL), 0);
	assert_int_equal(symbols.offsets.len, 1);
	binary_symbols__done(&symbols);
}

static void test_functions__that_are_not_there(void **state)
{
	struct binary_symbols symbols;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(binary_find_functions("/proc/self/exe", "sonde_no_such", &symbols, &err),
			 -ENOENT);
	assert_string_equal(
		err.text,
		"no function of '/proc/self/exe' matches 'sonde_no_such'; is it stripped, or "
		"the name mangled?");
	assert_int_equal(binary_find_functions("/proc/self/status", "x", &symbols, &err), -ENOEXEC);
	assert_int_equal(binary_find_functions("/no/such", "x", &symbols, &err), -ENOENT);
	err__done(&err);
}

/* What the headers call an address is where the symbol is in memory, but for what the loader added. */
static void test_find_address__where_it_is_in_the_file(void **state)
{
	struct binary_symbols symbols;
	struct err err = ERR_INIT;
	uint64_t offset, found = 0;

	(void)state;
	assert_int_equal(binary_find_functions("/proc/self/exe", "symbol_one", &symbols, NULL), 0);
	/* Code is in the file as it is in memory, up to whole pages: one of the near addresses is its. */
	for (uint64_t moved = 0; moved < 16 * 4096 && !found; moved += 4096)
		if (binary_find_address("/proc/self/exe", symbols.offsets.items[0] + moved, &offset,
					NULL) == 0 &&
		    offset == symbols.offsets.items[0])
			found = symbols.offsets.items[0] + moved;
	assert_true(found > 0);
	assert_int_equal(binary_find_address("/proc/self/exe", UINT64_MAX, &offset, &err), -ENOENT);
	assert_non_null(strstr(err.text, "that is executed"));
	err__done(&err);
	binary_symbols__done(&symbols);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__passes_over_scripts),
		cmocka_unit_test(test_find__libraries_by_their_own_list),
		cmocka_unit_test(test_find__says_where_it_looked),
		cmocka_unit_test(test_functions__by_pattern),
		cmocka_unit_test(test_functions__of_a_library),
		cmocka_unit_test(test_functions__that_are_not_there),
		cmocka_unit_test(test_find_address__where_it_is_in_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
