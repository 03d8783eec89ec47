/* SPDX-License-Identifier: Apache-2.0 */
/* The probe probes/signals: signals that this process and a child of it get, with every result but the lack of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define ROUNDS 25
#define REALTIME 40
#define SENT(signal, result)                                                                       \
	"ebpf_exporter_signals_sent_total{result=\"" result "\",signal=\"" signal "\"}"
#define ARRIVED(signal, action)                                                                    \
	"ebpf_exporter_signals_arrived_total{action=\"" action "\",signal=\"" signal "\"}"

static void handle(int signal_number)
{
	(void)signal_number;
}

static void set_action(int signal_number, void (*handler)(int))
{
	const struct sigaction action = { .sa_handler = handler };

	assert_int_equal(sigaction(signal_number, &action, NULL), 0);
}

static void test_count__signals_by_result_and_action(void **state)
{
	struct probe probe;

	(void)state;
	set_action(SIGUSR1, handle);
	set_action(REALTIME, handle);
	set_action(SIGXFSZ, SIG_IGN);
	probe__begin(&probe, "signals");
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(raise(SIGUSR1), 0);
		assert_int_equal(raise(SIGXFSZ), 0);
		assert_int_equal(raise(REALTIME), 0);
	}
	probe__end(&probe);

	probe__assert_moved(&probe, SENT("SIGUSR1", "queued"), ROUNDS);
	probe__assert_moved(&probe, ARRIVED("SIGUSR1", "handler"), ROUNDS);
	probe__assert_moved(&probe, SENT("40", "queued"), ROUNDS);
	probe__assert_moved(&probe, ARRIVED("40", "handler"), ROUNDS);
	probe__assert_moved(&probe, SENT("SIGXFSZ", "ignored"), ROUNDS);
	/* What is ignored when it is sent does not arrive. */
	probe__assert_moved(&probe, ARRIVED("SIGXFSZ", "ignore"), 0);
	probe__done(&probe);
}

static void test_count__a_signal_that_is_pending_already(void **state)
{
	sigset_t blocked;
	struct probe probe;

	(void)state;
	set_action(SIGUSR2, handle);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	probe__begin(&probe, "signals");
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, NULL), 0);
		assert_int_equal(raise(SIGUSR2), 0);
		assert_int_equal(raise(SIGUSR2), 0);
		assert_int_equal(raise(SIGUSR2), 0);
		assert_int_equal(sigprocmask(SIG_UNBLOCK, &blocked, NULL), 0);
	}
	probe__end(&probe);

	probe__assert_moved(&probe, SENT("SIGUSR2", "queued"), ROUNDS);
	probe__assert_moved(&probe, SENT("SIGUSR2", "already_pending"), 2 * ROUNDS);
	probe__assert_moved(&probe, ARRIVED("SIGUSR2", "handler"), ROUNDS);
	probe__done(&probe);
}

/* The child stops and goes on ROUNDS times; SIGSTOP has no action but the default one. */
static void test_count__stops_of_a_child(void **state)
{
	struct probe probe;
	int status;
	pid_t child;

	(void)state;
	probe__begin(&probe, "signals");
	child = fork();
	if (child == 0)
		for (;;)
			pause();
	assert_true(child > 0);
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(kill(child, SIGSTOP), 0);
		assert_int_equal(waitpid(child, &status, WUNTRACED), child);
		assert_true(WIFSTOPPED(status));
		assert_int_equal(kill(child, SIGCONT), 0);
		assert_int_equal(waitpid(child, &status, WCONTINUED), child);
		assert_true(WIFCONTINUED(status));
	}
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	probe__end(&probe);

	probe__assert_moved(&probe, SENT("SIGSTOP", "queued"), ROUNDS);
	probe__assert_moved(&probe, ARRIVED("SIGSTOP", "default"), ROUNDS);
	probe__assert_moved(&probe, SENT("SIGKILL", "queued"), 1);
	probe__assert_moved(&probe, ARRIVED("SIGKILL", "default"), 1);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count__signals_by_result_and_action),
		cmocka_unit_test(test_count__a_signal_that_is_pending_already),
		cmocka_unit_test(test_count__stops_of_a_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
