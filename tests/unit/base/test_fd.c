/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

struct fixture {
	char path[32]; /* a directory of our own */
	int dir_fd;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	strncpy(fixture->path, "/tmp/sonde-fd-XXXXXX", sizeof(fixture->path) - 1);
	if (!mkdtemp(fixture->path))
		return -1;
	fixture->dir_fd = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = fixture;
	return fixture->dir_fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	(void)unlinkat(fixture->dir_fd, "file", 0);
	close(fixture->dir_fd);
	rmdir(fixture->path);
	free(fixture);
	return 0;
}

static void write_file(struct fixture *fixture, const void *bytes, size_t len)
{
	int fd = openat(fixture->dir_fd, "file", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, bytes, len), 0);
	close(fd);
}

static void test_open_read__sets_cloexec(void **state)
{
	struct fixture *fixture = *state;
	int fd;

	write_file(fixture, "x", 1);
	fd = fd_open_read(fixture->dir_fd, "file");
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_int_equal(fd_open_read(fixture->dir_fd, "absent"), -ENOENT);
}

static void test_closep__keeps_errno_and_leaves_minus_one(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int number = fd;

	(void)state;
	errno = EPROTO;
	fd_closep(&fd);
	assert_int_equal(fd, -1);
	assert_int_equal(fcntl(number, F_GETFD), -1);
	errno = EPROTO;
	fd_closep(&fd);
	assert_int_equal(errno, EPROTO);
}

static void test_take__leaves_minus_one(void **state)
{
	int fd = 17;

	(void)state;
	assert_int_equal(take_fd(fd), 17);
	assert_int_equal(fd, -1);
}

static void test_read_all__gives_the_bytes_and_a_nul(void **state)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 8191, 8192, 100000 };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *bytes = malloc(sizes[i] + 1);
		char *text = NULL;
		size_t len = 99;

		for (size_t k = 0; k < sizes[i]; k++)
			bytes[k] = (char)(k * 7);
		write_file(fixture, bytes, sizes[i]);
		assert_int_equal(fd_read_all(fixture->dir_fd, "file", 1 << 20, &text, &len), 0);
		assert_int_equal(len, sizes[i]);
		assert_memory_equal(text, bytes, len);
		assert_int_equal(text[len], 0);
		free(text);
		free(bytes);
	}
}

static void test_read_all__is_bounded(void **state)
{
	struct fixture *fixture = *state;
	char *text = NULL;
	size_t len;

	write_file(fixture, "0123456789", 10);
	assert_int_equal(fd_read_all(fixture->dir_fd, "file", 9, &text, &len), -EFBIG);
	assert_null(text);
	assert_int_equal(fd_read_all(fixture->dir_fd, "file", 10, &text, NULL), 0);
	assert_string_equal(text, "0123456789");
	free(text);
	assert_int_equal(fd_read_all(fixture->dir_fd, "file", SIZE_MAX, &text, &len), 0);
	free(text);
	assert_int_equal(fd_read_all(AT_FDCWD, "/dev/zero", 100000, &text, &len), -EFBIG);
	assert_int_equal(fd_read_all(fixture->dir_fd, "file", 0, &text, &len), -EFBIG);
}

static void test_read_all__reads_proc_files_that_have_no_size(void **state)
{
	char *text = NULL;
	size_t len;

	(void)state;
	assert_int_equal(fd_read_all(AT_FDCWD, "/proc/self/status", 1 << 20, &text, &len), 0);
	assert_true(len > 0);
	assert_non_null(strstr(text, "Pid:"));
	free(text);
}

static void test_read_all__forwards_errors(void **state)
{
	struct fixture *fixture = *state;
	char *text = NULL;
	size_t len;

	assert_int_equal(fd_read_all(fixture->dir_fd, "absent", 10, &text, &len), -ENOENT);
	assert_int_equal(fd_read_all(fixture->dir_fd, ".", 10, &text, &len), -EISDIR);
	assert_null(text);
}

static void test_read_small__terminates_and_cuts(void **state)
{
	struct fixture *fixture = *state;
	char buf[5];

	write_file(fixture, "0123456789", 10);
	assert_int_equal(fd_read_small(fixture->dir_fd, "file", buf, sizeof(buf)), 4);
	assert_string_equal(buf, "0123");
	assert_int_equal(fd_read_small(fixture->dir_fd, "file", buf, 1), 0);
	assert_string_equal(buf, "");
	assert_int_equal(fd_read_small(fixture->dir_fd, "file", buf, 0), -EINVAL);
	assert_int_equal(fd_read_small(fixture->dir_fd, "absent", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(fd_read_small(fixture->dir_fd, ".", buf, sizeof(buf)), -EISDIR);
}

static void test_write_all__forwards_errors(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(fd_write_all(fd, "x", 1), -EBADF);
	assert_int_equal(fd_write_all(fd, NULL, 0), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_open_read__sets_cloexec, set_up, tear_down),
		cmocka_unit_test(test_closep__keeps_errno_and_leaves_minus_one),
		cmocka_unit_test(test_take__leaves_minus_one),
		cmocka_unit_test_setup_teardown(test_read_all__gives_the_bytes_and_a_nul, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_read_all__is_bounded, set_up, tear_down),
		cmocka_unit_test(test_read_all__reads_proc_files_that_have_no_size),
		cmocka_unit_test_setup_teardown(test_read_all__forwards_errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_read_small__terminates_and_cuts, set_up,
						tear_down),
		cmocka_unit_test(test_write_all__forwards_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
