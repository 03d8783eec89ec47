/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event_fixture.h"

static const struct event_stream stream = {
	.name = "open",
	.schema = &fixture_schema,
	.styles = fixture_styles,
};
static const struct event_sink_options options = { .streams = &stream, .stream_count = 1 };

static void test_write__nothing_and_reads_nothing(void **state)
{
	const struct record record = fixture_record(&fixture_row);
	char *text = fixture_write(EVENT_FORMAT_NONE, &options, &record, 1);
	struct event_sink *sink;

	(void)state;
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(event_sink__new(EVENT_FORMAT_NONE, &options, &sink, NULL), 0);
	for (uint32_t i = 0; i < FIXTURE_FIELD_COUNT; i++)
		assert_false(event_sink__reads(sink, 0, i));
	event_sink__resize(sink, 80, 24);
	event_sink__free(sink);
}

static void test_reads__what_is_written(void **state)
{
	struct event_sink *sink;

	(void)state;
	assert_int_equal(event_sink__new(EVENT_FORMAT_JSON, &options, &sink, NULL), 0);
	assert_true(event_sink__reads(sink, 0, FIXTURE_TIME));
	assert_true(event_sink__reads(sink, 0, FIXTURE_POD));
	assert_false(event_sink__reads(sink, 0, FIXTURE_FIELD_COUNT));
	assert_false(event_sink__reads(sink, 1, FIXTURE_TIME));
	assert_int_equal(event_sink__write(sink, 1, NULL, 0, &(struct strbuf)STRBUF_INIT), -ERANGE);
	event_sink__free(sink);
	assert_int_equal(event_sink__new(EVENT_FORMAT_COLUMNS, &options, &sink, NULL), 0);
	assert_false(event_sink__reads(sink, 0, FIXTURE_TIME));
	assert_true(event_sink__reads(sink, 0, FIXTURE_PID));
	event_sink__free(sink);
}

static void test_find__names(void **state)
{
	(void)state;
	for (enum event_format i = 0; i < EVENT_FORMAT_COUNT; i++) {
		assert_int_equal(event_format_find(event_format_name(i)), i);
		assert_true(strlen(event_format_help(i)) > 0);
	}
	assert_int_equal(event_format_find("xml"), EVENT_FORMAT_COUNT);
	assert_null(event_format_name(EVENT_FORMAT_COUNT));
	assert_null(event_format_help(EVENT_FORMAT_COUNT));
	assert_null(event_sink__free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write__nothing_and_reads_nothing),
		cmocka_unit_test(test_reads__what_is_written),
		cmocka_unit_test(test_find__names),
	};

	return cmocka_run_group_tests_name("sink/none", tests, NULL, NULL);
}
