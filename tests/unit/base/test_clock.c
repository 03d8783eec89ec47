/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "base/clock.h"

static void test_monotonic__is_the_kernels(void **state)
{
	struct timespec before, after;
	int64_t between;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &before);
	between = clock_monotonic_ns();
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(before.tv_sec * NS_PER_S + before.tv_nsec <= between);
	assert_true(between <= after.tv_sec * NS_PER_S + after.tv_nsec);
}

static void test_boottime__is_not_behind_monotonic(void **state)
{
	int64_t monotonic = clock_monotonic_ns();

	(void)state;
	assert_true(clock_boottime_ns() >= monotonic);
}

static void test_wall__is_since_the_epoch(void **state)
{
	time_t before = time(NULL);

	(void)state;
	/* time() reads the coarse clock, which may be one tick behind */
	assert_true(clock_wall_ns() / NS_PER_S >= before);
}

static void test_cpu__counts_work(void **state)
{
	int64_t start = clock_cpu_ns();

	(void)state;
	while (clock_cpu_ns() == start)
		;
	assert_true(clock_cpu_ns() > start);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_monotonic__is_the_kernels),
		cmocka_unit_test(test_boottime__is_not_behind_monotonic),
		cmocka_unit_test(test_wall__is_since_the_epoch),
		cmocka_unit_test(test_cpu__counts_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
