/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/mem.h"

#include "base/clock.h"
#include "rows.h"

static const struct step_spec step = { .decoder = "timestamp" };

/* The text of a moment of the boot clock, in a zone; to be freed. */
static char *format(const char *zone, uint64_t boot_ns)
{
	const struct decode_env env = { 0 };
	struct decode_chain *chain;
	struct strbuf out = STRBUF_INIT;
	char *text;

	setenv("TZ", zone, 1);
	tzset();
	assert_int_equal(decode_chain__open(&step, 1, sizeof(boot_ns), &env, &chain, NULL), 0);
	assert_int_equal(decode_chain__run(chain, &boot_ns, sizeof(boot_ns), &out, NULL),
			 DECODE_OK);
	decode_chain__close(chain);
	text = strbuf__take(&out);
	assert_non_null(text);
	return text;
}

static void test_run__own_layout(void **state)
{
	const struct spec_text layout = { .text = "[MST] Z07:00" };
	const struct step_spec own = { .decoder = "timestamp",
				       .patterns = &layout,
				       .pattern_count = 1 };
	const struct decode_env env = { 0 };
	uint64_t boot_ns = (uint64_t)clock_boottime_ns();
	struct decode_chain *chain;
	struct strbuf out = STRBUF_INIT;

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	assert_int_equal(decode_chain__open(&own, 1, sizeof(boot_ns), &env, &chain, NULL), 0);
	assert_int_equal(decode_chain__run(chain, &boot_ns, sizeof(boot_ns), &out, NULL),
			 DECODE_OK);
	decode_chain__close(chain);
	assert_string_equal(strbuf__text(&out), "[UTC] Z");
	strbuf__done(&out);
}

/* Seconds since the epoch of "YYYY-MM-DDTHH:MM:SS", taken for UTC. */
static time_t parse(const char *text)
{
	struct tm tm = { 0 };

	assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%S", &tm));
	return timegm(&tm);
}

static void test_run__wall_clock(void **state)
{
	int64_t before_ns = clock_wall_ns();
	char *text = format("UTC", (uint64_t)clock_boottime_ns());
	int64_t after_ns = clock_wall_ns();

	(void)state;
	assert_int_equal(strlen(text), strlen("2026-01-02T03:04:05.123456789Z"));
	assert_int_equal(text[19], '.');
	assert_string_equal(text + 29, "Z");
	assert_true(parse(text) >= before_ns / NS_PER_S - 1);
	assert_true(parse(text) <= after_ns / NS_PER_S + 1);
	free(text);
}

static void test_run__zones(void **state)
{
	uint64_t boot_ns = (uint64_t)clock_boottime_ns();
	char *utc = format("UTC", boot_ns);
	char *east = format("XXX-05:30", boot_ns);
	char *west = format("XXX+03", boot_ns);

	(void)state;
	assert_string_equal(east + 29, "+05:30");
	assert_string_equal(west + 29, "-03:00");
	/* Each looks at the clocks by itself, which may lie a second's end apart. */
	assert_true(labs(parse(east) - parse(utc) - 19800) <= 1);
	assert_true(labs(parse(west) - parse(utc) + 10800) <= 1);
	free(utc);
	free(east);
	free(west);
}

/* One chain, two moments: they lie as far apart as they did. */
static void test_run__keeps_distances(void **state)
{
	const struct decode_env env = { 0 };
	uint64_t moments[] = { (uint64_t)clock_boottime_ns(), 0 };
	struct decode_chain *chain;
	struct strbuf out = STRBUF_INIT;
	long first, second;

	(void)state;
	moments[1] = moments[0] + 7;
	assert_int_equal(decode_chain__open(&step, 1, 8, &env, &chain, NULL), 0);
	assert_int_equal(decode_chain__run(chain, &moments[0], 8, &out, NULL), DECODE_OK);
	first = strtol(strbuf__text(&out) + 20, NULL, 10);
	strbuf__reset(&out);
	assert_int_equal(decode_chain__run(chain, &moments[1], 8, &out, NULL), DECODE_OK);
	second = strtol(strbuf__text(&out) + 20, NULL, 10);
	assert_int_equal((second - first + NS_PER_S) % NS_PER_S, 7);
	strbuf__done(&out);
	decode_chain__close(chain);
}

static void test_run__rows(void **state)
{
	const struct decode_env env = { 0 };
	static const struct decode_row rows[] = {
		ROW("\0\0\0\0\0\0\0\0", DECODE_OK, ""),
		ROW("\xff\xff\xff\xff\xff\xff\xff\xff", -EOVERFLOW,
		    "18446744073709551615 ns since boot is no time"),
		ROW("\xff\xff\xff\xff\xff\xff\xff\x7f", -EOVERFLOW,
		    "9223372036854775807 ns since boot is no time"),
		ROW("1234", -EINVAL, "got 4 bytes; it takes 8"),
	};

	(void)state;
	assert_rows("timestamp", &env, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__own_layout), cmocka_unit_test(test_run__wall_clock),
		cmocka_unit_test(test_run__zones),      cmocka_unit_test(test_run__keeps_distances),
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
