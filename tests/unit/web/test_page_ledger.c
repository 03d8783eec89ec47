/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/pages.h"

/* As a person reads it: the words between the tags, one blank apart. */
static void strip_tags(const char *html, struct strbuf *out)
{
	bool is_tag = false, needs_blank = false;

	for (; *html; html++) {
		is_tag |= *html == '<';
		/* A place where a word may break is no end of it. */
		if (*html == ' ' || *html == '\n' ||
		    (*html == '<' && strncmp(html, "<wbr", 4) != 0))
			needs_blank = true;
		else if (!is_tag && needs_blank)
			strbuf__add_char(out, ' ');
		if (!is_tag && *html != ' ' && *html != '\n') {
			strbuf__add_char(out, *html);
			needs_blank = false;
		}
		if (*html == '>')
			is_tag = false;
	}
}

static const struct page_cost rows[] = {
	{ .config = "tcp",
	  .name = "ebpf_exporter_rtt_seconds",
	  .kernel_ns_per_s = 2010000,
	  .agent_ns_per_s = 20800,
	  .series = 7,
	  .series_limit = 1048576,
	  .fill_ratio = 0.25,
	  .memory_bytes = 865280,
	  .scrape_bytes = 23961 },
	{ .config = "odd",
	  .name = "full",
	  .kernel_ns_per_s = 500,
	  .agent_ns_per_s = 0,
	  .series = 100,
	  .series_limit = 100,
	  .fill_ratio = 1,
	  .lost = 12345,
	  .errors = 3,
	  .memory_bytes = 4096,
	  .scrape_bytes = 512 },
};

static void test_write__is_readable_without_tags(void **state)
{
	const struct page_ledger ledger = {
		.statement = "Sampled.", .is_complete = true, .rows = rows, .row_count = 2
	};
	struct strbuf html = STRBUF_INIT, text = STRBUF_INIT;

	(void)state;
	page_ledger__write(&ledger, &html);
	strip_tags(strbuf__text(&html), &text);
	assert_non_null(strstr(
		strbuf__text(&text),
		"What it costs Sampled. Metric Kernel Sonde Series Fill Lost Errors Memory Bytes "
		"ebpf_exporter_rtt_seconds tcp 2.01ms 20.8µs 7/1.05M 25.0% 0 0 845K 23.4K "
		"full odd 500ns 0 100/100 100% 12.3k 3 4.00K 512B "
		"all 2.01ms 20.8µs 107 - 12.3k 3 849K 23.9K "));
	/* What should not be is marked. */
	assert_non_null(strstr(strbuf__text(&html), "<b class=bad>100/100</b>"));
	assert_non_null(strstr(strbuf__text(&html), "<b class=bad>100%</b>"));
	assert_non_null(strstr(strbuf__text(&html), "<b class=bad>12.3k</b>"));
	assert_null(strstr(strbuf__text(&html), "<b class=bad>7/1.05M</b>"));
	strbuf__done(&html);
	strbuf__done(&text);
}

static void test_write__says_what_is_not_known(void **state)
{
	const struct page_cost cost = { .config = "c",
					.name = "m",
					.kernel_ns_per_s = (double)NAN,
					.agent_ns_per_s = 7,
					.series = (double)NAN,
					.series_limit = (double)NAN,
					.fill_ratio = (double)NAN,
					.memory_bytes = 1,
					.scrape_bytes = (double)NAN };
	const struct page_ledger ledger = { .statement = "Not known: no privilege.",
					    .rows = &cost,
					    .row_count = 1 };
	struct strbuf html = STRBUF_INIT, text = STRBUF_INIT;

	(void)state;
	page_ledger__write(&ledger, &html);
	strip_tags(strbuf__text(&html), &text);
	assert_non_null(
		strstr(strbuf__text(&html), "<p class=partly>Not known: no privilege.</p>"));
	assert_non_null(
		strstr(strbuf__text(&text), "m c - 7.0ns - - 0 0 1B - all - 7.0ns - - 0 0 1B - "));
	strbuf__done(&html);
	strbuf__done(&text);
}

static void test_write__escapes_names(void **state)
{
	const struct page_cost cost = { .config = "<b>", .name = "a_<script>_\"" };
	const struct page_ledger ledger = { .statement = "<i>", .rows = &cost, .row_count = 1 };
	struct strbuf html = STRBUF_INIT;

	(void)state;
	page_ledger__write(&ledger, &html);
	assert_non_null(
		strstr(strbuf__text(&html), "<code>a_<wbr>&lt;script&gt;_<wbr>&quot;</code>"));
	assert_non_null(strstr(strbuf__text(&html), "<span class=config>&lt;b&gt;</span>"));
	assert_non_null(strstr(strbuf__text(&html), ">&lt;i&gt;</p>"));
	strbuf__done(&html);
}

static void test_write__nothing_of_nothing(void **state)
{
	const struct page_ledger ledger = { .statement = "x" };
	struct strbuf html = STRBUF_INIT;

	(void)state;
	page_ledger__write(&ledger, &html);
	assert_int_equal(html.len, 0);
	strbuf__done(&html);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write__is_readable_without_tags),
		cmocka_unit_test(test_write__says_what_is_not_known),
		cmocka_unit_test(test_write__escapes_names),
		cmocka_unit_test(test_write__nothing_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
