/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe probes/offcpu: children that sleep, stop, wait for a vfork and fight for a CPU, beside what the kernel itself
 * counts in /proc/stat. Its count from just after the first scrape until just before the second is what the probe has seen
 * at least; that from before the start until after the second, at most.
 */
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
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define ROUND_TRIPS 1000
#define AWAY_MS 300
#define BUSY_MS 300
#define UNMEASURED "ebpf_exporter_off_cpu_unmeasured_total"
#define SWITCHES(kind) "ebpf_exporter_context_switches_total{kind=\"" kind "\"}"
#define AWAY(what, state) "ebpf_exporter_off_cpu_seconds_" what "{state=\"" state "\"}"
/* 2^16 us = 66 ms: a busy machine may take the rest of AWAY_MS until one that is about to sleep does. */
#define AWAY_SHORTER(state)                                                                        \
	"ebpf_exporter_off_cpu_seconds_bucket{state=\"" state "\",le=\"0.065536\"}"

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

static double kernel_switches(void)
{
	FILE *file = fopen("/proc/stat", "re");
	char *line = NULL;
	size_t size = 0;
	double count = -1;

	assert_non_null(file);
	while (count < 0 && getline(&line, &size, file) > 0)
		if (strncmp(line, "ctxt ", 5) == 0)
			count = strtod(line + 5, NULL);
	free(line);
	fclose(file);
	assert_true(count >= 0);
	return count;
}

/* Sends every byte back, until there are no more. */
static pid_t start_echo(int from, int to, int other_end)
{
	pid_t child = fork();
	char byte;

	if (child != 0)
		return child;
	close(other_end);
	while (read(from, &byte, 1) == 1)
		if (write(to, &byte, 1) != 1)
			break;
	_exit(0);
}

/* How often the echo, and this process meanwhile, left the CPU because they had to wait. */
static double exchange_bytes(void)
{
	struct rusage echo_usage, before, after;
	int there[2], back[2], status;
	pid_t echo;
	char byte = 0;

	assert_int_equal(pipe(there), 0);
	assert_int_equal(pipe(back), 0);
	assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
	echo = start_echo(there[0], back[1], there[1]);
	for (int i = 0; i < ROUND_TRIPS; i++) {
		assert_int_equal(write(there[1], &byte, 1), 1);
		assert_int_equal(read(back[0], &byte, 1), 1);
	}
	close(there[1]);
	assert_int_equal(wait4(echo, &status, 0, &echo_usage), echo);
	assert_int_equal(status, 0);
	assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
	return (double)(echo_usage.ru_nvcsw + after.ru_nvcsw - before.ru_nvcsw);
}

static void test_count__context_switches(void **state)
{
	double before = kernel_switches(), inner, outer, moved, voluntary;
	struct probe probe;

	(void)state;
	probe__begin(&probe, "offcpu");
	pin();
	inner = kernel_switches();
	voluntary = exchange_bytes();
	inner = kernel_switches() - inner;
	probe__end(&probe);
	outer = kernel_switches() - before;

	moved = probe__moved(&probe, SWITCHES("voluntary")) +
		probe__moved(&probe, SWITCHES("involuntary")) +
		probe__moved(&probe, SWITCHES("from_idle"));
	if (moved < inner || moved > outer)
		fail_msg("%g switches, where the kernel counts %g to %g", moved, inner, outer);
	/* Whoever is preempted in the right moment need not wait in a round. */
	assert_true(voluntary > 0);
	assert_true(probe__moved(&probe, SWITCHES("voluntary")) >= voluntary);
	probe__done(&probe);
}

static void sleep_away(void)
{
	const struct timespec time = { .tv_nsec = AWAY_MS * 1000000L };

	assert_int_equal(nanosleep(&time, NULL), 0);
}

/* A child stops until it is told to go on. */
static void stop_child(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		raise(SIGSTOP);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	assert_true(WIFSTOPPED(status));
	sleep_away();
	assert_int_equal(kill(child, SIGCONT), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
}

/* Nothing but a fatal signal interrupts one that waits for its vfork()ed child. */
static void wait_for_vfork(void)
{
	const struct timespec time = { .tv_nsec = AWAY_MS * 1000000L };
	int status;
	pid_t child = vfork();

	if (child == 0) {
		nanosleep(&time, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
}

static double longer(const struct probe *probe, const char *count, const char *shorter)
{
	return probe__moved(probe, count) - probe__moved(probe, shorter);
}

static void test_observe__how_long_tasks_were_away(void **state)
{
	struct probe probe;

	(void)state;
	probe__begin(&probe, "offcpu");
	stop_child();
	wait_for_vfork();
	probe__end(&probe);

	/* Twice: ours, while the child was stopped, and the child's of vfork(). */
	assert_true(longer(&probe, AWAY("count", "sleep"), AWAY_SHORTER("sleep")) >= 2);
	assert_true(longer(&probe, AWAY("count", "disk_sleep"), AWAY_SHORTER("disk_sleep")) >= 1);
	assert_true(longer(&probe, AWAY("count", "stopped"), AWAY_SHORTER("stopped")) >= 1);
	/* We are told of a child that stops somewhat before it does. */
	assert_true(probe__moved(&probe, AWAY("sum", "stopped")) >= AWAY_MS / 2e3);
	/* Elsewhere, there may be any number of threads. */
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

/* Begins when the other end of the pipe is closed. */
static pid_t start_busy(const int *starts)
{
	pid_t child = fork();
	char byte;

	if (child != 0)
		return child;
	close(starts[1]);
	while (read(starts[0], &byte, 1) > 0)
		;
	while (processor_ms() < BUSY_MS)
		;
	_exit(0);
}

static void test_observe__two_that_want_one_cpu(void **state)
{
	struct rusage usage;
	int starts[2], status;
	double preempted = 0;
	struct probe probe;
	pid_t busy[2];

	(void)state;
	probe__begin(&probe, "offcpu");
	pin();
	assert_int_equal(pipe(starts), 0);
	for (size_t i = 0; i < 2; i++)
		busy[i] = start_busy(starts);
	close(starts[1]);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(wait4(busy[i], &status, 0, &usage), busy[i]);
		preempted += (double)usage.ru_nivcsw;
	}
	close(starts[0]);
	probe__end(&probe);

	/* Until the first is done, each waits while the other runs: BUSY_MS together, and more; a slice may be lost. */
	assert_true(probe__moved(&probe, AWAY("sum", "preempted")) >= BUSY_MS / 2e3);
	/* Whenever one of them was preempted it came back: it ended by itself. */
	assert_true(preempted >= 2);
	assert_true(probe__moved(&probe, SWITCHES("involuntary")) >= preempted);
	assert_true(probe__moved(&probe, AWAY("count", "preempted")) +
			    probe__moved(&probe, UNMEASURED) >=
		    preempted);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count__context_switches),
		cmocka_unit_test(test_observe__how_long_tasks_were_away),
		cmocka_unit_test(test_observe__two_that_want_one_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
