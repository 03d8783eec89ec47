/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe probes/pagefaults: fresh pages that this process and the kernel for it touch, and a child that wants more
 * memory than its cgroup may have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define PAGES 1000
#define LIMIT "16777216"
#define WANTED (64u << 20)
#define FAULTS(mode) "ebpf_exporter_page_faults_total{mode=\"" mode "\"}"
#define RECLAIMS(what) "ebpf_exporter_reclaim_latency_seconds_" what "{reason=\"cgroup\"}"

static char *fresh_pages(size_t size)
{
	char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(pages != MAP_FAILED);
	assert_int_equal(madvise(pages, size, MADV_NOHUGEPAGE), 0);
	return pages;
}

static void test_count__faults_of_user_and_kernel(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char *touched, *filled;
	struct probe probe;

	(void)state;
	assert_true(zeros >= 0);
	probe__begin(&probe, "pagefaults");
	touched = fresh_pages(PAGES * page);
	filled = fresh_pages(PAGES * page);
	for (size_t i = 0; i < PAGES; i++) {
		*(volatile char *)(touched + i * page) = 1;
		/* The kernel writes there before anybody else did. */
		assert_int_equal(read(zeros, filled + i * page, 1), 1);
	}
	probe__end(&probe);
	munmap(touched, PAGES * page);
	munmap(filled, PAGES * page);
	close(zeros);

	/* The exporter and the kernel's other work have faults of their own: a lower bound everywhere. */
	assert_true(probe__moved(&probe, FAULTS("user")) >= PAGES);
	assert_true(probe__moved(&probe, FAULTS("kernel")) >= PAGES);
	probe__done(&probe);
}

static bool write_text(const char *dir, const char *file, const char *text)
{
	char path[256];
	bool is_written;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	is_written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return is_written;
}

/* A new cgroup of either version with LIMIT bytes; false when none is to be had. */
static bool make_cgroup(char *dir, size_t size)
{
	static const struct {
		const char *root;
		const char *limit;
		const char *swap, *swap_limit; /* not there without swap */
	} places[] = {
		{ "/sys/fs/cgroup", "memory.max", "memory.swap.max", "0" },
		{ "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes",
		  LIMIT },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		(void)write_text(places[i].root, "cgroup.subtree_control", "+memory");
		snprintf(dir, size, "%s/sonde-pagefaults-%d", places[i].root, (int)getpid());
		if (mkdir(dir, 0755) < 0)
			continue;
		if (write_text(dir, places[i].limit, LIMIT)) {
			(void)write_text(dir, places[i].swap, places[i].swap_limit);
			return true;
		}
		rmdir(dir);
	}
	return false;
}

/* Touches more than the cgroup may have. */
static void want_too_much(const char *dir)
{
	char *pages;

	if (!write_text(dir, "cgroup.procs", "0"))
		_exit(1);
	pages = mmap(NULL, WANTED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		_exit(2);
	for (size_t i = 0; i < WANTED; i += 4096)
		*(volatile char *)(pages + i) = 1;
	_exit(3);
}

static void test_count__a_child_that_wants_too_much_memory(void **state)
{
	struct probe probe;
	char dir[256];
	int status;
	pid_t child;

	(void)state;
	if (!make_cgroup(dir, sizeof(dir))) {
		printf("# skip: no cgroup with a limit of memory can be made here: %s\n",
		       strerror(errno));
		skip();
	}
	probe__begin(&probe, "pagefaults");
	child = fork();
	if (child == 0)
		want_too_much(dir);
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	probe__end(&probe);
	assert_int_equal(rmdir(dir), 0);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	probe__assert_moved(&probe, "ebpf_exporter_oom_kills_total", 1);
	assert_true(probe__moved(&probe, RECLAIMS("count")) >= 1);
	assert_true(probe__moved(&probe, RECLAIMS("sum")) > 0);
	assert_true(metrics_value(probe.after, "ebpf_exporter_reclaim_uncounted_total") == 0);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count__faults_of_user_and_kernel),
		cmocka_unit_test(test_count__a_child_that_wants_too_much_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
