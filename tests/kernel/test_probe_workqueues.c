/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe probes/workqueues: bytes through a pseudo terminal. What is written on one side comes out on the other only
 * when a work of an unbound queue has run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "probe.h"

#define BYTES 300
#define SERIES(name, what) "ebpf_exporter_workqueue_" name "_seconds_" what "{pool=\"unbound\"}"

struct terminal {
	int controller, terminal;
};

/* 0, or -errno where there are no pseudo terminals. */
static int open_terminal(struct terminal *terminal)
{
	struct termios mode;
	const char *name;

	terminal->controller = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal->controller < 0)
		return -errno;
	name = grantpt(terminal->controller) < 0 || unlockpt(terminal->controller) < 0
		       ? NULL
		       : ptsname(terminal->controller);
	terminal->terminal = name ? open(name, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
	if (terminal->terminal < 0) {
		int error = errno;

		close(terminal->controller);
		return -error;
	}
	assert_int_equal(tcgetattr(terminal->terminal, &mode), 0);
	cfmakeraw(&mode);
	assert_int_equal(tcsetattr(terminal->terminal, TCSANOW, &mode), 0);
	return 0;
}

static void test_observe__work_of_a_terminal(void **state)
{
	struct terminal terminal;
	struct probe probe;
	int r = open_terminal(&terminal);
	char byte = 'x';

	(void)state;
	if (r < 0) {
		printf("# skip: there are no pseudo terminals here: %s\n", strerror(-r));
		skip();
	}
	probe__begin(&probe, "workqueues");
	for (int i = 0; i < BYTES; i++) {
		assert_int_equal(write(terminal.controller, &byte, 1), 1);
		assert_int_equal(read(terminal.terminal, &byte, 1), 1);
	}
	probe__end(&probe);
	close(terminal.terminal);
	close(terminal.controller);

	/*
	 * A byte is there as soon as the work that brings it runs. One that is still at its end takes the next byte along,
	 * if that is quick enough; it takes a worker that is preempted just then, which is not so for half of them.
	 */
	assert_true(probe__moved(&probe, SERIES("held", "count")) >= BYTES / 2);
	assert_true(probe__moved(&probe, SERIES("wait", "count")) >= BYTES / 2);
	assert_true(probe__moved(&probe, SERIES("run", "count")) >= BYTES / 2);
	assert_true(probe__moved(&probe, SERIES("wait", "sum")) > 0);
	assert_true(probe__moved(&probe, SERIES("run", "sum")) > 0);
	/* Elsewhere, there may be any number of works. */
	if (getenv("SONDE_IN_VM"))
		assert_true(metrics_value(probe.after,
					  "ebpf_exporter_workqueue_unmeasured_total") == 0);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_observe__work_of_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
