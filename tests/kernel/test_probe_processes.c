/* SPDX-License-Identifier: Apache-2.0 */
/* The probe probes/processes: children that end in known ways, threads, and programs executed by both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define EXITS 20
#define CODE 42
#define EXEC_CODE 43
#define KILLS 7
#define EXECS 5
#define THREADS 9
#define EXIT_ARGUMENT "exit"
#define EXIT(code, signal)                                                                         \
	"ebpf_exporter_process_exits_total{code=\"" code "\",signal=\"" signal "\"}"
#define STARTS(kind) "ebpf_exporter_task_starts_total{kind=\"" kind "\"}"

static int wait_for(pid_t child)
{
	int status;

	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void exit_with(int code)
{
	pid_t child = fork();

	if (child == 0)
		_exit(code);
	assert_int_equal(WEXITSTATUS(wait_for(child)), code);
}

static void end_by(int signal_number)
{
	pid_t child = fork();

	if (child == 0)
		for (;;)
			pause();
	assert_int_equal(kill(child, signal_number), 0);
	assert_int_equal(WTERMSIG(wait_for(child)), signal_number);
}

/* This program once more, which ends at once with EXEC_CODE. */
static void *execute(void *unused)
{
	execl("/proc/self/exe", "probe_processes", EXIT_ARGUMENT, (char *)NULL);
	_exit(1);
	return unused;
}

static void execute_in_child(void)
{
	pid_t child = fork();

	if (child == 0)
		execute(NULL);
	assert_int_equal(WEXITSTATUS(wait_for(child)), EXEC_CODE);
}

/* The child's second thread takes the place of the first one, which ends: the process goes on. */
static void execute_in_thread(void)
{
	pid_t child = fork();
	pthread_t thread;

	if (child == 0) {
		if (pthread_create(&thread, NULL, execute, NULL) != 0)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(WEXITSTATUS(wait_for(child)), EXEC_CODE);
}

static void *do_nothing(void *argument)
{
	return argument;
}

static void start_threads(void)
{
	pthread_t thread;

	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_create(&thread, NULL, do_nothing, NULL), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
}

static void test_count__exits_by_code_and_signal(void **state)
{
	struct probe probe;

	(void)state;
	probe__begin(&probe, "processes");
	for (int i = 0; i < EXITS; i++)
		exit_with(CODE);
	exit_with(255);
	for (int i = 0; i < KILLS; i++)
		end_by(SIGUSR2);
	end_by(SIGKILL);
	end_by(40);
	probe__end(&probe);

	probe__assert_moved(&probe, EXIT("42", "none"), EXITS);
	probe__assert_moved(&probe, EXIT("255", "none"), 1);
	probe__assert_moved(&probe, EXIT("0", "SIGUSR2"), KILLS);
	probe__assert_moved(&probe, EXIT("0", "SIGKILL"), 1);
	probe__assert_moved(&probe, EXIT("0", "40"), 1);
	probe__assert_moved(&probe, STARTS("process"), EXITS + KILLS + 3);
	probe__done(&probe);
}

static void test_count__programs_executed(void **state)
{
	struct probe probe;

	(void)state;
	probe__begin(&probe, "processes");
	for (int i = 0; i < EXECS; i++)
		execute_in_child();
	probe__end(&probe);

	probe__assert_moved(&probe, "ebpf_exporter_process_execs_total", EXECS);
	probe__assert_moved(&probe, EXIT("43", "none"), EXECS);
	probe__done(&probe);
}

static void test_count__one_exit_where_a_thread_executes(void **state)
{
	struct probe probe;

	(void)state;
	probe__begin(&probe, "processes");
	for (int i = 0; i < EXECS; i++)
		execute_in_thread();
	probe__end(&probe);

	probe__assert_moved(&probe, "ebpf_exporter_process_execs_total", EXECS);
	probe__assert_moved(&probe, EXIT("43", "none"), EXECS);
	probe__assert_moved(&probe, STARTS("process"), EXECS);
	probe__assert_moved(&probe, STARTS("thread"), EXECS);
	probe__assert_moved(&probe, EXIT("0", "none"), 0);
	probe__assert_moved(&probe, EXIT("0", "SIGKILL"), 0);
	probe__done(&probe);
}

static void test_count__threads_but_not_their_exits(void **state)
{
	struct probe probe;

	(void)state;
	probe__begin(&probe, "processes");
	start_threads();
	probe__end(&probe);

	probe__assert_moved(&probe, STARTS("thread"), THREADS);
	probe__assert_moved(&probe, STARTS("process"), 0);
	probe__assert_moved(&probe, EXIT("0", "none"), 0);
	probe__done(&probe);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count__exits_by_code_and_signal),
		cmocka_unit_test(test_count__programs_executed),
		cmocka_unit_test(test_count__one_exit_where_a_thread_executes),
		cmocka_unit_test(test_count__threads_but_not_their_exits),
	};

	if (argc > 1 && strcmp(argv[1], EXIT_ARGUMENT) == 0)
		return EXEC_CODE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
