/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/rate_limit.h"

static void test_take__burst_then_one_per_interval(void **state)
{
	struct rate_limit limit = { .interval_ns = 100, .burst = 2 };

	(void)state;
	assert_true(rate_limit__take(&limit, 1000));
	assert_true(rate_limit__take(&limit, 1000));
	assert_false(rate_limit__take(&limit, 1099));
	assert_true(rate_limit__take(&limit, 1100));
	assert_false(rate_limit__take(&limit, 1199));
	assert_true(rate_limit__take(&limit, 1200));
}

static void test_take__full_again_after_a_pause(void **state)
{
	struct rate_limit limit = { .interval_ns = 100, .burst = 2 };

	(void)state;
	assert_true(rate_limit__take(&limit, 0));
	assert_true(rate_limit__take(&limit, 0));
	assert_true(rate_limit__take(&limit, INT64_MAX - 1));
	assert_true(rate_limit__take(&limit, INT64_MAX - 1));
	assert_false(rate_limit__take(&limit, INT64_MAX - 1));
}

static void test_take__longer_interval(void **state)
{
	struct rate_limit limit = { .interval_ns = 100, .burst = 1 };

	(void)state;
	assert_true(rate_limit__take(&limit, 0));
	limit.interval_ns = 300;
	assert_false(rate_limit__take(&limit, 200));
	assert_true(rate_limit__take(&limit, 300));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take__burst_then_one_per_interval),
		cmocka_unit_test(test_take__full_again_after_a_pause),
		cmocka_unit_test(test_take__longer_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
