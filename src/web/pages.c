/* SPDX-License-Identifier: Apache-2.0 */
#include "web/pages.h"

#include "web/html.h"

/* No script, no font and no picture: the page is one file, and a text browser loses nothing. Tables become
 * stacked cards where the window is narrower than they are. */
static const char style[] =
	":root{color-scheme:light dark;--line:#8884;--good:#197a3e;--partly:#9a6400;--bad:#c02626}"
	"@media(prefers-color-scheme:dark){:root{--good:#5bc787;--partly:#e0a93f;--bad:#ff8a80}}"
	"body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;padding:1rem;max-width:70rem}"
	"h1{margin:0;font-size:1.5rem}h2{margin:2rem 0 .25rem;font-size:1.2rem}"
	"p{margin:.25rem 0}nav a{margin-right:1rem}code{font-size:.9em;overflow-wrap:anywhere}"
	"table{border-collapse:collapse;width:100%;margin:.5rem 0 1rem}"
	"th,td{text-align:left;vertical-align:top;padding:.3rem .75rem .3rem 0;"
	"border-bottom:1px solid var(--line);overflow-wrap:anywhere}"
	"th{font-weight:600}td.number,th.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}"
	".good{color:var(--good)}.partly{color:var(--partly)}.bad{color:var(--bad)}"
	".quiet{opacity:.7}.apart{display:none}"
	"@media(min-width:40.01rem){table{table-layout:fixed}"
	".programs th{width:30%}.programs th+th+th{width:auto}"
	".metrics th{width:46%}.metrics th+th{width:9%}.metrics th+th+th{width:auto}"
	".metrics th+th+th+th{width:11%}}"
	"@media(max-width:40rem){thead{display:none}tr,td{display:block}"
	"tr{border-bottom:1px solid var(--line);padding:.4rem 0}"
	"td,td.number{border:0;padding:0;text-align:left}}";

static const char *const mood_class[] = {
	[PAGE_GOOD] = "good",
	[PAGE_PARTLY] = "partly",
	[PAGE_BAD] = "bad",
	[PAGE_QUIET] = "quiet",
};

static void add_code_cell(struct strbuf *out, const char *text)
{
	strbuf__add_text(out, "<td>");
	html_add_element(out, "code", NULL, text);
	strbuf__add_text(out, "</td>");
}

static void add_program(struct strbuf *out, const struct page_program *program)
{
	strbuf__add_text(out, "<tr>");
	add_code_cell(out, program->name);
	html_add_element(out, "td", NULL, program->hook);
	strbuf__add_text(out, "<td>");
	html_add_element(out, "span", mood_class[program->mood], program->state);
	if (program->reason) {
		strbuf__add_text(out, ": ");
		html_add_escaped(out, program->reason);
	}
	strbuf__add_text(out, "</td></tr>\n");
}

static void add_metric(struct strbuf *out, const struct page_metric *metric)
{
	strbuf__add_text(out, "<tr><td>");
	html_add_element(out, "code", NULL, metric->name);
	strbuf__add_text(out, "<br>");
	html_add_element(out, "span", "quiet", metric->help);
	if (metric->error) {
		strbuf__add_text(out, "<br>");
		html_add_element(out, "span", mood_class[PAGE_BAD], metric->error);
	}
	/* A text browser gives a table with long cells up and writes them one after the other. */
	strbuf__add_text(out, "<span class=apart>;</span></td><td>");
	html_add_escaped(out, metric->kind);
	strbuf__add_text(out, "<span class=apart>, map</span></td><td>");
	html_add_element(out, "code", NULL, metric->map);
	if (metric->method[0]) {
		strbuf__add_text(out, " by ");
		html_add_escaped(out, metric->method);
	}
	strbuf__printf(out, "<span class=apart>,</span></td><td class=number>%llu %s</td></tr>\n",
		       (unsigned long long)metric->count,
		       metric->counted ? metric->counted : "series");
}

