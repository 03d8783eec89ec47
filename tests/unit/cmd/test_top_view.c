/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/top_view.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct ledger_entry entries[4];

/* Sorting moves the entries, so that each test starts from its own. */
static struct ledger_report make_report(void)
{
	const struct ledger_entry fresh[] = {
		{ .config = "tcp",
		  .name = "ebpf_exporter_rtt_seconds",
		  .kind = "histogram",
		  .is_active = true,
		  .kernel_ns_per_s = 85,
		  .agent_ns_per_s = 20800,
		  .runs_per_s = 12.5,
		  .series = 7,
		  .series_limit = 1048576,
		  .fill_ratio = 0.25,
		  .memory_bytes = 865280,
		  .scrape_bytes = 23961 },
		{ .config = "gone",
		  .name = "ebpf_exporter_gone",
		  .kind = "counter",
		  .error = "no map 'gone'" },
		{ .config = "sys",
		  .name = "ebpf_exporter_syscalls_with_a_long_name_total",
		  .kind = "counter",
		  .is_active = true,
		  .kernel_ns_per_s = 2010000,
		  .agent_ns_per_s = 0,
		  .runs_per_s = 123456,
		  .series = 100,
		  .series_limit = 100,
		  .fill_ratio = 1,
		  .lost = 12000,
		  .overflowed = 345,
		  .decode_errors = 1,
		  .read_errors = 2,
		  .memory_bytes = 4096,
		  .scrape_bytes = 512 },
		{ .config = "s",
		  .name = "a\033[2Jspan",
		  .kind = "span",
		  .is_active = true,
		  .kernel_ns_per_s = (double)NAN,
		  .agent_ns_per_s = (double)NAN,
		  .runs_per_s = (double)NAN,
		  .fill_ratio = (double)NAN,
		  .memory_bytes = (double)NAN },
	};

	memcpy(entries, fresh, sizeof(entries));
	return (struct ledger_report){
		.version = "1.2", .statement = "Sampled.", .entries = entries, .entry_count = 4
	};
}

static void assert_view(const struct top_view *view, const char *expected)
{
	struct strbuf out = STRBUF_INIT;

	top_view__write(view, &out);
	if (strcmp(strbuf__text(&out), expected) != 0)
		fail_msg("got:\n%s\nexpected:\n%s", strbuf__text(&out), expected);
	strbuf__done(&out);
}

static void test_write__as_plain_text(void **state)
{
	struct ledger_report report = make_report();
	const struct top_view view = { .report = &report, .url = "http://h/ledger.json" };

	(void)state;
	top_view__sort(&report, TOP_KERNEL);
	assert_view(
		&view,
		"sonde 1.2 at http://h/ledger.json\n"
		"Sampled.\n"
		"All: kernel 2.01ms/s, sonde 20.8µs/s, 107 series, memory 849K, exposition 23.9K\n"
		"METRIC                                         KERNEL   SONDE RUNS/S SERIES  LIMIT   FILL  LOST   ERR MEMORY  BYTES  CONFIG\n"
		"ebpf_exporter_syscalls_with_a_long_name_total  2.01ms       0   123k    100    100   100% 12.3k     3  4.00K   512B  sys\n"
		"ebpf_exporter_rtt_seconds                      85.0ns  20.8µs   12.5      7  1.05M  25.0%     0     0   845K  23.4K  tcp\n"
		"a?[2Jspan                                           -       -      -      -      -      -     0     0      -     0B  s\n"
		"ebpf_exporter_gone                            no map 'gone'\n");
}

static void test_write__on_a_screen_of_80_columns(void **state)
{
	struct ledger_report report = make_report();
	const struct top_view view = { .report = &report,
				       .url = "http://h/ledger.json",
				       .order = TOP_MEMORY,
				       .columns = 80,
				       .rows = 9,
				       .is_screen = true };

	(void)state;
	top_view__sort(&report, TOP_MEMORY);
	assert_view(
		&view,
		"\033[H\033[1msonde 1.2 at http://h/ledger.json\033[0m\033[K\n"
		"Sampled.\033[K\n"
		"All: kernel 2.01ms/s, sonde 20.8µs/s, 107 series, memory 849K, exposition 23.9K\033[K\n"
		"\033[7mMETRIC ebpf_exporter_…    KERNEL   SONDE SERIES   FILL  LOST   ERR "
		"\033[0m\033[1mMEMORY\033[0m\033[7m  BYTES\033[0m\033[K\n"
		"rtt_seconds               85.0ns  20.8µs      7  25.0%     0     0   845K  23.4K\033[K\n"
		"syscalls_with_a_long_na…  2.01ms       0    100   100% 12.3k     3  4.00K   512B\033[K\n"
		"a?[2Jspan                      -       -      -      -     0     0      -     0B\033[K\n"
		"gone                     no map 'gone'\033[K\n"
		"\033[J\033[9;1Hq quit  k kernel  s sonde  m memory  e series  f fill  l lost  b bytes  n name\033[K");
}

