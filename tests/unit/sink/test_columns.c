/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "event_fixture.h"

static const struct event_stream stream = {
	.name = "open",
	.schema = &fixture_schema,
	.styles = fixture_styles,
};

static void check_columns(const struct event_sink_options *options, const struct record *records,
			  size_t count, const char *want)
{
	char *text = fixture_write(EVENT_FORMAT_COLUMNS, options, records, count);

	assert_string_equal(text, want);
	free(text);
}

static void check_fields(const char *fields, const char *want)
{
	const struct event_sink_options options = { .streams = &stream,
						    .stream_count = 1,
						    .fields = fields };
	struct record record = fixture_record(&fixture_row);

	check_columns(&options, &record, 1, want);
}

static void test_write__no_terminal(void **state)
{
	(void)state;
	check_fields(NULL,
		     "POD              COMM                PID  ERROR PORT  FLAG  SLOTS            "
		     " LATENCY ADDRESS\n"
		     "web-0            cat                4711     -2 443   0x7   1,20,300         "
		     "    12.3 7f000001\n");
}

static void test_write__80_columns(void **state)
{
	const struct event_sink_options options = {
		.streams = &stream, .stream_count = 1, .columns = 80, .rows = 24
	};
	struct fixture_row row = fixture_row;
	struct record record = fixture_record(&row);

	(void)state;
	memcpy(row.comm, "fifteen-letters", 16);
	check_columns(
		&options, &record, 1,
		"POD          COMM            PID  ERROR PORT  FLAG SLOTS        LATENCY ADDRESS\n"
		"web-0        fifteen-le…    4711     -2 443   0x7  1,20,300        12.3 7f000001\n");
}

static void test_write__120_columns(void **state)
{
	const struct event_sink_options options = {
		.streams = &stream, .stream_count = 1, .columns = 120, .rows = 24
	};
	struct record record = fixture_record(&fixture_row);

	(void)state;
	check_columns(
		&options, &record, 1,
		"POD                         COMM                PID  ERROR PORT  FLAG  SLOTS        "
		"               LATENCY ADDRESS\n"
		"web-0                       cat                4711     -2 443   0x7   1,20,300     "
		"                  12.3 7f000001\n");
}

static void test_write__too_narrow(void **state)
{
	const struct event_sink_options options = {
		.streams = &stream, .stream_count = 1, .columns = 24, .rows = 24
	};
	struct record record = fixture_record(&fixture_row);

	(void)state;
	check_columns(&options, &record, 1,
		      "POD CO…  PID ER… PO… +4\n"
		      "w…0 cat 4711  -2 443\n");
}

static void test_write__fields(void **state)
{
	(void)state;
	check_fields("PID,proc.comm", "    PID COMM\n   4711 cat\n");
	check_fields("proc.pid, comm ", "    PID COMM\n   4711 cat\n");
	check_fields("pid,pid", "    PID\n   4711\n");
	check_fields("timestamp_raw", "TIMESTAMP_RAW\n18446744073709551615\n");
	check_fields("-pod,-comm,-port,-flag,-slots,-latency,-address,+is_failed",
		     "    PID  ERROR IS_FAILED\n   4711     -2 true\n");
	check_fields("open:pid", "    PID\n   4711\n");
	check_fields("open:pid,comm;open:-pid", "COMM\ncat\n");
}

static const struct {
	const char *fields;
	const char *want;
} bad_fields[] = {
	{ "proc.pif", "'open' has no field 'proc.pif'; did you mean 'proc.pid'?" },
	{ "completely-else", "'open' has no field 'completely-else'" },
	{ "", "'open' has no field ''" },
	{ "pid,", "'open' has no field ''" },
	{ "pid,+comm", "a list of fields is either 'a,b' or '+a,-b', not both" },
	{ "+pid,comm", "a list of fields is either 'a,b' or '+a,-b', not both" },
	{ "proc", "field 'proc' of 'open' is a group; name fields in it, as in 'proc.x'" },
	{ "exec:pid", "nothing is called 'exec'; there are 'open'" },
	{ "pid;-pid", "no field of 'open' would be shown" },
};

static void test_new__bad_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(bad_fields); i++) {
		const struct event_sink_options options = { .streams = &stream,
							    .stream_count = 1,
							    .fields = bad_fields[i].fields };
		struct event_sink *sink;
		struct err err = ERR_INIT;

		assert_int_equal(event_sink__new(EVENT_FORMAT_COLUMNS, &options, &sink, &err),
				 -EINVAL);
		assert_string_equal(err.text, bad_fields[i].want);
		err__done(&err);
	}
}

/* A column that shows another field, under its own title. */
static void test_write__replaced(void **state)
{
	struct column_style styles[FIXTURE_FIELD_COUNT];
	const struct event_stream replaced = { .name = "open",
					       .schema = &fixture_schema,
					       .styles = styles };
	const struct event_sink_options options = { .streams = &replaced, .stream_count = 1 };
	struct record record = fixture_record(&fixture_row);

	(void)state;
	for (size_t i = 0; i < FIXTURE_FIELD_COUNT; i++)
		styles[i] = (struct column_style){ .is_hidden = i != FIXTURE_PROC };
	styles[FIXTURE_PROC].replace = "proc.comm";
	check_columns(&options, &record, 1, "PROC\ncat\n");
}

static void test_write__short_record_has_empty_cells(void **state)
{
	const struct event_sink_options options = { .streams = &stream,
						    .stream_count = 1,
						    .fields = "pid,comm" };
	struct record record = fixture_record(&fixture_row);

	(void)state;
	record.raw_len = 8 + 16;
	check_columns(&options, &record, 1, "    PID COMM\n        cat\n");
}

