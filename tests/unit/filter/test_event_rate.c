/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/event_rate.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000000LL

static void test_allow__as_many_as_a_minute_has_and_then_as_they_come(void **state)
{
	struct event_rate rate;

	(void)state;
	event_rate__init(&rate, 6, 0);
	for (int i = 0; i < 6; i++)
		assert_true(event_rate__allow(&rate, 0));
	assert_false(event_rate__allow(&rate, 0));
	assert_false(event_rate__allow(&rate, 9 * SECOND));
	assert_true(event_rate__allow(&rate, 10 * SECOND));
	assert_false(event_rate__allow(&rate, 10 * SECOND));
	for (int i = 0; i < 6; i++)
		assert_true(event_rate__allow(&rate, 1000 * SECOND));
	assert_false(event_rate__allow(&rate, 1000 * SECOND));
}

static void test_allow__none_and_all(void **state)
{
	struct event_rate none, all, zeroed = { 0 };

	(void)state;
	event_rate__init(&none, 0, 0);
	event_rate__init(&all, EVENT_RATE_UNLIMITED, 0);
	assert_false(event_rate__allow(&none, 0));
	assert_false(event_rate__allow(&none, 1000 * SECOND));
	for (int i = 0; i < 1000; i++) {
		assert_true(event_rate__allow(&all, 0));
		assert_true(event_rate__allow(&zeroed, 0));
	}
}

static void test_take_dropped__once_a_minute(void **state)
{
	struct event_rate rate;

	(void)state;
	event_rate__init(&rate, 0, 0);
	(void)event_rate__allow(&rate, 0);
	(void)event_rate__allow(&rate, 0);
	assert_int_equal(event_rate__take_dropped(&rate, 59 * SECOND), 0);
	assert_int_equal(event_rate__take_dropped(&rate, 60 * SECOND), 2);
	assert_int_equal(event_rate__take_dropped(&rate, 120 * SECOND), 0);
	(void)event_rate__allow(&rate, 0);
	assert_int_equal(event_rate__take_dropped(&rate, 130 * SECOND), 0);
	assert_int_equal(event_rate__take_dropped(&rate, 180 * SECOND), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allow__as_many_as_a_minute_has_and_then_as_they_come),
		cmocka_unit_test(test_allow__none_and_all),
		cmocka_unit_test(test_take_dropped__once_a_minute),
	};

	return cmocka_run_group_tests_name("filter/event_rate", tests, NULL, NULL);
}
