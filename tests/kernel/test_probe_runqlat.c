/* SPDX-License-Identifier: Apache-2.0 */
/* The probe probes/runqlat: two processes that wake each other, and one that has to wait for a CPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define SERIES "ebpf_exporter_run_queue_latency_seconds"
#define UNMEASURED "ebpf_exporter_run_queue_unmeasured_total"
#define ROUND_TRIPS 2000
#define BUSY_MS 300

/* The first CPU that we may run on, for this process and its children. */
static void pin(void)
{
	cpu_set_t allowed, one;

	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		CPU_SET(cpu, &one);
		break;
	}
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
}

/* Sends every byte back. */
static pid_t start_echo(int from, int to)
{
	pid_t child = fork();
	char byte;

	if (child != 0)
		return child;
	while (read(from, &byte, 1) == 1)
		if (write(to, &byte, 1) != 1)
			break;
	_exit(0);
}

static void test_observe__one_wait_for_each_wake_up(void **state)
{
	int there[2], back[2];
	struct probe probe;
	pid_t echo;
	char byte = 0;

	(void)state;
	probe__begin(&probe, "runqlat");
	pin();
	assert_int_equal(pipe(there), 0);
	assert_int_equal(pipe(back), 0);
	echo = start_echo(there[0], back[1]);
	for (int i = 0; i < ROUND_TRIPS; i++) {
		assert_int_equal(write(there[1], &byte, 1), 1);
		assert_int_equal(read(back[0], &byte, 1), 1);
	}
	probe__end(&probe);
	kill(echo, SIGKILL);
	waitpid(echo, NULL, 0);

	/*
	 * Both are on one CPU, so each has to be switched to once in each round trip, and waited before: woken up, or
	 * preempted. The rest of the system adds its own, and may have thread ids that share a slot with ours.
	 */
	assert_true(probe__moved(&probe, SERIES "_count") + probe__moved(&probe, UNMEASURED) >=
		    2 * ROUND_TRIPS);
	assert_true(probe__moved(&probe, SERIES "_sum") > 0);
	assert_true(probe__moved(&probe, SERIES "_bucket{le=\"+Inf\"}") ==
		    probe__moved(&probe, SERIES "_count"));
	/* Elsewhere, thread ids of others may share a slot. */
	if (getenv("SONDE_IN_VM"))
		assert_true(metrics_value(probe.after, UNMEASURED) == 0);
	probe__done(&probe);
}

static double processor_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Wakes the echo while holding the CPU with a real-time priority: it cannot run before BUSY_MS are over. */
static void hold_cpu(int there)
{
	char byte = 0;
	double end;

	assert_int_equal(write(there, &byte, 1), 1);
	end = processor_ms() + BUSY_MS;
	while (processor_ms() < end)
		;
}

static void test_observe__a_long_wait(void **state)
{
	const struct sched_param realtime = { .sched_priority = 1 }, normal = { 0 };
	int there[2], back[2];
	double longer;
	struct probe probe;
	pid_t echo;
	char byte;

	(void)state;
	probe__begin(&probe, "runqlat");
	pin();
	assert_int_equal(pipe(there), 0);
	assert_int_equal(pipe(back), 0);
	echo = start_echo(there[0], back[1]);
	if (sched_setscheduler(0, SCHED_FIFO, &realtime) < 0) {
		kill(echo, SIGKILL);
		waitpid(echo, NULL, 0);
		probe__done(&probe);
		printf("# skip: no real-time priority is to be had here\n");
		skip();
	}
	hold_cpu(there[1]);
	assert_int_equal(sched_setscheduler(0, SCHED_OTHER, &normal), 0);
	assert_int_equal(read(back[0], &byte, 1), 1);
	probe__end(&probe);
	kill(echo, SIGKILL);
	waitpid(echo, NULL, 0);

	/* 2^18 us = 262 ms < BUSY_MS: the echo's wait is above it. The clocks of the two need not run quite alike. */
	longer = probe__moved(&probe, SERIES "_count") -
		 probe__moved(&probe, SERIES "_bucket{le=\"0.262144\"}");
	assert_true(longer >= 1);
	assert_true(probe__moved(&probe, SERIES "_sum") >= 0.262144);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_observe__one_wait_for_each_wake_up),
		cmocka_unit_test(test_observe__a_long_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
