/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe probes/timers: timers that expire for this process, of both kinds that a program can start. The kernel has
 * others of its own, so the numbers are lower bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "probe.h"

#define HRTIMERS 200
#define WHEEL_TIMERS 30
#define RUN(what, kind) "ebpf_exporter_timer_run_seconds_" what "{kind=\"" kind "\"}"
#define LATE(what) "ebpf_exporter_hrtimer_late_seconds_" what "{kind=\"hrtimer\"}"
#define LATE_A_SECOND "ebpf_exporter_hrtimer_late_seconds_bucket{kind=\"hrtimer\",le=\"1.048576\"}"
#define TICKS(what) "ebpf_exporter_timer_late_ticks_" what
#define TICKS_64 TICKS("bucket{le=\"64\"}")

/* One expiration each. */
static void start_hrtimers(void)
{
	const struct itimerspec once = { .it_value.tv_nsec = 500000 };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	uint64_t expired;

	assert_true(fd >= 0);
	for (int i = 0; i < HRTIMERS; i++) {
		assert_int_equal(timerfd_settime(fd, 0, &once, NULL), 0);
		assert_int_equal(read(fd, &expired, sizeof(expired)), sizeof(expired));
		assert_int_equal(expired, 1);
	}
	close(fd);
}

/* How long to wait for data is counted in ticks, by a timer of the wheel. */
static void start_wheel_timers(void)
{
	const struct timeval wait = { .tv_usec = 10000 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char byte;

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
	for (int i = 0; i < WHEEL_TIMERS; i++) {
		assert_int_equal(recv(fd, &byte, 1, 0), -1);
		assert_int_equal(errno, EAGAIN);
	}
	close(fd);
}

static void test_observe__timers_that_expire(void **state)
{
	double runs, late;
	struct probe probe;

	(void)state;
	probe__begin(&probe, "timers");
	start_hrtimers();
	start_wheel_timers();
	probe__end(&probe);

	runs = probe__moved(&probe, RUN("count", "hrtimer"));
	late = probe__moved(&probe, LATE("count"));
	assert_true(runs >= HRTIMERS);
	assert_true(late >= HRTIMERS);
	assert_true(probe__moved(&probe, LATE("sum")) > 0);
	assert_true(probe__moved(&probe, RUN("sum", "hrtimer")) > 0);
	assert_true(probe__moved(&probe, RUN("count", "wheel")) >= WHEEL_TIMERS);
	assert_true(probe__moved(&probe, TICKS("count")) >= WHEEL_TIMERS);
	/*
	 * Half of them less than a second, and 64 ticks: the times are on one clock, in the right unit. No more can be said
	 * of a machine that others use, and nothing of sums: there are timers that may wait until a CPU is awake anyway.
	 */
	assert_true(probe__moved(&probe, LATE_A_SECOND) >= HRTIMERS / 2);
	assert_true(probe__moved(&probe, TICKS_64) >= WHEEL_TIMERS / 2);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_observe__timers_that_expire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
