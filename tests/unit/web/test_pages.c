/* SPDX-License-Identifier: Apache-2.0 */
#include "web/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_has(struct strbuf *text, const char *part)
{
	if (!strstr(strbuf__text(text), part))
		fail_msg("no '%s' in: %s", part, strbuf__text(text));
}

static void test_write__shows_programs_and_metrics(void **state)
{
	const struct page_program programs[] = {
		{ .name = "on_switch",
		  .hook = "tp_btf sched_switch",
		  .state = "attached",
		  .mood = PAGE_GOOD },
		{ .name = "on_open",
		  .hook = "kprobe do_open",
		  .state = "not attached",
		  .reason = "no function 'do_open'",
		  .mood = PAGE_BAD },
	};
	const struct page_metric metrics[] = {
		{ .name = "ebpf_exporter_x",
		  .help = "What x is",
		  .kind = "counter",
		  .map = "x",
		  .method = "batch",
		  .count = 42 },
		{ .name = "call",
		  .help = "not sent",
		  .kind = "span",
		  .map = "calls",
		  .method = "",
		  .count = 7,
		  .counted = "received" },
	};
	const struct page_config configs[] = {
		{ .name = "one",
		  .origin = "/etc/one.yaml",
		  .programs = programs,
		  .program_count = 2,
		  .metrics = metrics,
		  .metric_count = 2 },
		{ .name = "two", .origin = "/etc/two.yaml", .error = "object: no such file" },
	};
	const struct page_link links[] = { { "/metrics", "Metrics" }, { "/healthz", "Health" } };
	const struct page page = {
		.title = "sonde",
		.version = "1.2",
		.uptime_s = 3700,
		.links = links,
		.link_count = 2,
		.configs = configs,
		.config_count = 2,
	};
	struct strbuf out = STRBUF_INIT;

	(void)state;
	page__write(&page, &out);
	assert_has(&out, "<h1>sonde</h1>");
	assert_has(&out, "version 1.2, running for 1 h 1 min<");
	assert_has(&out, "<p class=partly>1 of 2 programs attached, 1 config not running</p>");
	assert_has(&out, "<a href=\"/metrics\">Metrics</a>");
	assert_has(&out, "<code>on_switch</code></td><td>tp_btf sched_switch</td>"
			 "<td><span class=good>attached</span></td>");
	assert_has(&out, "<span class=bad>not attached</span>: no function &#39;do_open&#39;</td>");
	assert_has(
		&out,
		"<code>x</code> by batch<span class=apart>,</span></td><td class=number>42 series</td>");
	assert_has(&out, "<code>calls</code><span class=apart>,</span></td>"
			 "<td class=number>7 received</td>");
	assert_has(&out, "<p class=bad>object: no such file</p>");
	assert_has(&out, "</body></html>\n");
	strbuf__done(&out);
}

static void test_write__escapes_what_came_from_outside(void **state)
{
	const struct page_config config = { .name = "<script>", .origin = "\"a\"&'b'" };
	const struct page_link link = { "/m\"><b>", "<i>" };
	const struct page page = {
		.title = "t",
		.version = "<v>",
		.links = &link,
		.link_count = 1,
		.configs = &config,
		.config_count = 1,
	};
	struct strbuf out = STRBUF_INIT;

	(void)state;
	page__write(&page, &out);
	assert_null(strstr(strbuf__text(&out), "<script>"));
	assert_null(strstr(strbuf__text(&out), "<b>"));
	assert_null(strstr(strbuf__text(&out), "<i>"));
	assert_has(&out, "&lt;script&gt;");
	assert_has(&out, "&quot;a&quot;&amp;&#39;b&#39;");
	strbuf__done(&out);
}

static void test_write__says_who_is_known(void **state)
{
	static const char *const who[] = { "2 containers.", "<b> at /run/x.sock" };
	const struct page nobody = { .title = "t", .version = "1" };
	const struct page page = { .title = "t", .version = "1", .who = who, .who_count = 2 };
	struct strbuf out = STRBUF_INIT;

	(void)state;
	page__write(&nobody, &out);
	assert_null(strstr(strbuf__text(&out), "<h2>Who"));
	page__write(&page, &out);
	assert_has(&out, "<h2>Who</h2>");
	assert_has(&out, "<li>2 containers.</li>");
	assert_has(&out, "<li>&lt;b&gt; at /run/x.sock</li>");
	strbuf__done(&out);
}

static void test_write__counts_time(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {
		{ 0, "running for 0 s<" },
		{ 59, "running for 59 s<" },
		{ 60, "running for 1 min 0 s<" },
		{ 3599, "running for 59 min 59 s<" },
		{ 86399, "running for 23 h 59 min<" },
		{ 90000, "running for 1 d 1 h<" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct page page = { .title = "t",
					   .version = "v",
					   .uptime_s = rows[i].seconds };
		struct strbuf out = STRBUF_INIT;

		page__write(&page, &out);
		assert_has(&out, rows[i].text);
		assert_has(&out, "No config is loaded.");
		strbuf__done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write__shows_programs_and_metrics),
		cmocka_unit_test(test_write__escapes_what_came_from_outside),
		cmocka_unit_test(test_write__says_who_is_known),
		cmocka_unit_test(test_write__counts_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
