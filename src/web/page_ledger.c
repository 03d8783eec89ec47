/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>

#include "base/human.h"
#include "base/mem.h"
#include "web/html.h"
#include "web/pages.h"

/* On a phone a row is a card: the name above, the figures with their words in a grid below. */
static const char style[] =
	".ledger .config{opacity:.7}.ledger tbody tr:last-child td{border-bottom:2px solid var(--line)}"
	"@media(min-width:40.01rem){.ledger th{width:7.3%}.ledger th:first-child{width:auto}"
	".ledger th:nth-child(4){width:11%}.ledger td.number{padding-right:0;padding-left:.4rem}"
	".ledger th.number{padding-right:0;padding-left:.4rem}}"
	"@media(max-width:40rem){.ledger tr{display:grid;grid-template-columns:repeat(4,1fr);gap:0 .5rem}"
	".ledger td:first-child{grid-column:1/-1}.ledger .config{display:block}"
	".ledger td.number::before{content:attr(data-what);display:block;opacity:.7;font-size:.75rem;line-height:1.2}}";

enum column { KERNEL, AGENT, SERIES, FILL, LOST, ERRORS, MEMORY, BYTES, COLUMN_COUNT };

static const char *const headings[COLUMN_COUNT] = {
	[KERNEL] = "Kernel", [AGENT] = "Sonde",   [SERIES] = "Series", [FILL] = "Fill",
	[LOST] = "Lost",     [ERRORS] = "Errors", [MEMORY] = "Memory", [BYTES] = "Bytes",
};

static void add_cell(struct strbuf *out, enum column column, const char *text, bool is_bad)
{
	strbuf__printf(out, "<td class=number data-what=%s>", headings[column]);
	/* Figures that are 0 or unknown step back, those that should be 0 step forward. */
	if (is_bad)
		html_add_element(out, "b", "bad", text);
	else if (str_eq(text, "0") || str_eq(text, "-"))
		html_add_element(out, "span", "quiet", text);
	else
		html_add_escaped(out, text);
	strbuf__add_text(out, "</td>");
}

/* Names are long words; they may break behind each of their own. */
static void add_name(struct strbuf *out, const char *name)
{
	strbuf__add_text(out, "<code>");
	while (*name) {
		size_t len = strcspn(name, "_");

		if (name[len] == '_')
			len++;
		html_add_escaped_bytes(out, name, len);
		name += len;
		if (*name)
			strbuf__add_text(out, "<wbr>");
	}
	strbuf__add_text(out, "</code>");
}

static void add_series(struct strbuf *out, const struct page_cost *cost)
{
	char series[HUMAN_MAX], limit[HUMAN_MAX], text[2 * HUMAN_MAX + 1];
	bool is_over = cost->series >= cost->series_limit;

	(void)human_count(series, cost->series);
	if (isnan(cost->series_limit))
		(void)snprintf(text, sizeof(text), "%s", series);
	else
		(void)snprintf(text, sizeof(text), "%s/%s", series,
			       human_count(limit, cost->series_limit));
	add_cell(out, SERIES, text, is_over);
}

static void add_figures(struct strbuf *out, const struct page_cost *cost)
{
	char text[HUMAN_MAX];

	add_cell(out, KERNEL, human_time(text, cost->kernel_ns_per_s), false);
	add_cell(out, AGENT, human_time(text, cost->agent_ns_per_s), false);
	add_series(out, cost);
	add_cell(out, FILL, human_ratio(text, cost->fill_ratio), cost->fill_ratio >= 1);
	add_cell(out, LOST, human_count(text, cost->lost), cost->lost > 0);
	add_cell(out, ERRORS, human_count(text, cost->errors), cost->errors > 0);
	add_cell(out, MEMORY, human_bytes(text, cost->memory_bytes), false);
	add_cell(out, BYTES, human_bytes(text, cost->scrape_bytes), false);
}

static void add_known(double *sum, double value)
{
	if (!isnan(value))
		*sum = isnan(*sum) ? value : *sum + value;
}

static struct page_cost sum_of(const struct page_ledger *ledger)
{
	struct page_cost sum = {
		.kernel_ns_per_s = (double)NAN,
		.agent_ns_per_s = (double)NAN,
		.series = (double)NAN,
		.series_limit = (double)NAN,
		.fill_ratio = (double)NAN,
		.memory_bytes = (double)NAN,
		.scrape_bytes = (double)NAN,
	};

	for (size_t i = 0; i < ledger->row_count; i++) {
		const struct page_cost *row = &ledger->rows[i];

		add_known(&sum.kernel_ns_per_s, row->kernel_ns_per_s);
		add_known(&sum.agent_ns_per_s, row->agent_ns_per_s);
		add_known(&sum.series, row->series);
		add_known(&sum.memory_bytes, row->memory_bytes);
		add_known(&sum.scrape_bytes, row->scrape_bytes);
		sum.lost += row->lost;
		sum.errors += row->errors;
	}
	return sum;
}

void page_ledger__write_style(struct strbuf *out)
{
	strbuf__add_text(out, style);
}

void page_ledger__write(const struct page_ledger *ledger, struct strbuf *out)
{
	struct page_cost sum = sum_of(ledger);

	if (ledger->row_count == 0)
		return;
	strbuf__add_text(out, "<h2>What it costs</h2>\n");
	html_add_element(out, "p", ledger->is_complete ? "quiet" : "partly", ledger->statement);
	strbuf__add_text(out, "\n<table class=ledger><thead><tr align=right><th align=left>Metric");
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		strbuf__printf(out, "<th class=number>%s", headings[i]);
	strbuf__add_text(out, "</thead>\n<tbody>");
	for (size_t i = 0; i < ledger->row_count; i++) {
		strbuf__add_text(out, "<tr align=right><td align=left>");
		add_name(out, ledger->rows[i].name);
		strbuf__add_char(out, ' ');
		html_add_element(out, "span", "config", ledger->rows[i].config);
		strbuf__add_text(out, "</td>");
		add_figures(out, &ledger->rows[i]);
		strbuf__add_text(out, "</tr>\n");
	}
	strbuf__add_text(out, "</tbody><tbody><tr align=right><td align=left>all</td>");
	add_figures(out, &sum);
	strbuf__add_text(
		out,
		"</tr></tbody></table>\n<p class=quiet>Kernel, Sonde: time that programs and sonde itself "
		"spend, per second, over the newest windows. Fill: of the map. Lost: events without room, and "
		"additions to the overflow series. Memory: in the kernel. Bytes: in the last "
		"exposition.</p>\n");
}
