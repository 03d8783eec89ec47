/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/go_time.h"
#include "base/mem.h"

/* Thursday, 3 June 2004, 09:07:08 in a zone of its own. */
static const struct tm moment = { .tm_year = 104,
				  .tm_mon = 5,
				  .tm_mday = 3,
				  .tm_wday = 4,
				  .tm_yday = 154,
				  .tm_hour = 9,
				  .tm_min = 7,
				  .tm_sec = 8,
				  .tm_gmtoff = -(3 * 3600 + 30 * 60 + 15),
				  .tm_zone = "NST" };
static const struct tm midnight = { .tm_year = 100, .tm_mday = 31, .tm_mon = 11, .tm_wday = 0 };
static const struct tm afternoon = {
	.tm_year = -50, .tm_mday = 1, .tm_hour = 13, .tm_gmtoff = 3600
};

static const struct {
	const char *layout;
	const struct tm *tm;
	uint32_t nanoseconds;
	const char *expected;
} rows[] = {
	{ "2006-01-02T15:04:05.000000000Z07:00", &moment, 1,
	  "2004-06-03T09:07:08.000000001-03:30" },
	{ "2006-01-02T15:04:05Z07:00", &midnight, 0, "2000-12-31T00:00:00Z" },
	{ "Mon, 02 Jan 2006 15:04:05 MST", &moment, 0, "Thu, 03 Jun 2004 09:07:08 NST" },
	{ "Monday, January _2 2006", &moment, 0, "Thursday, June  3 2004" },
	{ "3:04PM 03:4pm", &moment, 0, "9:07AM 09:7am" },
	{ "3:04PM 15", &afternoon, 0, "1:00PM 13" },
	{ "3PM 15", &midnight, 0, "12AM 00" },
	{ "1/2/06", &moment, 0, "6/3/04" },
	{ "1/2/06", &afternoon, 0, "1/1/50" },
	{ "002 __2", &moment, 0, "155 155" },
	{ "5.000", &moment, 123456789, "8.123" },
	{ "5,000", &moment, 123456789, "8,123" },
	{ "5.999999", &moment, 120000000, "8.12" },
	{ "5.999", &moment, 0, "8" },
	{ "5.0005", &moment, 0, "8.0008" }, /* digits behind it: it is no fraction */
	{ "-07 -0700 -07:00 -070000 -07:00:00", &moment, 0, "-03 -0330 -03:30 -033015 -03:30:15" },
	{ "-07 Z0700 Z07:00:00", &afternoon, 0, "+01 +0100 +01:00:00" },
	{ "Z07 Z0700 -0700", &midnight, 0, "Z Z +0000" },
	{ "x_2006", &moment, 0, "x_2004" },
	{ "Janet Months", &moment, 0, "Janet Months" }, /* words that only begin so */
	{ "at T", &moment, 0, "at T" },
	{ "", &moment, 0, "" },
};

static void test_format__layouts(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct strbuf out = STRBUF_INIT;

		go_time_format(rows[i].layout, rows[i].tm, rows[i].nanoseconds, &out);
		assert_string_equal(strbuf__text(&out), rows[i].expected);
		strbuf__done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_format__layouts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
