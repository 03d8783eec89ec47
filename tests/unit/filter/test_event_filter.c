/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/event_filter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "tests/unit/filter/sample.h"

static const struct loc flag_at = { .file = "--filter" };

static struct event_filter *parse(const char *text)
{
	struct event_filter *filter = NULL;
	struct err err = ERR_INIT;

	if (event_filter_parse(text, &flag_at, &sample_schema, &filter, &err) < 0)
		fail_msg("'%s': %s", text, err.text);
	return filter;
}

static void test_match__conditions(void **state)
{
	static const struct {
		const char *text;
		int wanted;
	} rows[] = {
		{ "", 1 },
		{ "proc.comm=nginx", 1 },
		{ "proc.comm==nginx", 1 },
		{ " proc.comm =nginx", 1 },
		{ "proc.comm= nginx", 0 },
		{ "proc.comm!=nginx", 0 },
		{ "proc.comm=ngin", 0 },
		{ "proc.comm>nginw", 1 },
		{ "proc.comm<nginx", 0 },
		{ "proc.comm>=nginx", 1 },
		{ "proc.comm~^ng", 1 },
		{ "proc.comm~inx", 1 },
		{ "proc.comm~^inx", 0 },
		{ "proc.comm!~^ng", 0 },
		{ "proc.comm!~^a", 1 },
		{ "proc.pid=1234", 1 },
		{ "proc.pid = 1234 ", 1 },
		{ "proc.pid=0x4d2", 1 },
		{ "proc.pid=01234", 1 },
		{ "proc.pid!=1234", 0 },
		{ "proc.pid>1233", 1 },
		{ "proc.pid>1234", 0 },
		{ "proc.pid>=1234", 1 },
		{ "proc.pid<=1234", 1 },
		{ "proc.pid<1234", 0 },
		{ "error=-2", 1 },
		{ "error<0", 1 },
		{ "error>-3", 1 },
		{ "error>=-1", 0 },
		{ "bytes=18446744073709551615", 1 },
		{ "bytes>9223372036854775807", 1 },
		{ "kind<=255", 1 },
		{ "is_root=true", 1 },
		{ "is_root=1", 1 },
		{ "is_root!=false", 1 },
		{ "is_root=0", 0 },
		{ "share=0.5", 1 },
		{ "share>1e-3", 1 },
		{ "share<.25", 0 },
		{ "proc.comm=nginx,proc.pid>1000,error<0", 1 },
		{ "proc.comm=nginx,proc.pid<1000,error<0", 0 },
		{ "address~^10\\.", 1 },
		{ "address~[\\,.]", 1 },
		{ "address!=a\\,b", 1 },
	};
	const struct record record = sample_record(&sample_row);

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct event_filter *filter = parse(rows[i].text);

		if (event_filter__match(filter, &record) != rows[i].wanted)
			fail_msg("row %zu: '%s'", i, rows[i].text);
		event_filter__free(filter);
	}
}

static void test_match__escaped_commas(void **state)
{
	static const struct sample row = { .comm = "a,b" };
	const struct record record = sample_record(&row);
	struct event_filter *filter = parse("proc.comm=a\\,b,proc.pid=0");

	(void)state;
	assert_int_equal(event_filter__match(filter, &record), 1);
	event_filter__free(filter);
}

static void test_match__short_record(void **state)
{
	struct record record = sample_record(&sample_row);
	struct event_filter *filter = parse("proc.comm=nginx,share=0.5");

	(void)state;
	record.raw_len = 20;
	assert_int_equal(event_filter__match(filter, &record), -ERANGE);
	event_filter__free(filter);
}

