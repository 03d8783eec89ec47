/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "event_fixture.h"

static const struct event_stream stream = {
	.name = "open",
	.schema = &fixture_schema,
	.styles = fixture_styles,
};
static const struct event_stream batches = {
	.name = "open",
	.schema = &fixture_schema,
	.styles = fixture_styles,
	.is_batch = true,
};

static void check(const struct event_sink_options *options, const struct record *records,
		  size_t count, const char *want)
{
	char *text = fixture_write(EVENT_FORMAT_JSON, options, records, count);

	assert_string_equal(text, want);
	free(text);
}

static void test_write__all_fields_sorted_and_nested(void **state)
{
	const struct record record = fixture_record(&fixture_row);

	(void)state;
	check(&(struct event_sink_options){ .streams = &stream, .stream_count = 1 }, &record, 1,
	      "{\"address\":\"7f000001\",\"error_raw\":-2,\"flag\":7,\"is_failed\":true,"
	      "\"k8s\":{\"podName\":\"web-0\"},\"latency\":12.3456,\"port\":443,"
	      "\"proc\":{\"comm\":\"cat\",\"parent\":{\"pid\":1},\"pid\":4711},\"share\":0.5,"
	      "\"slots\":[1,20,300],\"timestamp_raw\":18446744073709551615}\n");
}

static void test_write__a_line_per_event_and_an_array_per_batch(void **state)
{
	static const struct field fields[] = { { "n", FIELD_TYPE_U8, FIELD_ROLE_NONE, 0, 1, 1, -1,
						 0 } };
	static const struct schema schema = { .fields = fields, .field_count = 1, .size = 1 };
	static const struct column_style style;
	const struct event_stream lines = { .name = "x", .schema = &schema, .styles = &style };
	struct event_stream arrays = lines;
	const struct record records[] = {
		{ .schema = &schema, .raw = "\x01", .raw_len = 1 },
		{ .schema = &schema, .raw = "\x02", .raw_len = 1 },
	};

	(void)state;
	arrays.is_batch = true;
	check(&(struct event_sink_options){ .streams = &lines, .stream_count = 1 }, records, 2,
	      "{\"n\":1}\n{\"n\":2}\n");
	check(&(struct event_sink_options){ .streams = &lines, .stream_count = 1 }, NULL, 0, "");
	check(&(struct event_sink_options){ .streams = &arrays, .stream_count = 1 }, records, 2,
	      "[{\"n\":1},{\"n\":2}]\n");
	check(&(struct event_sink_options){ .streams = &arrays, .stream_count = 1 }, NULL, 0,
	      "[]\n");
}

static void test_write__skipped_fields_are_not_there(void **state)
{
	struct column_style styles[FIXTURE_FIELD_COUNT];
	const struct event_stream few = { .name = "open",
					  .schema = &fixture_schema,
					  .styles = styles };
	const struct record record = fixture_record(&fixture_row);

	(void)state;
	memset(styles, 0, sizeof(styles));
	for (size_t i = 0; i < FIXTURE_FIELD_COUNT; i++)
		styles[i].is_skipped_in_json = i != FIXTURE_PROC && i != FIXTURE_PARENT &&
					       i != FIXTURE_PID;
	check(&(struct event_sink_options){ .streams = &few, .stream_count = 1 }, &record, 1,
	      "{\"proc\":{\"parent\":{},\"pid\":4711}}\n");
}

static void test_write__short_record(void **state)
{
	struct record record = fixture_record(&fixture_row);
	char *text;

	(void)state;
	record.raw_len = offsetof(struct fixture_row, parent_pid);
	text = fixture_write(EVENT_FORMAT_JSON,
			     &(struct event_sink_options){ .streams = &stream, .stream_count = 1 },
			     &record, 1);
	assert_non_null(strstr(text, "\"error_raw\":null,"));
	assert_non_null(strstr(text, "\"parent\":{\"pid\":null},\"pid\":4711}"));
	assert_non_null(strstr(text, "\"slots\":null,"));
	free(text);
}

