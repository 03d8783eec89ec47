/* SPDX-License-Identifier: Apache-2.0 */
/* The probe probes/syscalls: calls that hardly anybody makes, made a known number of times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

#define CALLS 1000
#define FAILURES 37

static void test_count__calls_and_errors_by_name(void **state)
{
	struct probe probe;

	(void)state;
	probe__begin(&probe, "syscalls");
	for (int i = 0; i < CALLS; i++)
		(void)syscall(SYS_sched_get_priority_min, 1);
	for (int i = 0; i < FAILURES; i++)
		assert_int_equal(syscall(SYS_ioprio_set, 99, 0, 0), -1);
	for (int i = 0; i < FAILURES; i++)
		assert_int_equal(syscall(SYS_mlock2, 0, 4096, -1), -1);
	probe__end(&probe);

	probe__assert_moved(
		&probe, "ebpf_exporter_syscalls_total{syscall=\"sched_get_priority_min\"}", CALLS);
	probe__assert_moved(&probe, "ebpf_exporter_syscalls_total{syscall=\"ioprio_set\"}",
			    FAILURES);
	probe__assert_moved(
		&probe,
		"ebpf_exporter_syscall_errors_total{errno=\"EINVAL\",syscall=\"ioprio_set\"}",
		FAILURES);
	probe__assert_moved(
		&probe, "ebpf_exporter_syscall_errors_total{errno=\"EINVAL\",syscall=\"mlock2\"}",
		FAILURES);
	/* A call that went well is no error. */
	assert_int_equal(
		metrics_count(
			probe.after,
			"ebpf_exporter_syscall_errors_total{errno=\"EINVAL\",syscall=\"sched_get_priority_min\"}"),
		0);
	assert_true(metrics_value(probe.after, "ebpf_exporter_syscall_errors_uncounted_total") ==
		    0);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count__calls_and_errors_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
