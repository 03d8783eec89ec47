/* SPDX-License-Identifier: Apache-2.0 */
/* The probe probes/syscalls: calls that hardly anybody makes, made a known number of times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define CALLS 1000
#define FAILURES 37
/* Neighbours that a test has no other use for, io_uring_setup() to pidfd_open(): the same numbers everywhere. */
#define FIRST_MADE_UP 425
#define MADE_UP_CALLS 10
#define MADE_UP_ERRORS 511
#define MADE_UP_ROUNDS 2
#define CANNOT_MAKE_UP 77
#define ERRORS "ebpf_exporter_syscall_errors_total"

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
	probe__done(&probe);
}

/* From here on the calls of that range return the error that their first argument says. */
static bool make_up_errors(void)
{
	struct sock_filter instructions[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_MADE_UP, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_MADE_UP + MADE_UP_CALLS, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x1ff),
		BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog filter = { .len = sizeof(instructions) / sizeof(instructions[0]),
				     .filter = instructions };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static void fail_in_many_ways(void)
{
	if (!make_up_errors())
		_exit(CANNOT_MAKE_UP);
	for (int round = 0; round < MADE_UP_ROUNDS; round++)
		for (int call = 0; call < MADE_UP_CALLS; call++)
			for (int error = 1; error <= MADE_UP_ERRORS; error++)
				if (syscall(FIRST_MADE_UP + call, error) != -1 || errno != error)
					_exit(1);
	_exit(0);
}

/* More pairs of call and error than the map has room for. */
static void test_overflow__errors_without_room(void **state)
{
	static const char *const calls[MADE_UP_CALLS] = {
		"io_uring_setup", "io_uring_enter", "io_uring_register", "open_tree", "move_mount",
		"fsopen",         "fsconfig",       "fsmount",           "fspick",    "pidfd_open",
	};
	const double made = (double)MADE_UP_ROUNDS * MADE_UP_CALLS * MADE_UP_ERRORS;
	struct probe probe;
	double counted, overflowed;
	int status;
	pid_t child;

	(void)state;
	probe__begin(&probe, "syscalls");
	child = fork();
	if (child == 0)
		fail_in_many_ways();
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	probe__end(&probe);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_MAKE_UP) {
		probe__done(&probe);
		printf("# skip: no seccomp filter can be set here\n");
		skip();
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);

	overflowed = probe__moved(&probe,
				  ERRORS "{errno=\"__overflow__\",syscall=\"__overflow__\"}");
	counted = overflowed;
	for (int i = 0; i < MADE_UP_CALLS; i++) {
		char label[64];

		snprintf(label, sizeof(label), "syscall=\"%s\"", calls[i]);
		counted += probe__moved_with(&probe, ERRORS, label);
	}
	assert_true(overflowed > 0);
	if (counted + probe__missed(&probe) < made || (getenv("SONDE_IN_VM") && counted > made))
		fail_msg("%g errors counted, %g of them in the overflow, where %g were made",
			 counted, overflowed, made);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count__calls_and_errors_by_name),
		cmocka_unit_test(test_overflow__errors_without_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