static void test_parse__refuses(void **state)
{
	static const struct {
		const char *text;
		const char *wanted;
	} rows[] = {
		{ "comm=x", "--filter:1:1: sample has no field 'comm'; did you mean 'proc.comm'?" },
		{ "proc.pid=1,eror=1",
		  "--filter:1:12: sample has no field 'eror'; did you mean 'error'?" },
		{ "Error=1", "--filter:1:1: sample has no field 'Error'; did you mean 'error'?" },
		{ "zzzzzzzzzz=1", "--filter:1:1: sample has no field 'zzzzzzzzzz'; it has 'proc', "
				  "'proc.comm' or 'proc.pid' and others" },
		{ "=1", "--filter:1:1: the name of a field is missing" },
		{ "proc.pid", "--filter:1:9: 'proc.pid' has no comparison; write field OP value, "
			      "OP is one of == != > >= < <= ~ !~" },
		{ "proc.pid!5", "--filter:1:9: 'proc.pid!5' has no comparison; write field OP "
				"value, OP is one of == != > >= < <= ~ !~" },
		{ "proc.pid=1,", "--filter:1:12: a condition is missing; write field OP value" },
		{ "proc.pid=abc", "--filter:1:10: 'abc' is no number; field 'proc.pid' is a u32 "
				  "and needs one" },
		{ "proc.pid=", "--filter:1:10: '' is no number; field 'proc.pid' is a u32 and "
			       "needs one" },
		{ "proc.pid=-1", "--filter:1:10: -1 does not fit field 'proc.pid', a u32" },
		{ "kind=256", "--filter:1:6: 256 does not fit field 'kind', a u8" },
		{ "error=2147483648",
		  "--filter:1:7: 2147483648 does not fit field 'error', a s32" },
		{ "share=half", "--filter:1:7: 'half' is no number; field 'share' is a f64 and "
				"needs one" },
		{ "is_root=yes", "--filter:1:9: 'yes' is no truth value; field 'is_root' is true "
				 "or false" },
		{ "is_root>0", "--filter:1:1: field 'is_root' is true or false and has no order; "
			       "use == or !=" },
		{ "proc.pid~1", "--filter:1:1: field 'proc.pid' is a u32; regular expressions are "
				"for texts" },
		{ "proc.comm~(",
		  "--filter:1:11: regular expression '(': missing closing parenthesis" },
		{ "blob=1", "--filter:1:1: field 'blob' is bytes; only numbers, truth values and "
			    "texts can be compared" },
		{ "small=1", "--filter:1:1: field 'small' is bytes; only numbers, truth values "
			     "and texts can be compared" },
		{ "proc=1", "--filter:1:1: field 'proc' is a group; name one of it, as "
			    "'proc.comm' or 'proc.pid'" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct event_filter *filter = NULL;
		struct err err = ERR_INIT;
		char text[512];

		assert_true(event_filter_parse(rows[i].text, &flag_at, &sample_schema, &filter,
					       &err) < 0);
		assert_null(filter);
		err__format(&err, text, sizeof(text));
		if (strcmp(text, rows[i].wanted) != 0)
			fail_msg("row %zu: '%s'\n  is     %s\n  wanted %s", i, rows[i].text, text,
				 rows[i].wanted);
		err__done(&err);
	}
}

static void test_conditions__are_plain(void **state)
{
	struct event_filter *filter = parse("proc.comm~^n,proc.pid>=5");
	const struct filter_condition *conditions;
	uint32_t count;
	bool is_whole;

	(void)state;
	conditions = event_filter__conditions(filter, &count, &is_whole);
	assert_int_equal(count, 2);
	assert_true(is_whole);
	assert_int_equal(conditions[0].field, 1);
	assert_int_equal(conditions[0].op, MATCH_OP_REGEXP);
	assert_int_equal(conditions[0].value.bytes.len, 2);
	assert_int_equal(conditions[1].field, 2);
	assert_int_equal(conditions[1].op, MATCH_OP_GREATER_EQUAL);
	assert_int_equal(conditions[1].value.type, FIELD_TYPE_U64);
	assert_int_equal(conditions[1].value.u64, 5);
	assert_true(event_filter__reads(filter, 1));
	assert_true(event_filter__reads(filter, 2));
	assert_false(event_filter__reads(filter, 3));
	event_filter__free(filter);
}

/* Selectors of v0.21 configs are conditions of a spec by the time they get here. */
static void test_bind__specs(void **state)
{
	static const struct spec_text pid = { .text = "1234" }, one = { .text = "1" };
	static const struct spec_text comms[] = { { .text = "apache" }, { .text = "nginx" } };
	static const struct spec_text pattern = { .text = "^a" };
	static const struct {
		struct when_spec spec;
		int wanted;
	} rows[] = {
		{ { .field = "Proc.PID", .op = MATCH_OP_EQUAL, .values = &pid, .value_count = 1 },
		  1 },
		{ { .field = "proc.pid", .op = MATCH_OP_LESS, .values = &pid, .value_count = 1 },
		  0 },
		{ { .field = "proc.comm", .op = MATCH_OP_IN, .values = comms, .value_count = 2 },
		  1 },
		{ { .field = "proc.comm",
		    .op = MATCH_OP_NOT_IN,
		    .values = comms,
		    .value_count = 2 },
		  0 },
		{ { .field = "proc.comm", .op = MATCH_OP_IN }, 0 },
		{ { .field = "PROC.comm",
		    .op = MATCH_OP_NOT_REGEXP,
		    .values = &pattern,
		    .value_count = 1 },
		  1 },
		{ { .field = "kind", .op = MATCH_OP_GREATER, .values = &one, .value_count = 1 },
		  1 },
	};
	const struct record record = sample_record(&sample_row);

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct event_filter *filter = NULL;

		assert_int_equal(event_filter_bind(&rows[i].spec, 1, &sample_schema, &filter, NULL),
				 0);
		if (event_filter__match(filter, &record) != rows[i].wanted)
			fail_msg("row %zu", i);
		event_filter__free(filter);
	}
}

static void test_bind__refuses(void **state)
{
	static const struct spec_text value = { .text = "x" };
	static const struct {
		struct when_spec spec;
		int code;
	} rows[] = {
		{ { .field = "proc.comm", .op = MATCH_OP_CIDR, .values = &value, .value_count = 1 },
		  -EOPNOTSUPP },
		{ { .field = "proc.comm", .op = MATCH_OP_EQUAL }, -EINVAL },
		{ { .field = "proc.pid", .op = MATCH_OP_EQUAL, .values = &value, .value_count = 1 },
		  -EINVAL },
		{ { .field = "no.such", .op = MATCH_OP_EQUAL, .values = &value, .value_count = 1 },
		  -ENOENT },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct event_filter *filter = NULL;

		assert_int_equal(event_filter_bind(&rows[i].spec, 1, &sample_schema, &filter, NULL),
				 rows[i].code);
		assert_null(filter);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match__conditions),
		cmocka_unit_test(test_match__escaped_commas),
		cmocka_unit_test(test_match__short_record),
		cmocka_unit_test(test_parse__refuses),
		cmocka_unit_test(test_conditions__are_plain),
		cmocka_unit_test(test_bind__specs),
		cmocka_unit_test(test_bind__refuses),
	};

	return cmocka_run_group_tests_name("event_filter", tests, NULL, NULL);
}
