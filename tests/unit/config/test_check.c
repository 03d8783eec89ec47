/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/load.h"

/* A spec of one good counter with one label, which each test spoils. */
struct fixture {
	struct program_spec program;
	struct field_spec fields[2];
	struct stream_spec streams[2];
	struct label_spec labels[2];
	struct metric_spec metrics[2];
	struct span_spec span;
	struct feed_spec feed;
	struct spec spec;
	struct err_list errors;
};

static int set_up(void **state)
{
	struct fixture *fixture = new_zero(struct fixture);

	if (!fixture)
		return -1;
	fixture->program = (struct program_spec){ .name = "x", .object = "x.bpf.o" };
	for (size_t i = 0; i < 2; i++) {
		fixture->fields[i] = (struct field_spec){ .name = "f", .size = 4 };
		fixture->streams[i] = (struct stream_spec){
			.name = "m", .map = "m", .fields = fixture->fields, .field_count = 2
		};
	}
	fixture->labels[0] = (struct label_spec){ .name = "a", .at = { "x.yaml", 3, 1 } };
	fixture->labels[1] =
		(struct label_spec){ .name = "b", .at = { "x.yaml", 4, 1 }, .field = 1 };
	fixture->metrics[0] = (struct metric_spec){ .name = "one",
						    .help = "h",
						    .labels = fixture->labels,
						    .label_count = 2,
						    .at = { "x.yaml", 2, 1 } };
	fixture->metrics[1] = (struct metric_spec){
		.name = "two", .help = "h", .stream = 1, .at = { "x.yaml", 5, 1 }
	};
	fixture->span = (struct span_spec){ .name = "s" };
	fixture->feed = (struct feed_spec){ .map = "m" };
	fixture->spec = (struct spec){
		.name = "x",
		.origin = "x.yaml",
		.programs = &fixture->program,
		.program_count = 1,
		.streams = fixture->streams,
		.stream_count = 2,
		.metrics = fixture->metrics,
		.metric_count = 2,
		.spans = &fixture->span,
		.span_count = 1,
		.feeds = &fixture->feed,
		.feed_count = 1,
	};
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	err_list__done(&fixture->errors);
	free(fixture);
	return 0;
}

static void assert_refused(struct fixture *fixture, int code, uint32_t line, const char *message)
{
	assert_int_equal(spec__check(&fixture->spec, &fixture->errors), code);
	assert_int_equal(fixture->errors.len, 1);
	assert_int_equal(fixture->errors.items[0].at.line, line);
	if (!strstr(fixture->errors.items[0].text, message))
		fail_msg("%s", fixture->errors.items[0].text);
}

static void test_check__good(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(spec__check(&fixture->spec, &fixture->errors), 0);
	assert_int_equal(fixture->errors.len, 0);
}

static void test_check__metric_twice(void **state)
{
	struct fixture *fixture = *state;

	fixture->metrics[1].name = "one";
	assert_refused(fixture, -EEXIST, 5, "x has two metrics 'one', the other on line 2");
}

static void test_check__metric_name_empty_or_not_utf8(void **state)
{
	struct fixture *fixture = *state;

	fixture->metrics[1].name = "";
	assert_refused(fixture, -EINVAL, 5, "has no name");
	err_list__done(&fixture->errors);
	fixture->metrics[1].name = "\xff";
	assert_refused(fixture, -EINVAL, 5, "not UTF-8");
}

static void test_check__label_twice(void **state)
{
	struct fixture *fixture = *state;

	fixture->labels[1].name = "a";
	assert_refused(fixture, -EEXIST, 4, "one has two labels 'a', the other on line 3");
}

static void test_check__label_names(void **state)
{
	struct fixture *fixture = *state;

	fixture->labels[1].name = "";
	assert_refused(fixture, -EINVAL, 4, "has no name");
	err_list__done(&fixture->errors);
	fixture->labels[1].name = "__x";
	assert_refused(fixture, -EINVAL, 4, "is reserved");
	err_list__done(&fixture->errors);
	fixture->labels[1].name = "le";
	assert_int_equal(spec__check(&fixture->spec, &fixture->errors), 0);
	fixture->metrics[0].kind = METRIC_KIND_HISTOGRAM;
	assert_refused(fixture, -EINVAL, 4, "label 'le'");
}

static void test_check__bucket_label_may_be_called_anything(void **state)
{
	static const char *const names[] = { "a", "le", "__x", "" };
	struct fixture *fixture = *state;

	fixture->metrics[0].kind = METRIC_KIND_HISTOGRAM;
	fixture->metrics[0].value = VALUE_KIND_KEY_BUCKET;
	for (size_t i = 0; i < array_size(names); i++) {
		fixture->labels[1].name = names[i];
		assert_int_equal(spec__check(&fixture->spec, &fixture->errors), 0);
	}
}

static void test_check__name_that_a_histogram_exports(void **state)
{
	static const char *const names[] = { "one_bucket", "one_count", "one_sum" };
	struct fixture *fixture = *state;

	fixture->metrics[0].kind = METRIC_KIND_HISTOGRAM;
	for (size_t i = 0; i < array_size(names); i++) {
		fixture->metrics[1].name = names[i];
		assert_refused(fixture, -EEXIST, 5,
			       "is also what histogram 'one' on line 2 exports");
		err_list__done(&fixture->errors);
	}
	fixture->metrics[1].name = "one_total";
	assert_int_equal(spec__check(&fixture->spec, &fixture->errors), 0);
}

static void test_check__indexes_out_of_range(void **state)
{
	struct fixture *fixture = *state;
	uint32_t *const indexes[] = {
		&fixture->streams[0].program, &fixture->metrics[1].stream,
		&fixture->labels[1].field,    &fixture->feed.program,
		&fixture->span.stream,
	};

	for (size_t i = 0; i < array_size(indexes); i++) {
		uint32_t good = *indexes[i];

		*indexes[i] = 2;
		assert_int_equal(spec__check(&fixture->spec, &fixture->errors), -ERANGE);
		err_list__done(&fixture->errors);
		*indexes[i] = good;
	}
	fixture->streams[0].program = SPEC_NONE; /* a builtin stream */
	fixture->labels[1].field = SPEC_NONE;    /* the CPU */
	assert_int_equal(spec__check(&fixture->spec, &fixture->errors), 0);
}

static void test_check__stream_without_map(void **state)
{
	struct fixture *fixture = *state;

	fixture->streams[0].map = "";
	assert_refused(fixture, -EINVAL, 0, "stream 'm' has no map");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_check__good),
		TEST(test_check__metric_twice),
		TEST(test_check__metric_name_empty_or_not_utf8),
		TEST(test_check__label_twice),
		TEST(test_check__label_names),
		TEST(test_check__bucket_label_may_be_called_anything),
		TEST(test_check__name_that_a_histogram_exports),
		TEST(test_check__indexes_out_of_range),
		TEST(test_check__stream_without_map),
	};

	return cmocka_run_group_tests_name("config/check", tests, NULL, NULL);
}
