/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/sample.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"

static void assert_near(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-9 * fabs(expected)))
		fail_msg("%.17g, expected %.17g", value, expected);
}

static void test_turn__a_window_stands_for_its_interval(void **state)
{
	struct sample_clock clock = { .since_ns = 5 * NS_PER_S };
	struct sample runs = { .total = 0 };

	(void)state;
	assert_near(sample_clock__turn(&clock, 100 * NS_PER_MS, 15 * NS_PER_S), 100);
	sample__add(&runs, &clock, 7, 100);
	assert_near(runs.total, 700);
	assert_near(sample__rate(&runs, &clock), 70);
	/* The next one was longer, as after a busy loop. */
	assert_near(sample_clock__turn(&clock, 200 * NS_PER_MS, 26 * NS_PER_S), 55);
	sample__add(&runs, &clock, 2, 55);
	assert_near(runs.total, 810);
	assert_near(sample__rate(&runs, &clock), 30); /* 9 in 0.3 s */
	assert_int_equal(clock.sampled_ns, 300 * NS_PER_MS);
	assert_int_equal(clock.covered_ns, 21 * NS_PER_S);
	assert_int_equal(clock.since_ns, 26 * NS_PER_S);
}

static void test_turn__the_whole_interval_is_exact(void **state)
{
	struct sample_clock clock = { .since_ns = 0 };
	struct sample runs = { .total = 0 };

	(void)state;
	assert_near(sample_clock__turn(&clock, 3 * NS_PER_S, 3 * NS_PER_S), 1);
	sample__add(&runs, &clock, 123456789, 1);
	assert_true(runs.total == 123456789);
}

static void test_turn__without_a_window_nothing_is_known(void **state)
{
	struct sample_clock clock = { .since_ns = 0 };
	struct sample runs = { .total = 0 }, agent = { .total = 0 };

	(void)state;
	assert_true(isnan(sample__rate(&runs, &clock)));
	assert_true(isnan(sample__exact_rate(&agent, &clock)));
	assert_true(sample_clock__turn(&clock, 0, 10 * NS_PER_S) == 0);
	sample__add(&runs, &clock, 0, 0);
	sample__add(&agent, &clock, 500, 1);
	assert_true(isnan(sample__rate(&runs, &clock)));
	assert_near(sample__exact_rate(&agent, &clock), 50);
	assert_int_equal(clock.covered_ns, 0);
}

static void test_rate__old_windows_are_forgotten(void **state)
{
	struct sample_clock clock = { .since_ns = 0 };
	struct sample runs = { .total = 0 };
	int64_t now_ns = 0;

	(void)state;
	for (int i = 0; i < 2 * SAMPLE_RECENT; i++) {
		double factor = sample_clock__turn(&clock, NS_PER_S, now_ns += 10 * NS_PER_S);

		sample__add(&runs, &clock, i < SAMPLE_RECENT ? 1000 : 1, factor);
	}
	assert_near(sample__rate(&runs, &clock), 1);
	assert_near(runs.total, SAMPLE_RECENT * (1000 + 1) * 10.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_turn__a_window_stands_for_its_interval),
		cmocka_unit_test(test_turn__the_whole_interval_is_exact),
		cmocka_unit_test(test_turn__without_a_window_nothing_is_known),
		cmocka_unit_test(test_rate__old_windows_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
