/* SPDX-License-Identifier: Apache-2.0 */
#include "base/human.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct row {
	double value;
	const char *text;
};

static void assert_rows(const char *(*format)(char *buf, double value), const struct row *rows,
			size_t count)
{
	char buf[HUMAN_MAX];

	assert_string_equal(format(buf, (double)NAN), "-");
	assert_string_equal(format(buf, (double)INFINITY), "-");
	assert_string_equal(format(buf, -1), "-");
	for (size_t i = 0; i < count; i++)
		assert_string_equal(format(buf, rows[i].value), rows[i].text);
}

static void test_count__rows(void **state)
{
	static const struct row rows[] = {
		{ 0, "0" },           { 7, "7" },          { 0.25, "0.2" },
		{ 99.94, "99.9" },    { 99.96, "100" },    { 1234.5, "1234" },
		{ 9999, "9999" },     { 9999.6, "10.0k" }, { 12345, "12.3k" },
		{ 99960, "100k" },    { 999400, "999k" },  { 999500, "1.00M" },
		{ 1048576, "1.05M" }, { 2e9, "2.00G" },    { 18446744073709551615.0, "18.4E" },
	};

	(void)state;
	assert_rows(human_count, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_bytes__rows(void **state)
{
	static const struct row rows[] = {
		{ 0, "0B" },          { 239, "239B" },    { 999, "999B" },    { 1000, "1.00K" },
		{ 1024, "1.00K" },    { 4096, "4.00K" },  { 23961, "23.4K" }, { 1048576, "1.00M" },
		{ 1268777, "1.21M" }, { 5.5e9, "5.12G" },
	};

	(void)state;
	assert_rows(human_bytes, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_time__rows(void **state)
{
	static const struct row rows[] = {
		{ 0, "0" },          { 0.4, "0.4ns" },       { 85, "85.0ns" },
		{ 999.4, "999ns" },  { 999.6, "1.00µs" },    { 1234, "1.23µs" },
		{ 12345, "12.3µs" }, { 999499999, "999ms" }, { 2e9, "2.00s" },
	};

	(void)state;
	assert_rows(human_time, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_ratio__rows(void **state)
{
	static const struct row rows[] = {
		{ 0, "0.0%" },       { 0.0004, "0.0%" }, { 0.125, "12.5%" },
		{ 0.9994, "99.9%" }, { 0.9996, "100%" }, { 1, "100%" },
	};

	(void)state;
	assert_rows(human_ratio, rows, sizeof(rows) / sizeof(rows[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count__rows),
		cmocka_unit_test(test_bytes__rows),
		cmocka_unit_test(test_time__rows),
		cmocka_unit_test(test_ratio__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