static void test_write__numbers_that_json_has_no_word_for(void **state)
{
	struct fixture_row row = fixture_row;
	const struct record record = fixture_record(&row);
	char *text;

	(void)state;
	row.latency = __builtin_nan("");
	row.share = __builtin_inff();
	row.error = INT32_MIN;
	text = fixture_write(EVENT_FORMAT_JSON,
			     &(struct event_sink_options){ .streams = &batches, .stream_count = 1 },
			     &record, 1);
	assert_non_null(strstr(text, "\"latency\":null,"));
	assert_non_null(strstr(text, "\"share\":null,"));
	assert_non_null(strstr(text, "\"error_raw\":-2147483648,"));
	free(text);
}

static void test_write__names_of_streams(void **state)
{
	static const struct field fields[] = {
		{ "a", FIELD_TYPE_U8, FIELD_ROLE_NONE, 0, 1, 1, -1, 0 },
		{ "stream.x", FIELD_TYPE_U8, FIELD_ROLE_NONE, 0, 1, 1, -1, 0 },
		{ "z", FIELD_TYPE_U8, FIELD_ROLE_NONE, 0, 1, 1, -1, 0 },
	};
	static const struct schema schema = { .fields = fields, .field_count = 3, .size = 1 };
	static const struct column_style styles[3];
	const struct event_stream named = { .name = "x\"y", .schema = &schema, .styles = styles };
	const struct record record = { .schema = &schema, .raw = "\x01", .raw_len = 1 };

	(void)state;
	check(&(struct event_sink_options){ .streams = &named,
					    .stream_count = 1,
					    .names_streams = true },
	      &record, 1, "{\"a\":1,\"stream\":\"x\\\"y\",\"stream.x\":1,\"z\":1}\n");
}

/* A value that others claim to be inside of, a name twice, names with empty parts. */
static void test_write__strange_names(void **state)
{
	static const struct field fields[] = {
		{ "b.c.d", FIELD_TYPE_U8, FIELD_ROLE_NONE, 0, 1, 1, -1, 0 },
		{ "b", FIELD_TYPE_U8, FIELD_ROLE_NONE, 0, 1, 1, -1, 0 },
		{ "b.c", FIELD_TYPE_STRUCT, FIELD_ROLE_NONE, 0, 1, 1, -1, 0 },
		{ "b-e", FIELD_TYPE_U8, FIELD_ROLE_NONE, 0, 1, 1, -1, 0 },
		{ "b", FIELD_TYPE_U8, FIELD_ROLE_NONE, 1, 1, 1, -1, 0 },
		{ ".", FIELD_TYPE_U8, FIELD_ROLE_NONE, 0, 1, 1, -1, 0 },
		{ "q\n", FIELD_TYPE_U8, FIELD_ROLE_NONE, 0, 1, 1, -1, 0 },
	};
	static const struct schema schema = { .fields = fields, .field_count = 7, .size = 2 };
	static const struct column_style styles[7];
	const struct event_stream strange = { .name = "x", .schema = &schema, .styles = styles };
	const struct record record = { .schema = &schema, .raw = "\x01\x02", .raw_len = 2 };

	(void)state;
	check(&(struct event_sink_options){ .streams = &strange, .stream_count = 1 }, &record, 1,
	      "{\"\":{\"\":1},\"b\":1,\"b.c\":{\"d\":1},\"b-e\":1,\"q\\n\":1}\n");
}

static void test_write__arrays_of_every_kind(void **state)
{
	static const struct field fields[] = {
		{ "a", FIELD_TYPE_BOOL, FIELD_ROLE_NONE, 0, 1, 3, -1, 0 },
		{ "b", FIELD_TYPE_U16, FIELD_ROLE_NONE, 0, 2, 2, -1, FIELD_BIG_ENDIAN },
		{ "c", FIELD_TYPE_STRING, FIELD_ROLE_NONE, 0, 2, 2, -1, 0 },
		{ "d", FIELD_TYPE_BYTES, FIELD_ROLE_NONE, 0, 2, 2, -1, 0 },
		{ "e", FIELD_TYPE_S8, FIELD_ROLE_NONE, 0, 1, 0, -1, 0 },
		{ "f", FIELD_TYPE_BYTES, FIELD_ROLE_NONE, 3, 1, 1, -1, FIELD_FLEXIBLE },
	};
	static const struct schema schema = { .fields = fields, .field_count = 6, .size = 4 };
	static const struct column_style styles[6];
	const struct event_stream arrays = { .name = "x", .schema = &schema, .styles = styles };
	const struct record record = { .schema = &schema,
				       .raw = "\x00\x01z\x00\xff",
				       .raw_len = 5 };

	(void)state;
	check(&(struct event_sink_options){ .streams = &arrays, .stream_count = 1 }, &record, 1,
	      "{\"a\":[false,true,true],\"b\":[1,31232],\"c\":[\"\",\"z\"],"
	      "\"d\":[\"0001\",\"7a00\"],\"e\":[],\"f\":\"00ff\"}\n");
}

