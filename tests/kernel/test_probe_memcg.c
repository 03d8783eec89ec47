/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe probes/memcg: a child that wants more memory than its cgroup may have, and one that is killed by hand, which
 * nobody may take for the kernel's doing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory_cgroup.h"
#include "probe.h"

#define OOM_KILLS "ebpf_exporter_cgroup_oom_kills_total"
#define RECLAIM "ebpf_exporter_cgroup_reclaim_latency_seconds"
#define PAGES "ebpf_exporter_cgroup_reclaimed_pages_total"

static void kill_a_child(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(1);
	}
	assert_true(child > 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
}

static void test_count__a_child_that_wants_too_much_memory(void **state)
{
	struct memory_cgroup group;
	struct probe probe;
	char label[512];
	double waited;
	int status;

	(void)state;
	if (!memory_cgroup__make(&group)) {
		printf("# skip: no cgroup with a limit of memory can be made here: %s\n",
		       strerror(errno));
		skip();
	}
	probe__begin(&probe, "memcg");
	kill_a_child();
	status = memory_cgroup__overrun(&group);
	probe__end(&probe);
	/* Without version 2 all processes are in its root. */
	snprintf(label, sizeof(label), "cgroup=\"%s\"",
		 group.name_dir[0] ? group.name_dir : "/sys/fs/cgroup/unified");
	memory_cgroup__remove(&group);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	/* Nobody else is in that cgroup. */
	assert_true(probe__moved_with(&probe, OOM_KILLS, label) == 1);
	assert_true(probe__moved_with(&probe, RECLAIM "_count", label) >= 1);
	waited = probe__moved_with(&probe, RECLAIM "_sum", label);
	assert_true(waited > 0);
	assert_true(probe__moved_with(&probe, PAGES, label) >= 0);
	assert_true(metrics_value(probe.after, "ebpf_exporter_cgroup_reclaim_unmeasured_total") ==
		    0);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count__a_child_that_wants_too_much_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
