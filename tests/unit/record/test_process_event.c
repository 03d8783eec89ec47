/* SPDX-License-Identifier: Apache-2.0 */
#include "record/process_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static enum process_event_kind find(const char *name)
{
	return process_event_kind_find(name, strlen(name));
}

static void test_kind_find__every_name_leads_back_to_its_kind(void **state)
{
	(void)state;
	for (int kind = PROCESS_EVENT_NONE + 1; kind < PROCESS_EVENT_KIND_COUNT; kind++)
		assert_int_equal(find(process_event_kind_name((enum process_event_kind)kind)),
				 kind);
	assert_null(process_event_kind_name(PROCESS_EVENT_NONE));
	assert_null(process_event_kind_name(PROCESS_EVENT_KIND_COUNT));
}

static void test_kind_find__in_capitals_as_filters_write_it(void **state)
{
	(void)state;
	assert_int_equal(find("PROCESS_EXEC"), PROCESS_EVENT_EXEC);
	assert_int_equal(find("RATE_LIMIT_INFO"), PROCESS_EVENT_RATE_LIMIT_INFO);
}

static void test_kind_find__what_is_none(void **state)
{
	static const char *const none[] = { "", "process_exe", "process_execs", "Process_Exec",
					    "UNDEF" };

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(find(none[i]), PROCESS_EVENT_NONE);
	assert_int_equal(process_event_kind_find("test\0", 5), PROCESS_EVENT_NONE);
}

static void test_kind_from_number(void **state)
{
	(void)state;
	assert_int_equal(process_event_kind_from_number(1), PROCESS_EVENT_EXEC);
	assert_int_equal(process_event_kind_from_number(29), PROCESS_EVENT_USDT);
	assert_int_equal(process_event_kind_from_number(0), PROCESS_EVENT_NONE);
	assert_int_equal(process_event_kind_from_number(2), PROCESS_EVENT_NONE);
}

static void test_time_from_ns__before_and_after_the_epoch(void **state)
{
	struct event_time after = event_time_from_ns(1500000000);
	struct event_time before = event_time_from_ns(-1);

	(void)state;
	assert_true(after.is_set);
	assert_int_equal(after.seconds, 1);
	assert_int_equal(after.nanoseconds, 500000000);
	assert_int_equal(before.seconds, -1);
	assert_int_equal(before.nanoseconds, 999999999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kind_find__every_name_leads_back_to_its_kind),
		cmocka_unit_test(test_kind_find__in_capitals_as_filters_write_it),
		cmocka_unit_test(test_kind_find__what_is_none),
		cmocka_unit_test(test_kind_from_number),
		cmocka_unit_test(test_time_from_ns__before_and_after_the_epoch),
	};

	return cmocka_run_group_tests_name("record/process_event", tests, NULL, NULL);
}