/* More than is reserved beforehand, and of characters that grow. */
static void test_write__long_texts(void **state)
{
	static const struct field fields[] = {
		{ "a", FIELD_TYPE_STRING, FIELD_ROLE_NONE, 0, 5000, 1, -1, 0 },
		{ "b", FIELD_TYPE_STRING, FIELD_ROLE_NONE, 5000, 1, 1, -1, FIELD_FLEXIBLE },
		{ "c", FIELD_TYPE_BYTES, FIELD_ROLE_NONE, 0, 1000, 1, -1, 0 },
	};
	static const struct schema schema = { .fields = fields, .field_count = 3, .size = 5000 };
	static const struct column_style styles[3];
	const struct event_stream texts = { .name = "x", .schema = &schema, .styles = styles };
	char *raw = malloc(9000);
	struct record record = { .schema = &schema, .raw = raw, .raw_len = 9000 };
	char *text;

	(void)state;
	assert_non_null(raw);
	memset(raw, 1, 9000);
	text = fixture_write(EVENT_FORMAT_JSON,
			     &(struct event_sink_options){ .streams = &texts, .stream_count = 1 },
			     &record, 1);
	assert_int_equal(strlen(text), strlen("{'a':'','b':'','c':''}\n") + 6 * 9000 + 2 * 1000);
	free(text);
	free(raw);
}

static char derived_text[5000];

static int get_derived_text(void *ctx, const struct record *record, uint32_t field,
			    struct value *ret_value)
{
	const size_t *len = ctx;

	(void)record;
	(void)field;
	if (*len > sizeof(derived_text))
		return -ERANGE;
	*ret_value = (struct value){ .type = FIELD_TYPE_STRING, .bytes = { derived_text, *len } };
	return 0;
}

/* Up to and over the length that is reserved for beforehand, and one that cannot be had. */
static void test_write__derived_texts(void **state)
{
	static const struct field fields[] = {
		{ "a", FIELD_TYPE_STRING, FIELD_ROLE_NONE, 0, 0, 1, -1, FIELD_DERIVED },
		{ "b", FIELD_TYPE_STRING, FIELD_ROLE_NONE, 1, 0, 1, -1, FIELD_DERIVED },
	};
	static const struct schema schema = { .fields = fields,
					      .field_count = 2,
					      .derived_count = 2 };
	static const struct column_style styles[2];
	const struct event_stream texts = { .name = "x", .schema = &schema, .styles = styles };
	static const size_t lens[] = { 0, 1, 63, 64, 65, 66, 1000, 5000, 5001 };

	(void)state;
	memset(derived_text, 1, sizeof(derived_text));
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		size_t len = lens[i];
		const struct deriver deriver = { .get = get_derived_text, .ctx = &len };
		struct derived_value made[2] = {
			{ .is_made = true,
			  .value = { .type = FIELD_TYPE_STRING, .bytes = { "kept", 4 } } },
		};
		const struct record record = {
			.schema = &schema, .raw = "", .deriver = &deriver, .derived = made
		};
		char *text = fixture_write(
			EVENT_FORMAT_JSON,
			&(struct event_sink_options){ .streams = &texts, .stream_count = 1 },
			&record, 1);

		if (len > sizeof(derived_text))
			assert_string_equal(text, "{\"a\":\"kept\",\"b\":null}\n");
		else
			assert_int_equal(strlen(text), strlen("{'a':'kept','b':''}\n") + 6 * len);
		free(text);
	}
}

/* Who asks, and how often. */
static int words_asked;

