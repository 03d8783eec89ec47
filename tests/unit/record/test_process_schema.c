/* SPDX-License-Identifier: Apache-2.0 */
#include "record/process_schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_message_of__every_kind_has_one(void **state)
{
	(void)state;
	for (int kind = PROCESS_EVENT_NONE + 1; kind < PROCESS_EVENT_KIND_COUNT; kind++) {
		const char *name = process_event_kind_name((enum process_event_kind)kind);
		const struct event_field *field = event_message__find(&event_message_line, name,
								      strlen(name));

		assert_non_null(field);
		assert_int_equal(field->choice, kind);
		assert_ptr_equal(field->message, event_message_of((enum process_event_kind)kind));
	}
	assert_null(event_message_of(PROCESS_EVENT_NONE));
	assert_null(event_message_of(PROCESS_EVENT_KIND_COUNT));
}

static void test_message__every_kind_of_argument_is_one_of_its_fields(void **state)
{
	const struct event_message *arguments =
		event_message__find(event_message_of(PROCESS_EVENT_KPROBE), "args", 4)->message;
	uint32_t choices = 0;

	(void)state;
	for (uint32_t i = 0; i < arguments->field_count; i++)
		choices += arguments->fields[i].choice != 0;
	for (int kind = ARGUMENT_NONE + 1; kind < ARGUMENT_KIND_COUNT; kind++) {
		uint32_t found = 0;

		for (uint32_t i = 0; i < arguments->field_count; i++)
			found += arguments->fields[i].choice == kind;
		assert_int_equal(found, 1);
	}
	assert_int_equal(choices, ARGUMENT_KIND_COUNT - 1);
}

/* No message leads back to itself, and every mask has a bit for each field. */
static void check_message(const struct event_message *message, unsigned int depth)
{
	assert_true(depth < 12);
	assert_true(message->field_count <= EVENT_MESSAGE_FIELDS_MAX);
	for (uint32_t i = 0; i < message->field_count; i++) {
		const struct event_field *field = &message->fields[i];

		assert_int_equal(field->key_len, strlen(field->key));
		assert_true(field->offset < message->size);
		if (field->message)
			check_message(field->message, depth + 1);
	}
}

static void test_message__nests_not_deeply(void **state)
{
	(void)state;
	check_message(&event_message_line, 0);
}

static void test_find__a_field(void **state)
{
	const struct event_message *exec = event_message_of(PROCESS_EVENT_EXEC);

	(void)state;
	assert_non_null(event_message__find(exec, "process", 7));
	assert_null(event_message__find(exec, "proces", 6));
	assert_null(event_message__find(exec, "", 0));
	assert_null(event_message__find(exec, "function_name", 13));
}

static void test_names__both_ways(void **state)
{
	uint32_t number = 0;

	(void)state;
	assert_string_equal(event_names__get(&event_capability_names, 21), "CAP_SYS_ADMIN");
	assert_null(event_names__get(&event_capability_names, 41));
	assert_null(event_names__get(&event_capability_names, -1));
	assert_null(event_names__get(&event_taint_names, 3));
	assert_true(event_names__find(&event_taint_names, "TAINT_TEST_MODULE", 17, &number));
	assert_int_equal(number, 18);
	assert_false(event_names__find(&event_taint_names, "TAINT_TEST_MODUL", 16, &number));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message_of__every_kind_has_one),
		cmocka_unit_test(test_message__every_kind_of_argument_is_one_of_its_fields),
		cmocka_unit_test(test_message__nests_not_deeply),
		cmocka_unit_test(test_find__a_field),
		cmocka_unit_test(test_names__both_ways),
	};

	return cmocka_run_group_tests_name("record/process_schema", tests, NULL, NULL);
}
