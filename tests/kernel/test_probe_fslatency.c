/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe probes/fslatency: a known number of calls of each kind on a file system that is a child's alone, a ramfs in
 * a mount namespace of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define ROUNDS 100
#define READS_OF_A_ROUND 5
#define WRITES_OF_A_ROUND 5
#define SYNCS_OF_A_ROUND 2
#define OPENS_OF_A_ROUND 2
#define CHILD_CANNOT_MOUNT 77
#define CALLS(what, operation)                                                                     \
	"ebpf_exporter_file_system_latency_seconds_" what                                          \
	"{file_system=\"ramfs\",operation=\"" operation "\"}"

static void expect(bool is_right, int line)
{
	if (is_right)
		return;
	fprintf(stderr, "# line %d: %s\n", line, strerror(errno));
	_exit(1);
}

#define EXPECT(condition) expect(condition, __LINE__)

/* Every call that is counted, once (opening twice), and some that are not. */
static void play_round(const char *path)
{
	char byte = 'x';
	struct iovec vector = { .iov_base = &byte, .iov_len = 1 };
	int fd = open(path, O_RDWR | O_CLOEXEC), pipes[2];

	EXPECT(fd >= 0);
	EXPECT(write(fd, &byte, 1) == 1);
	EXPECT(pwrite(fd, &byte, 1, 0) == 1);
	EXPECT(writev(fd, &vector, 1) == 1);
	EXPECT(pwritev(fd, &vector, 1, 0) == 1);
	EXPECT(syscall(SYS_pwritev2, fd, &vector, 1, 0, 0, 0) == 1);
	EXPECT(fsync(fd) == 0 && fdatasync(fd) == 0);
	EXPECT(read(fd, &byte, 1) >= 0);
	EXPECT(pread(fd, &byte, 1, 0) == 1);
	EXPECT(readv(fd, &vector, 1) >= 0);
	EXPECT(preadv(fd, &vector, 1, 0) == 1);
	EXPECT(syscall(SYS_preadv2, fd, &vector, 1, 0, 0, 0) == 1);
	close(fd);
#ifdef SYS_open
	fd = (int)syscall(SYS_open, path, O_RDONLY | O_CLOEXEC);
#else
	fd = open(path, O_RDONLY | O_CLOEXEC);
#endif
	EXPECT(fd >= 0);
	close(fd);

	EXPECT(open("not-there", O_RDONLY | O_CLOEXEC) < 0);
	fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	EXPECT(fd >= 0);
	close(fd);
	EXPECT(pipe2(pipes, O_CLOEXEC) == 0);
	EXPECT(write(pipes[1], &byte, 1) == 1 && read(pipes[0], &byte, 1) == 1);
	close(pipes[0]);
	close(pipes[1]);
}

/* Exits with 0, CHILD_CANNOT_MOUNT, or 1 and a line that says where. */
static void run_child(const char *dir)
{
	int fd;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", dir, "ramfs", 0, NULL) < 0)
		_exit(CHILD_CANNOT_MOUNT);
	EXPECT(chdir(dir) == 0);
	/* The one that makes the file is an open, too. */
	fd = open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	EXPECT(fd >= 0);
	close(fd);
	for (int i = 0; i < ROUNDS; i++)
		play_round("file");
	_exit(0);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void test_observe__calls_on_a_file_system_of_our_own(void **state)
{
	char dir[] = "sonde-fslatency.XXXXXX";
	struct probe probe;
	double begin, took, sum;
	int status;
	pid_t child;

	(void)state;
	assert_non_null(mkdtemp(dir));
	probe__begin(&probe, "fslatency");
	begin = seconds();
	child = fork();
	if (child == 0)
		run_child(dir);
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	took = seconds() - begin;
	probe__end(&probe);
	assert_int_equal(rmdir(dir), 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_CANNOT_MOUNT) {
		probe__done(&probe);
		printf("# skip: no mount namespace with a ramfs is to be had here\n");
		skip();
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);

	probe__assert_moved(&probe, CALLS("count", "read"), ROUNDS * READS_OF_A_ROUND);
	probe__assert_moved(&probe, CALLS("count", "write"), ROUNDS * WRITES_OF_A_ROUND);
	probe__assert_moved(&probe, CALLS("count", "sync"), ROUNDS * SYNCS_OF_A_ROUND);
	probe__assert_moved(&probe, CALLS("count", "open"), ROUNDS * OPENS_OF_A_ROUND + 1);
	/* They were made one after the other; elsewhere, others may have file systems of that kind. */
	sum = probe__moved(&probe, CALLS("sum", "read")) +
	      probe__moved(&probe, CALLS("sum", "write")) +
	      probe__moved(&probe, CALLS("sum", "sync")) +
	      probe__moved(&probe, CALLS("sum", "open"));
	if (sum <= 0 || (getenv("SONDE_IN_VM") && sum > took))
		fail_msg("%g s in calls, where all of it took %g s", sum, took);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_observe__calls_on_a_file_system_of_our_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