static int get_word(void *ctx, const struct record *record, uint32_t field, struct value *ret_value)
{
	(void)ctx;
	(void)field;
	words_asked++;
	*ret_value = (struct value){ .type = FIELD_TYPE_STRING, .bytes = { record->raw, 1 } };
	return 0;
}

static uint64_t get_subject(void *ctx, const struct record *record)
{
	(void)ctx;
	return *(const uint8_t *)record->raw;
}

static void test_write__who_it_was_is_remembered(void **state)
{
	static const struct field fields[] = {
		{ "a", FIELD_TYPE_U8, FIELD_ROLE_NONE, 1, 1, 1, -1, 0 },
		{ "b", FIELD_TYPE_STRING, FIELD_ROLE_NONE, 0, 0, 1, -1, FIELD_DERIVED | FIELD_WHO },
		{ "c", FIELD_TYPE_STRING, FIELD_ROLE_NONE, 1, 0, 1, -1, FIELD_DERIVED | FIELD_WHO },
		{ "d", FIELD_TYPE_U8, FIELD_ROLE_NONE, 1, 1, 1, -1, 0 },
		{ "e", FIELD_TYPE_STRING, FIELD_ROLE_NONE, 2, 0, 1, -1, FIELD_DERIVED | FIELD_WHO },
	};
	static const struct schema schema = {
		.fields = fields, .field_count = 5, .size = 2, .derived_count = 3
	};
	static const struct column_style styles[5];
	const struct event_stream events = { .name = "x", .schema = &schema, .styles = styles };
	const struct deriver deriver = { .get = get_word, .subject = get_subject };
	static const char *const raw[] = { "p\1", "p\2", "q\3", "p\4", "p" };
	struct record records[5];

	(void)state;
	for (size_t i = 0; i < 5; i++)
		records[i] = (struct record){
			.schema = &schema, .raw = raw[i], .raw_len = 2, .deriver = &deriver
		};
	records[4].raw_len = 1; /* too short for its schema */
	words_asked = 0;
	check(&(struct event_sink_options){ .streams = &events, .stream_count = 1 }, records, 5,
	      "{\"a\":1,\"b\":\"p\",\"c\":\"p\",\"d\":1,\"e\":\"p\"}\n"
	      "{\"a\":2,\"b\":\"p\",\"c\":\"p\",\"d\":2,\"e\":\"p\"}\n"
	      "{\"a\":3,\"b\":\"q\",\"c\":\"q\",\"d\":3,\"e\":\"q\"}\n"
	      "{\"a\":4,\"b\":\"p\",\"c\":\"p\",\"d\":4,\"e\":\"p\"}\n"
	      "{\"a\":null,\"b\":\"p\",\"c\":\"p\",\"d\":null,\"e\":\"p\"}\n");
	assert_int_equal(words_asked, 4 * 3);
}

/* Whatever a program left in its record, it is JSON. */
static void test_write__any_bytes(void **state)
{
	const struct event_sink_options options = { .streams = &batches, .stream_count = 1 };
	uint64_t random = 99;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct fixture_row row;
		const struct record record = fixture_record(&row);
		json_t *value;
		char *text;

		for (size_t k = 0; k < sizeof(row); k++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			((uint8_t *)&row)[k] = (uint8_t)(random >> 33);
		}
		text = fixture_write(EVENT_FORMAT_JSON, &options, &record, 1);
		value = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
		assert_non_null(value);
		assert_int_equal(json_object_size(json_array_get(value, 0)), 11);
		json_decref(value);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write__all_fields_sorted_and_nested),
		cmocka_unit_test(test_write__a_line_per_event_and_an_array_per_batch),
		cmocka_unit_test(test_write__skipped_fields_are_not_there),
		cmocka_unit_test(test_write__short_record),
		cmocka_unit_test(test_write__numbers_that_json_has_no_word_for),
		cmocka_unit_test(test_write__names_of_streams),
		cmocka_unit_test(test_write__strange_names),
		cmocka_unit_test(test_write__arrays_of_every_kind),
		cmocka_unit_test(test_write__long_texts),
		cmocka_unit_test(test_write__any_bytes),
		cmocka_unit_test(test_write__derived_texts),
		cmocka_unit_test(test_write__who_it_was_is_remembered),
	};

	return cmocka_run_group_tests_name("sink/json", tests, NULL, NULL);
}
