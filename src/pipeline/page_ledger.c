/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/page_ledger.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "pipeline/ledger_view.h"
#include "web/pages.h"

static struct page_cost cost_for_page(const struct ledger_row *row)
{
	return (struct page_cost){
		.config = row->config,
		.name = row->name,
		.kernel_ns_per_s = row->kernel_ns_per_s,
		.agent_ns_per_s = row->agent_ns_per_s,
		.series = row->series_limit ? (double)row->series : (double)NAN,
		.series_limit = row->series_limit ? (double)row->series_limit : (double)NAN,
		.fill_ratio = row->fill_ratio,
		.lost = (double)(row->lost + row->overflowed),
		.errors = (double)(row->decode_errors + row->read_errors),
		.memory_bytes = row->memory_bytes,
		.scrape_bytes = row->scrape_bytes,
	};
}

/* Falling; what is not known comes last. */
static int compare_falling(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return (a < b) - (a > b);
}

static int compare(const void *a, const void *b)
{
	const struct page_cost *left = a, *right = b;
	int order = compare_falling(left->kernel_ns_per_s, right->kernel_ns_per_s);

	if (order == 0)
		order = compare_falling(left->agent_ns_per_s, right->agent_ns_per_s);
	if (order == 0)
		order = compare_falling(left->memory_bytes, right->memory_bytes);
	if (order == 0)
		order = strcmp(left->config, right->config);
	return order ? order : strcmp(left->name, right->name);
}

int page_ledger__make(const struct agent *agent, struct arena *arena,
		      struct page_ledger *ret_ledger)
{
	struct ledger_summary summary = agent__ledger_summary(agent);
	uint32_t count = agent__ledger_count(agent);
	struct page_cost *rows = arena_array(arena, struct page_cost, count);
	struct strbuf text = STRBUF_INIT;
	const char *statement;
	size_t shown = 0;

	if (!rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		struct ledger_row row = agent__ledger_row(agent, i);

		/* What is left out costs nothing, and its config below says why; spans that nobody wants do cost. */
		if (row.is_active || row.memory_bytes > 0)
			rows[shown++] = cost_for_page(&row);
	}
	qsort(rows, shown, sizeof(*rows), compare);
	ledger_summary__format(&summary, &text);
	statement = arena__strdup(arena, strbuf__text(&text));
	strbuf__done(&text);
	if (!statement)
		return -ENOMEM;
	*ret_ledger = (struct page_ledger){
		.statement = statement,
		.is_complete = summary.has_statistics,
		.rows = rows,
		.row_count = shown,
	};
	return 0;
}
