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
#include <sys/wait.h>
#include <unistd.h>

#include "memory_cgroup.h"
#include "probe.h"

#define PAGES 1000
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

static void test_count__a_child_that_wants_too_much_memory(void **state)
{
	struct memory_cgroup group;
	struct probe probe;
	int status;

	(void)state;
	if (!memory_cgroup__make(&group)) {
		printf("# skip: no cgroup with a limit of memory can be made here: %s\n",
		       strerror(errno));
		skip();
	}
	probe__begin(&probe, "pagefaults");
	status = memory_cgroup__overrun(&group);
	probe__end(&probe);
	memory_cgroup__remove(&group);

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
