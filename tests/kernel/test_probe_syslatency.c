/* SPDX-License-Identifier: Apache-2.0 */
/* The probe probes/syslatency: calls that hardly anybody makes, short ones, a long one, and one that never returns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define CALLS 1000
#define WAIT_MS 300
#define LATENCY(what, call) "ebpf_exporter_syscall_latency_seconds_" what "{syscall=\"" call "\"}"
/* 4^9 us = 262 ms < WAIT_MS */
#define SHORTER(call)                                                                              \
	"ebpf_exporter_syscall_latency_seconds_bucket{syscall=\"" call "\",le=\"0.262144\"}"

static void wait_for_nothing(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event;

	assert_true(fd >= 0);
	assert_int_equal(syscall(SYS_epoll_pwait, fd, &event, 1, WAIT_MS, NULL, 0), 0);
	close(fd);
}

static void test_observe__short_and_long_calls(void **state)
{
	struct probe probe;

	(void)state;
	probe__begin(&probe, "syslatency");
	for (int i = 0; i < CALLS; i++)
		(void)syscall(SYS_sched_get_priority_min, 1);
	wait_for_nothing();
	probe__end(&probe);

	probe__assert_moved(&probe, LATENCY("count", "sched_get_priority_min"), CALLS);
	probe__assert_moved(&probe, LATENCY("count", "epoll_pwait"), 1);
	probe__assert_moved(&probe, SHORTER("epoll_pwait"), 0);
	assert_true(probe__moved(&probe, LATENCY("count", "epoll_pwait")) -
			    probe__moved(&probe, SHORTER("epoll_pwait")) >=
		    1);
	assert_true(probe__moved(&probe, LATENCY("sum", "epoll_pwait")) >= WAIT_MS / 1e3);
	/* Elsewhere, there may be any number of threads. */
	if (getenv("SONDE_IN_VM"))
		assert_true(metrics_value(probe.after,
					  "ebpf_exporter_syscall_latency_unmeasured_total") == 0);
	probe__done(&probe);
}

static void test_observe__not_what_never_returns(void **state)
{
	struct probe probe;
	int status;
	pid_t child;

	(void)state;
	probe__begin(&probe, "syslatency");
	child = fork();
	if (child == 0) {
		(void)syscall(SYS_sched_get_priority_max, 1);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	probe__end(&probe);

	probe__assert_moved(&probe, LATENCY("count", "sched_get_priority_max"), 1);
	assert_int_equal(metrics_count(probe.after, LATENCY("count", "exit_group")), 0);
	/* Names that nobody called make no series. */
	if (getenv("SONDE_IN_VM"))
		assert_int_equal(metrics_count(probe.after, LATENCY("count", "mlock2")), 0);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_observe__short_and_long_calls),
		cmocka_unit_test(test_observe__not_what_never_returns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