static void add_config(struct strbuf *out, const struct page_config *config)
{
	html_add_element(out, "h2", NULL, config->name);
	strbuf__add_text(out, "<p class=quiet>");
	html_add_element(out, "code", NULL, config->origin);
	strbuf__add_text(out, "</p>\n");
	if (config->error)
		html_add_element(out, "p", mood_class[PAGE_BAD], config->error);
	if (config->program_count > 0) {
		strbuf__add_text(
			out,
			"<table class=programs><thead><tr><th>Program<th>Hook<th>State</thead>\n");
		for (size_t i = 0; i < config->program_count; i++)
			add_program(out, &config->programs[i]);
		strbuf__add_text(out, "</table>\n");
	}
	if (config->metric_count > 0) {
		strbuf__add_text(
			out,
			"<table class=metrics><thead><tr><th>Metric<th>Kind<th>Map<th class=number>Now</thead>\n");
		for (size_t i = 0; i < config->metric_count; i++)
			add_metric(out, &config->metrics[i]);
		strbuf__add_text(out, "</table>\n");
	}
}

/* "3 d 4 h", "4 h 5 min", "5 min 6 s", "6 s" */
static void add_duration(struct strbuf *out, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *unit;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	int shown = 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && shown < 2; i++) {
		int64_t count = seconds / units[i].seconds;

		if (count == 0 && shown == 0 && units[i].seconds > 1)
			continue;
		strbuf__printf(out, "%s%lld %s", shown ? " " : "", (long long)count, units[i].unit);
		seconds %= units[i].seconds;
		shown++;
	}
}

static void add_count(struct strbuf *out, size_t count, const char *noun, const char *what)
{
	if (count > 0)
		strbuf__printf(out, ", %zu %s%s %s", count, noun, count == 1 ? "" : "s", what);
}

/* The first thing to know: whether anything of all that is below does not work. */
static void add_summary(struct strbuf *out, const struct page *page)
{
	size_t programs = 0, attached = 0, left_out = 0, failed = 0;

	for (size_t i = 0; i < page->config_count; i++) {
		const struct page_config *config = &page->configs[i];

		failed += config->error != NULL;
		for (size_t j = 0; j < config->program_count; j++) {
			programs += config->programs[j].mood != PAGE_QUIET;
			attached += config->programs[j].mood == PAGE_GOOD;
		}
		for (size_t j = 0; j < config->metric_count; j++)
			left_out += config->metrics[j].error != NULL;
	}
	strbuf__printf(
		out, "<p class=%s>%zu of %zu programs attached",
		mood_class[attached < programs || left_out + failed > 0 ? PAGE_PARTLY : PAGE_GOOD],
		attached, programs);
	add_count(out, left_out, "metric", "left out");
	add_count(out, failed, "config", "not running");
	strbuf__add_text(out, "</p>\n");
}

static void add_who(struct strbuf *out, const struct page *page)
{
	if (page->who_count == 0)
		return;
	html_add_element(out, "h2", NULL, "Who");
	strbuf__add_text(out, "<ul>\n");
	for (size_t i = 0; i < page->who_count; i++) {
		html_add_element(out, "li", NULL, page->who[i]);
		strbuf__add_char(out, '\n');
	}
	strbuf__add_text(out, "</ul>\n");
}

void page__write(const struct page *page, struct strbuf *out)
{
	strbuf__add_text(out,
			 "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
			 "<meta name=viewport content=\"width=device-width,initial-scale=1\">");
	html_add_element(out, "title", NULL, page->title);
	strbuf__add_text(out, "<style>");
	strbuf__add_text(out, style);
	page_ledger__write_style(out);
	strbuf__add_text(out, "</style></head>\n<body>\n");
	html_add_element(out, "h1", NULL, page->title);
	strbuf__add_text(out, "<p class=quiet>version ");
	html_add_escaped(out, page->version);
	strbuf__add_text(out, ", running for ");
	add_duration(out, page->uptime_s);
	strbuf__add_text(out, "</p>\n");
	if (page->config_count > 0)
		add_summary(out, page);
	strbuf__add_text(out, "<nav>");
	for (size_t i = 0; i < page->link_count; i++) {
		strbuf__add_text(out, "<a href=\"");
		html_add_escaped(out, page->links[i].path);
		strbuf__add_text(out, "\">");
		html_add_escaped(out, page->links[i].text);
		strbuf__add_text(out, "</a> ");
	}
	strbuf__add_text(out, "</nav>\n");
	if (page->config_count == 0)
		strbuf__add_text(out, "<p>No config is loaded.</p>\n");
	add_who(out, page);
	page_ledger__write(&page->ledger, out);
	for (size_t i = 0; i < page->config_count; i++)
		add_config(out, &page->configs[i]);
	strbuf__add_text(out, "</body></html>\n");
}
