/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_PAGES_H
#define SRC_WEB_PAGES_H

/*
 * The pages that people read: "/" says what runs, what does not and why. Self-contained HTML that reads well on
 * a phone and in a text browser. Plain functions from neutral data into a buffer; they own nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

enum page_mood {
	PAGE_GOOD,
	PAGE_PARTLY,
	PAGE_BAD,
	PAGE_QUIET, /* nothing is missing: it does not count */
};

struct page_program {
	const char *name;
	const char *hook;
	const char *state;
	const char *reason; /* or NULL: why it is not attached */
	enum page_mood mood;
};

struct page_metric {
	const char *name, *help, *kind, *map;
	const char *method;  /* how it is read; "" unknown */
	const char *error;   /* or NULL: why it is left out */
	uint64_t count;      /* of series, or of what `counted` says */
	const char *counted; /* NULL: "series" */
};

struct page_config {
	const char *name, *origin;
	const char *error; /* or NULL: why the whole config does not run */
	const struct page_program *programs;
	size_t program_count;
	const struct page_metric *metrics;
	size_t metric_count;
};

/* What one metric or span costs; NAN: not known. */
struct page_cost {
	const char *config, *name;
	double kernel_ns_per_s, agent_ns_per_s;
	double series, series_limit; /* NAN: has none */
	double fill_ratio;
	double lost, errors;
	double memory_bytes, scrape_bytes;
};

struct page_ledger {
	const char *statement;        /* how the figures are known */
	bool is_complete;             /* all that could be known is */
	const struct page_cost *rows; /* dearest first */
	size_t row_count;
};

struct page_link {
	const char *path, *text;
};

struct page {
	const char *title;
	const char *version;
	int64_t uptime_s;
	const struct page_link *links;
	size_t link_count;
	const struct page_config *configs;
	size_t config_count;
	const char *const *who; /* sentences about who is known; none: nothing is shown */
	size_t who_count;
	struct page_ledger ledger; /* without rows it is not shown */
};

void page__write(const struct page *page, struct strbuf *out);
/* The table of costs, a part of the page; and its share of the style sheet. */
void page_ledger__write(const struct page_ledger *ledger, struct strbuf *out);
void page_ledger__write_style(struct strbuf *out);

#endif