static void test_write__no_line_is_wider_than_the_screen(void **state)
{
	struct ledger_report report = make_report();

	(void)state;
	for (size_t columns = 40; columns < 200; columns++) {
		const struct top_view view = { .report = &report,
					       .url = "http://h/ledger.json",
					       .columns = columns,
					       .rows = 24,
					       .is_screen = true };
		struct strbuf out = STRBUF_INIT;
		size_t width = 0;

		top_view__write(&view, &out);
		for (const char *c = strbuf__text(&out); *c; c++) {
			if (*c == '\033')
				c += strcspn(c, "HJKm");
			else if (*c == '\n')
				width = 0;
			else if (((unsigned char)*c & 0xc0) != 0x80 && ++width > columns)
				fail_msg("a line of more than %zu columns", columns);
		}
		strbuf__done(&out);
	}
}

static void test_write__scrolls_to_the_end_and_no_further(void **state)
{
	struct ledger_report report = make_report();
	struct top_view view = {
		.report = &report, .url = "u", .columns = 80, .rows = 7, .is_screen = true
	};
	struct strbuf out = STRBUF_INIT;

	(void)state;
	top_view__sort(&report, TOP_NAME);
	assert_int_equal(top_view__last_scroll(&view), 2);
	view.scroll = 2;
	top_view__write(&view, &out);
	assert_null(strstr(strbuf__text(&out), "a?[2Jspan"));
	assert_non_null(strstr(strbuf__text(&out), "\ngone "));
	strbuf__done(&out);
	view.rows = 24;
	assert_int_equal(top_view__last_scroll(&view), 0);
}

static void test_write__says_what_is_wrong(void **state)
{
	const struct top_view nothing_yet = {
		.url = "u", .problem = "cannot\tget u", .columns = 30, .rows = 5, .is_screen = true
	};

	(void)state;
	assert_view(&nothing_yet, "\033[H\033[1msonde  at u\033[0m\033[K\n"
				  "\033[7mcannot?get u\033[0m\033[K\n"
				  "\033[J\033[5;1Hq quit  k kernel  s sonde  m …\033[K");
}

/* The other side may be anybody. */
static void test_write__a_name_may_be_empty(void **state)
{
	struct ledger_entry hostile[] = {
		{ .config = "c", .name = "", .kind = "counter", .is_active = true },
		{ .config = "c", .name = "abcdefgh_i", .kind = "counter", .is_active = true },
	};
	struct ledger_report report = {
		.version = "1", .statement = "", .entries = hostile, .entry_count = 2
	};
	const struct top_view view = {
		.report = &report, .url = "u", .columns = 80, .rows = 9, .is_screen = true
	};
	struct strbuf out = STRBUF_INIT;

	(void)state;
	top_view__write(&view, &out);
	assert_non_null(strstr(strbuf__text(&out), "\nabcdefgh_i "));
	assert_non_null(strstr(strbuf__text(&out), "METRIC  "));
	strbuf__done(&out);
}

static void test_write__a_long_name_is_not_paid_for_in_every_line(void **state)
{
	static char name[100000];
	struct ledger_entry hostile[] = {
		{ .config = "c", .name = name, .kind = "counter", .is_active = true },
		{ .config = "c", .name = "n", .kind = "counter", .is_active = true },
	};
	struct ledger_report report = {
		.version = "1", .statement = "", .entries = hostile, .entry_count = 2
	};
	const struct top_view view = { .report = &report, .url = "u" };
	struct strbuf out = STRBUF_INIT;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	top_view__write(&view, &out);
	assert_in_range(out.len, 2000, 5000);
	strbuf__done(&out);
}

static void test_order__keys_and_names(void **state)
{
	struct strbuf names = STRBUF_INIT;

	(void)state;
	assert_int_equal(top_order_of_key('m'), TOP_MEMORY);
	assert_int_equal(top_order_of_key('q'), -1);
	assert_int_equal(top_order_of_name("lost"), TOP_LOST);
	assert_int_equal(top_order_of_name(""), -1);
	top_order_names(&names);
	assert_string_equal(strbuf__text(&names),
			    "kernel, sonde, memory, series, fill, lost, bytes, name");
	strbuf__done(&names);
}

static void test_sort__unknown_and_inactive_come_last(void **state)
{
	static const struct {
		enum top_order order;
		const char *configs[4];
	} rows[] = {
		{ TOP_KERNEL, { "sys", "tcp", "s", "gone" } },
		{ TOP_SONDE, { "tcp", "sys", "s", "gone" } },
		{ TOP_LOST, { "sys", "tcp", "s", "gone" } },
		{ TOP_NAME, { "s", "tcp", "sys", "gone" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ledger_report report = make_report();

		top_view__sort(&report, rows[i].order);
		for (size_t k = 0; k < 4; k++)
			assert_string_equal(report.entries[k].config, rows[i].configs[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write__as_plain_text),
		cmocka_unit_test(test_write__on_a_screen_of_80_columns),
		cmocka_unit_test(test_write__no_line_is_wider_than_the_screen),
		cmocka_unit_test(test_write__scrolls_to_the_end_and_no_further),
		cmocka_unit_test(test_write__says_what_is_wrong),
		cmocka_unit_test(test_write__a_name_may_be_empty),
		cmocka_unit_test(test_write__a_long_name_is_not_paid_for_in_every_line),
		cmocka_unit_test(test_order__keys_and_names),
		cmocka_unit_test(test_sort__unknown_and_inactive_come_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
