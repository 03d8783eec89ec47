/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/mem.h"
#include "program/container_binary.h"

static void test_is_library__by_name(void **state)
{
	static const struct {
		const char *file, *wanted;
		bool is_it;
	} rows[] = {
		{ "libc.so.6", "libc", true },
		{ "libc.so", "libc", true },
		{ "libc.musl-x86_64.so.1", "libc", true },
		{ "libcrypt.so.1", "libc", false },
		{ "libc-2.36.so", "libc", false },
		{ "libc", "libc", false },
		{ "libssl.so.3", "libssl.so.3", true },
		{ "libssl.so.3.0", "libssl.so.3", true },
		{ "libssl.so.30", "libssl.so.3", false },
		{ "libssl.so.1.1", "libssl.so", true },
		{ "libssl.so.1.1", "libssl.so.3", false },
		{ "", "libc", false },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		assert_int_equal(container_binary_is_library(rows[i].file, rows[i].wanted),
				 rows[i].is_it);
}

/* ---- a root directory; this test itself is the binary ---- */

struct root {
	int fd;
};

static void copy_own(int root_fd, const char *path)
{
	char buffer[4096];
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = openat(root_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	ssize_t got = read(from, buffer, sizeof(buffer));

	assert_true(from >= 0 && to >= 0 && got > 0);
	assert_int_equal(fd_write_all(to, buffer, (size_t)got), 0);
	(void)close(from);
	(void)close(to);
}

static struct root make_root(void)
{
	char path[] = "root.XXXXXX";
	struct root root = { .fd = -1 };

	assert_non_null(mkdtemp(path));
	root.fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(root.fd >= 0);
	assert_int_equal(mkdirat(root.fd, "usr", 0755), 0);
	assert_int_equal(mkdirat(root.fd, "usr/lib", 0755), 0);
	assert_int_equal(mkdirat(root.fd, "bin", 0755), 0);
	return root;
}

static bool is_found(const struct root *root, const char *name, const char *path)
{
	__cleanup(fd_closep) int fd = container_binary_open(root->fd, name, NULL);
	struct stat found, wanted;

	if (!path) {
		assert_int_equal(fd, -ENOENT);
		fd = -1;
		return true;
	}
	return fd >= 0 && fstat(fd, &found) == 0 && fstatat(root->fd, path, &wanted, 0) == 0 &&
	       found.st_ino == wanted.st_ino;
}

static void test_open__library_and_program(void **state)
{
	struct root root = make_root();

	(void)state;
	copy_own(root.fd, "usr/lib/libthing.so.2");
	copy_own(root.fd, "usr/lib/libthing.so.1");
	copy_own(root.fd, "bin/thing");
	assert_true(is_found(&root, "libthing", "usr/lib/libthing.so.1"));
	assert_true(is_found(&root, "libthing.so.2", "usr/lib/libthing.so.2"));
	assert_true(is_found(&root, "thing", "bin/thing"));
	assert_true(is_found(&root, "/bin/thing", "bin/thing"));
	assert_true(is_found(&root, "other", NULL));
	(void)close(root.fd);
}

/* An absolute link is one from the container's root, and .. does not lead out of it. */
static void test_open__links_stay_inside(void **state)
{
	struct root root = make_root();

	(void)state;
	copy_own(root.fd, "bin/thing");
	assert_int_equal(symlinkat("/bin/thing", root.fd, "usr/lib/libthing.so"), 0);
	assert_int_equal(symlinkat("../../../../../../bin/sh", root.fd, "usr/lib/libsh.so"), 0);
	assert_int_equal(symlinkat("/proc/self/exe", root.fd, "usr/lib/libmagic.so"), 0);
	assert_true(is_found(&root, "libthing", "bin/thing"));
	assert_true(is_found(&root, "libsh", NULL));
	assert_true(is_found(&root, "libmagic", NULL));
	assert_true(is_found(&root, "../../../../../../../bin/sh", NULL));
	(void)close(root.fd);
}

/* A pipe would block whoever opens it, a script and a directory are no binaries. */
static void test_open__what_is_no_binary(void **state)
{
	struct root root = make_root();
	int fd;

	(void)state;
	assert_int_equal(mkfifoat(root.fd, "usr/lib/libpipe.so", 0644), 0);
	assert_int_equal(mkdirat(root.fd, "usr/lib/libdir.so", 0755), 0);
	fd = openat(root.fd, "usr/lib/libscript.so", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_int_equal(fd_write_all(fd, "#!/bin/sh\n", 10), 0);
	(void)close(fd);
	assert_int_equal(symlinkat("libloop.so", root.fd, "usr/lib/libloop.so"), 0);
	assert_true(is_found(&root, "libpipe", NULL));
	assert_true(is_found(&root, "libdir", NULL));
	assert_true(is_found(&root, "libscript", NULL));
	assert_true(is_found(&root, "/usr/lib/libloop.so", NULL));
	(void)close(root.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_library__by_name),
		cmocka_unit_test(test_open__library_and_program),
		cmocka_unit_test(test_open__links_stay_inside),
		cmocka_unit_test(test_open__what_is_no_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
