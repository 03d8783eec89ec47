/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "program/vmlinux.h"
#include "tree.h"

struct fixture {
	struct tree tree;
	char types[128], cache[128];
};

/* Types with one struct of the given name. */
static void write_types(const struct fixture *fixture, const char *name)
{
	struct btf *btf = btf__new_empty();
	uint32_t len;
	const void *data;
	int fd;

	assert_int_equal(btf__add_int(btf, "int", 4, BTF_INT_SIGNED), 1);
	assert_int_equal(btf__add_struct(btf, name, 4), 2);
	assert_int_equal(btf__add_field(btf, "member", 1, 0, 0), 0);
	data = btf__raw_data(btf, &len);
	fd = open(fixture->types, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	close(fd);
	btf__free(btf);
}

static int set_up(void **state)
{
	static struct fixture fixture;

	tree_make(&fixture.tree);
	snprintf(fixture.types, sizeof(fixture.types), "%s/types", fixture.tree.root);
	snprintf(fixture.cache, sizeof(fixture.cache), "%s/cache/below", fixture.tree.root);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	tree_remove(&((struct fixture *)*state)->tree);
	return 0;
}

static char *read_header(const char *dir)
{
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *text;
	size_t len;

	assert_true(dir_fd >= 0);
	assert_int_equal(fd_read_all(dir_fd, "vmlinux.h", 1 << 20, &text, &len), 0);
	close(dir_fd);
	return text;
}

static void test_header__one_for_each_kernel(void **state)
{
	const struct fixture *fixture = *state;
	char first[PATH_MAX], again[PATH_MAX], second[PATH_MAX];
	char *text;

	write_types(fixture, "first_struct");
	assert_int_equal(vmlinux_header(fixture->types, fixture->cache, first, sizeof(first), NULL),
			 0);
	assert_int_equal(vmlinux_header(fixture->types, fixture->cache, again, sizeof(again), NULL),
			 0);
	assert_string_equal(first, again);
	write_types(fixture, "second_struct");
	assert_int_equal(
		vmlinux_header(fixture->types, fixture->cache, second, sizeof(second), NULL), 0);
	assert_string_not_equal(first, second);
	text = read_header(first);
	assert_non_null(strstr(text, "struct first_struct {\n\tint member;\n};"));
	assert_true(str_starts(text, "#ifndef __VMLINUX_H__\n"));
	assert_true(str_ends(text, "#endif\n"));
	free(text);
}

static void test_header__not_from_where_others_write(void **state)
{
	const struct fixture *fixture = *state;
	struct err err = ERR_INIT;
	char dir[PATH_MAX];

	write_types(fixture, "a");
	assert_int_equal(vmlinux_header(fixture->types, fixture->cache, dir, sizeof(dir), NULL), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(vmlinux_header(fixture->types, fixture->cache, dir, sizeof(dir), &err),
			 -EPERM);
	assert_non_null(strstr(err.text, "may be written by others; chmod 755"));
	err__done(&err);
}

static void test_header__types_that_cannot_be_read(void **state)
{
	const struct fixture *fixture = *state;
	struct err err = ERR_INIT;
	char dir[PATH_MAX];

	assert_int_equal(vmlinux_header(fixture->types, fixture->cache, dir, sizeof(dir), &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "cannot be read: No such file or directory"));
	tree_write(&fixture->tree, "types", "no types");
	assert_true(vmlinux_header(fixture->types, fixture->cache, dir, sizeof(dir), &err) < 0);
	err__done(&err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_header__one_for_each_kernel),
		TEST(test_header__not_from_where_others_write),
		TEST(test_header__types_that_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
