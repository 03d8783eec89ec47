/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

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

static void test_wall_offset__one_for_all(void **state)
{
	struct wall_offset offset = { .checked_ns = 0 };
	int64_t first_ns = wall_offset__get_ns(&offset);

	(void)state;
	assert_true(llabs(clock_boottime_ns() + first_ns - clock_wall_ns()) < NS_PER_S);
	assert_int_equal(wall_offset__get_ns(&offset), first_ns);
	/* Looked at again, and as good as before. */
	offset.checked_ns -= 2 * NS_PER_S;
	offset.offset_ns += 1000;
	assert_int_equal(wall_offset__get_ns(&offset), first_ns + 1000);
	/* The wall clock was set. */
	offset.checked_ns -= 2 * NS_PER_S;
	offset.offset_ns += 3600 * NS_PER_S;
	assert_true(llabs(wall_offset__get_ns(&offset) - first_ns) < NS_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_monotonic__is_the_kernels),
		cmocka_unit_test(test_boottime__is_not_behind_monotonic),
		cmocka_unit_test(test_wall__is_since_the_epoch),
		cmocka_unit_test(test_cpu__counts_work),
		cmocka_unit_test(test_wall_offset__one_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
