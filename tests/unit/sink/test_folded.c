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

struct sample {
	int64_t count;
	char comm[16];
	const char *kernel, *user; /* what is derived */
};

enum { COUNT, KERNEL, COMM, USER, FIELD_COUNT };

static const struct field fields[] = {
	[COUNT] = { "samples", FIELD_TYPE_S64, FIELD_ROLE_NONE, offsetof(struct sample, count), 8,
		    1, -1, 0 },
	[KERNEL] = { "kernel", FIELD_TYPE_STRING, FIELD_ROLE_NONE, 0, 0, 1, -1, FIELD_DERIVED },
	[COMM] = { "comm", FIELD_TYPE_STRING, FIELD_ROLE_COMM, offsetof(struct sample, comm), 16, 1,
		   -1, 0 },
	[USER] = { "user", FIELD_TYPE_STRING, FIELD_ROLE_NONE, 1, 0, 1, -1, FIELD_DERIVED },
};

static const struct schema schema = {
	.id = 1,
	.name = "samples",
	.fields = fields,
	.field_count = FIELD_COUNT,
	.size = sizeof(struct sample),
	.derived_count = 2,
};

static const struct column_style styles[] = {
	[COUNT] = { .fold = FOLD_COUNT },
	[KERNEL] = { .fold = FOLD_STACK, .fold_order = 21 },
	[COMM] = { .fold = FOLD_FRAME, .fold_order = 10 },
	[USER] = { .fold = FOLD_STACK, .fold_order = 20 },
};

static const struct event_stream stream = {
	.name = "samples",
	.schema = &schema,
	.styles = styles,
	.is_batch = true,
};
static const struct event_sink_options options = { .streams = &stream, .stream_count = 1 };

static int get_stack(void *ctx, const struct record *record, uint32_t field,
		     struct value *ret_value)
{
	const struct sample *sample = record->raw;
	const char *text = field == KERNEL ? sample->kernel : sample->user;

	(void)ctx;
	*ret_value = (struct value){ .type = FIELD_TYPE_STRING };
	if (text) {
		ret_value->bytes.data = text;
		ret_value->bytes.len = strlen(text);
	}
	return 0;
}

static struct record record_of(const struct sample *sample)
{
	static const struct deriver deriver = { .get = get_stack };

	return (struct record){
		.schema = &schema, .raw = sample, .raw_len = sizeof(*sample), .deriver = &deriver
	};
}

static void test_write__lines(void **state)
{
	static const struct {
		struct sample sample;
		const char *line;
	} rows[] = {
		{ { 3, "cat", "do_read; sys_read", "read; main; _start" },
		  "cat;_start;main;read;sys_read;do_read 3\n" },
		{ { INT64_MAX, "cat", NULL, "main" }, "cat;main 9223372036854775807\n" },
		{ { 1, "kswapd0", "shrink", "" }, "kswapd0;shrink 1\n" },
		{ { 1, "lost", "", "" }, "lost 1\n" },
		{ { 2, "", NULL, NULL }, "[unknown] 2\n" },
		/* What would end a frame or the line. */
		{ { 1, "a b;c\td\n", NULL, "f(int, int); g" }, "a_b:c_d_;g;f(int,_int) 1\n" },
		{ { 1, "\xff\033[m", NULL, "gr\xc3\xbc\xc3\x9f; \xe2\x80\xae" },
		  "__[m;_;gr\xc3\xbc\xc3\x9f 1\n" },
		/* Frames without a name, and texts that are no more than what stands between them. */
		{ { 1, "x", NULL, "a; ; b" }, "x;b;a 1\n" },
		{ { 1, "x", "; ", ";" }, "x;: 1\n" },
		/* Nobody was there. */
		{ { 0, "cat", NULL, "main" }, "" },
		{ { -1, "cat", NULL, "main" }, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct record record = record_of(&rows[i].sample);
		char *text = fixture_write(EVENT_FORMAT_FOLDED, &options, &record, 1);

		assert_string_equal(text, rows[i].line);
		free(text);
	}
}

static void test_write__batches_follow_each_other(void **state)
{
	const struct sample samples[] = { { 1, "a", NULL, "main" }, { 2, "b", "idle", NULL } };
	const struct record records[] = { record_of(&samples[0]), record_of(&samples[1]) };
	char *text = fixture_write(EVENT_FORMAT_FOLDED, &options, records, 2);

	(void)state;
	assert_string_equal(text, "a;main 1\nb;idle 2\n");
	free(text);
	text = fixture_write(EVENT_FORMAT_FOLDED, &options, records, 0);
	assert_string_equal(text, "");
	free(text);
}

static void test_write__record_too_short(void **state)
{
	const struct sample sample = { 1, "a", NULL, "main" };
	struct record record = record_of(&sample);
	char *text;

	(void)state;
	record.raw_len = 4;
	text = fixture_write(EVENT_FORMAT_FOLDED, &options, &record, 1);
	assert_string_equal(text, "");
	free(text);
}

static void test_new__without_stacks_or_counts(void **state)
{
	const struct column_style without_stacks[FIELD_COUNT] = { [COUNT] = {
									  .fold = FOLD_COUNT } };
	const struct column_style without_counts[FIELD_COUNT] = { [USER] = { .fold = FOLD_STACK } };
	/* A text is no number. */
	const struct column_style miscounted[FIELD_COUNT] = {
		[USER] = { .fold = FOLD_STACK }, [COMM] = { .fold = FOLD_COUNT }
	};
	const struct column_style *const all[] = { without_stacks, without_counts, miscounted };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct event_stream plain = { .name = "samples",
						    .schema = &schema,
						    .styles = all[i] };
		const struct event_sink_options wrong = { .streams = &plain, .stream_count = 1 };
		struct err err = ERR_INIT;
		struct event_sink *sink;

		assert_int_equal(event_sink__new(EVENT_FORMAT_FOLDED, &wrong, &sink, &err),
				 -EINVAL);
		assert_non_null(strstr(err.text, "data source 'samples' has no stacks"));
		err__done(&err);
	}
}

static void test_reads__what_lines_are_made_of(void **state)
{
	struct column_style with_idle[FIELD_COUNT];
	const struct event_stream plain = { .name = "samples",
					    .schema = &schema,
					    .styles = with_idle };
	const struct event_sink_options some = { .streams = &plain, .stream_count = 1 };
	struct event_sink *sink;

	(void)state;
	memcpy(with_idle, styles, sizeof(styles));
	with_idle[COMM].fold = FOLD_NOTHING;
	assert_int_equal(event_sink__new(EVENT_FORMAT_FOLDED, &some, &sink, NULL), 0);
	assert_true(event_sink__reads(sink, 0, COUNT));
	assert_true(event_sink__reads(sink, 0, KERNEL));
	assert_true(event_sink__reads(sink, 0, USER));
	assert_false(event_sink__reads(sink, 0, COMM));
	event_sink__free(sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write__lines),
		cmocka_unit_test(test_write__batches_follow_each_other),
		cmocka_unit_test(test_write__record_too_short),
		cmocka_unit_test(test_new__without_stacks_or_counts),
		cmocka_unit_test(test_reads__what_lines_are_made_of),
	};

	return cmocka_run_group_tests_name("sink/folded", tests, NULL, NULL);
}
