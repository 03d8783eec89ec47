/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/order.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/filter/sample.h"

#define MAX_ROWS 8

static const struct loc flag_at = { .file = "--sort" };

/* Pids of the rows in the order that the text makes of them. */
static void check_order(const char *text, const struct sample *rows, size_t count,
			const uint32_t *wanted)
{
	struct record records[MAX_ROWS];
	struct order *order = NULL;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < count; i++)
		records[i] = sample_record(&rows[i]);
	if (order_parse(text, &flag_at, "file", &sample_schema, &order, &err) < 0)
		fail_msg("'%s': %s", text, err.text);
	assert_non_null(order);
	for (int round = 0; round < 2; round++)
		assert_int_equal(order__sort(order, records, count), 0);
	for (size_t i = 0; i < count; i++)
		if (((const struct sample *)records[i].raw)->pid != wanted[i])
			fail_msg("'%s': row %zu is %u, not %u", text, i,
				 ((const struct sample *)records[i].raw)->pid, wanted[i]);
	order__free(order);
}

static void test_sort__fields(void **state)
{
	static const struct sample rows[] = {
		{ .pid = 1, .comm = "b", .error = -5, .share = 2, .kind = 1 },
		{ .pid = 2, .comm = "a", .error = 5, .share = (double)NAN, .kind = 1 },
		{ .pid = 3, .comm = "b", .error = 0, .share = -1, .kind = 1 },
		{ .pid = 4, .comm = "c", .error = -5, .share = 1, .kind = 1 },
	};
	static const struct {
		const char *text;
		uint32_t wanted[4];
	} cases[] = {
		{ "proc.pid", { 1, 2, 3, 4 } },
		{ "-proc.pid", { 4, 3, 2, 1 } },
		{ "proc.comm", { 2, 1, 3, 4 } },
		{ "-proc.comm", { 4, 1, 3, 2 } },
		{ "proc.comm,-proc.pid", { 2, 3, 1, 4 } },
		{ "error", { 1, 4, 3, 2 } },
		{ "share", { 2, 3, 4, 1 } },
		{ "-share", { 1, 4, 3, 2 } },
		{ "kind", { 1, 2, 3, 4 } },
		{ "-kind", { 1, 2, 3, 4 } },
		{ "tcp:-proc.pid;file:-error", { 2, 3, 1, 4 } },
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++)
		check_order(cases[i].text, rows, array_size(rows), cases[i].wanted);
}

static void test_sort__short_records_are_least(void **state)
{
	static const struct sample rows[] = { { .pid = 1 }, { .pid = 2 } };
	struct record records[] = { sample_record(&rows[0]), sample_record(&rows[1]) };
	struct order *order = NULL;

	(void)state;
	records[1].raw_len = 4;
	assert_int_equal(order_parse("proc.pid", NULL, "file", &sample_schema, &order, NULL), 0);
	assert_int_equal(order__sort(order, records, 2), 0);
	assert_ptr_equal(records[0].raw, &rows[1]);
	order__free(order);
}

static void test_parse__says_nothing_of_the_stream(void **state)
{
	struct order *order = NULL;

	(void)state;
	assert_int_equal(order_parse("tcp:sent", NULL, "file", &sample_schema, &order, NULL), 0);
	assert_null(order);
	assert_int_equal(order_parse("", NULL, "file", &sample_schema, &order, NULL), 0);
	assert_null(order);
}

static void test_parse__refuses(void **state)
{
	static const struct {
		const char *text;
		const char *wanted;
	} rows[] = {
		{ "pid", "--sort:1:1: sample has no field 'pid'; did you mean 'proc.pid'?" },
		{ "kind,-eror", "--sort:1:7: sample has no field 'eror'; did you mean 'error'?" },
		{ "tcp:x;file:eror",
		  "--sort:1:12: sample has no field 'eror'; did you mean 'error'?" },
		{ "kind,", "--sort:1:6: the name of a field is missing" },
		{ "-", "--sort:1:2: the name of a field is missing" },
		{ "blob", "--sort:1:1: field 'blob' is bytes; only numbers, truth values and "
			  "texts can be compared" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct order *order = NULL;
		struct err err = ERR_INIT;
		char text[512];

		assert_true(order_parse(rows[i].text, &flag_at, "file", &sample_schema, &order,
					&err) < 0);
		assert_null(order);
		err__format(&err, text, sizeof(text));
		assert_string_equal(text, rows[i].wanted);
		err__done(&err);
	}
}

static void test_max_entries__of_streams(void **state)
{
	static const struct {
		const char *text;
		uint64_t wanted; /* for "file" */
	} rows[] = {
		{ "", ORDER_NO_LIMIT },
		{ "10", 10 },
		{ "0", 0 },
		{ "-1", ORDER_NO_LIMIT },
		{ "file:10,tcp:5", 10 },
		{ "tcp:5", ORDER_NO_LIMIT },
		{ "3,file:7", 7 },
		{ "file:-1", ORDER_NO_LIMIT },
	};
	static const char *const bad[] = { "x", "file:", "file:x", "10,", "-2", "1.5" };
	uint64_t limit;

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		assert_int_equal(max_entries_parse(rows[i].text, NULL, "file", &limit, NULL), 0);
		assert_int_equal(limit, rows[i].wanted);
	}
	for (size_t i = 0; i < array_size(bad); i++)
		assert_int_equal(max_entries_parse(bad[i], NULL, "file", &limit, NULL), -EINVAL);
}

static void test_check_streams__names(void **state)
{
	static const char *const streams[] = { "file", "tcp" };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(order_check_streams("file:-x;tcp:y", &flag_at, ';', streams, 2, &err), 0);
	assert_int_equal(order_check_streams("x,y", &flag_at, ';', streams, 2, &err), 0);
	assert_int_equal(order_check_streams("tcp:1,fil:2", &flag_at, ',', streams, 2, &err),
			 -EINVAL);
	assert_string_equal(err.text, "there is no data source 'fil'; did you mean 'file'?");
	assert_int_equal(err.at.column, 7);
	err__done(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort__fields),
		cmocka_unit_test(test_sort__short_records_are_least),
		cmocka_unit_test(test_parse__says_nothing_of_the_stream),
		cmocka_unit_test(test_parse__refuses),
		cmocka_unit_test(test_max_entries__of_streams),
		cmocka_unit_test(test_check_streams__names),
	};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