/* ---- several streams, several batches ------------------------------------------------------- */

static const struct event_stream two[] = {
	{ .name = "open", .schema = &fixture_schema, .styles = fixture_styles },
	{ .name = "close", .schema = &fixture_schema, .styles = fixture_styles },
};

static void test_write__header_for_each_stream(void **state)
{
	const struct event_sink_options options = { .streams = two,
						    .stream_count = 2,
						    .fields = "open:pid;close:comm" };
	struct record record = fixture_record(&fixture_row);
	struct strbuf out = STRBUF_INIT;
	struct event_sink *sink;

	(void)state;
	assert_int_equal(event_sink__new(EVENT_FORMAT_COLUMNS, &options, &sink, NULL), 0);
	event_sink__write(sink, 0, &record, 1, &out);
	event_sink__write(sink, 0, &record, 1, &out);
	event_sink__write(sink, 1, NULL, 0, &out);
	event_sink__write(sink, 1, &record, 1, &out);
	assert_string_equal(strbuf__text(&out), "    PID\n   4711\n   4711\n\nCOMM\ncat\n");
	strbuf__done(&out);
	event_sink__free(sink);
}

static void test_write__screen(void **state)
{
	const struct event_stream table = { .name = "open",
					    .schema = &fixture_schema,
					    .styles = fixture_styles,
					    .is_batch = true,
					    .clears_screen = true };
	const struct event_sink_options options = { .streams = &table,
						    .stream_count = 1,
						    .columns = 7,
						    .rows = 5,
						    .is_colored = true,
						    .fields = "pid" };
	struct record records[4];
	struct strbuf out = STRBUF_INIT;
	struct event_sink *sink;

	(void)state;
	for (size_t i = 0; i < array_size(records); i++)
		records[i] = fixture_record(&fixture_row);
	assert_int_equal(event_sink__new(EVENT_FORMAT_COLUMNS, &options, &sink, NULL), 0);
	event_sink__write(sink, 0, records, 3, &out);
	assert_string_equal(strbuf__text(&out),
			    "\033[H\033[1m    PID\033[m\033[K\n   4711\033[K\n   4711\033[K\n"
			    "   4711\033[K\n\033[J");
	/* Five would scroll the header away. */
	strbuf__reset(&out);
	event_sink__write(sink, 0, records, 4, &out);
	assert_string_equal(strbuf__text(&out),
			    "\033[H\033[1m    PID\033[m\033[K\n   4711\033[K\n   4711\033[K\n"
			    "… 2 more\033[K\n\033[J");
	strbuf__reset(&out);
	event_sink__write(sink, 0, NULL, 0, &out);
	assert_string_equal(strbuf__text(&out), "\033[H\033[1m    PID\033[m\033[K\n\033[J");
	/* No terminal any more: tables below each other. */
	event_sink__resize(sink, 0, 0);
	strbuf__reset(&out);
	event_sink__write(sink, 0, records, 1, &out);
	event_sink__write(sink, 0, records, 1, &out);
	assert_string_equal(strbuf__text(&out), "\033[1m    PID\033[m\n   4711\n"
						"\n\033[1m    PID\033[m\n   4711\n");
	strbuf__done(&out);
	event_sink__free(sink);
}

static void test_begin__header_before_the_first(void **state)
{
	const struct event_sink_options options = { .streams = &stream,
						    .stream_count = 1,
						    .fields = "pid" };
	struct record record = fixture_record(&fixture_row);
	struct strbuf out = STRBUF_INIT;
	struct event_sink *sink;

	(void)state;
	assert_int_equal(event_sink__new(EVENT_FORMAT_COLUMNS, &options, &sink, NULL), 0);
	assert_int_equal(event_sink__begin(sink, &out), 0);
	assert_string_equal(strbuf__text(&out), "    PID\n");
	event_sink__write(sink, 0, &record, 1, &out);
	event_sink__begin(sink, &out);
	assert_string_equal(strbuf__text(&out), "    PID\n   4711\n");
	strbuf__done(&out);
	event_sink__free(sink);
}

static void test_resize__header_again(void **state)
{
	const struct event_sink_options options = {
		.streams = two, .stream_count = 2, .fields = "comm,pid", .columns = 12, .rows = 24
	};
	struct record record = fixture_record(&fixture_row);
	struct strbuf out = STRBUF_INIT;
	struct event_sink *sink;

	(void)state;
	assert_int_equal(event_sink__new(EVENT_FORMAT_COLUMNS, &options, &sink, NULL), 0);
	event_sink__write(sink, 0, &record, 1, &out);
	event_sink__resize(sink, 12, 24);
	event_sink__write(sink, 0, &record, 1, &out);
	event_sink__resize(sink, 16, 24);
	event_sink__write(sink, 0, &record, 1, &out);
	assert_string_equal(strbuf__text(&out), "COMM     PID\ncat     4711\ncat     4711\n"
						"COMM         PID\ncat         4711\n");
	strbuf__done(&out);
	event_sink__free(sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write__no_terminal),
		cmocka_unit_test(test_write__80_columns),
		cmocka_unit_test(test_write__120_columns),
		cmocka_unit_test(test_write__too_narrow),
		cmocka_unit_test(test_write__fields),
		cmocka_unit_test(test_new__bad_fields),
		cmocka_unit_test(test_write__replaced),
		cmocka_unit_test(test_write__short_record_has_empty_cells),
		cmocka_unit_test(test_write__header_for_each_stream),
		cmocka_unit_test(test_write__screen),
		cmocka_unit_test(test_begin__header_before_the_first),
		cmocka_unit_test(test_resize__header_again),
	};

	return cmocka_run_group_tests_name("sink/columns", tests, NULL, NULL);
}
