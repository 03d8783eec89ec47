/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_LEDGER_VIEW_H
#define SRC_PIPELINE_LEDGER_VIEW_H

/*
 * The ledger for people and programs that are not Prometheus: a row for each metric and span, what it costs, what was
 * lost, how far it is from its limits. Plain values; texts are borrowed from the agent until it reloads. The page at "/"
 * shows it, /ledger.json is it.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

struct agent;

/* Doubles that are not known are NAN. */
struct ledger_row {
	const char *config, *name;
	const char *kind; /* "counter", …, "span" */
	const char *map;
	const char *error; /* or NULL: why it is left out, or the newest error */
	bool is_active;
	double kernel_ns_per_s, agent_ns_per_s, runs_per_s;
	double kernel_seconds, agent_seconds; /* of all time */
	double memory_bytes;                  /* in the kernel */
	double fill_ratio;                    /* of the map, or of the ring */
	uint64_t series, series_limit;        /* of a span: 0 */
	uint64_t rows;                        /* of the last pass */
	uint64_t seen, kept, filtered, decode_errors;
	uint64_t lost, overflowed, read_errors, vanished;
	double scrape_bytes; /* in the newest exposition, if there was one */
	double read_seconds; /* of the last pass */
};

uint32_t agent__ledger_count(const struct agent *agent);
/* In the order of configs, metrics before spans. */
struct ledger_row agent__ledger_row(const struct agent *agent, uint32_t index);

struct ledger_summary {
	const char *mode;   /* cost_mode_name() */
	const char *reason; /* "": there is none */
	double interval_seconds, window_seconds;
	double sampled_seconds;
	bool has_statistics; /* run times are known */
	uint64_t scrapes;
	size_t scrape_bytes;   /* of the last one */
	double scrape_seconds; /* likewise; NAN: there was none */
};
struct ledger_summary agent__ledger_summary(const struct agent *agent);
/* What is to be known about the figures, as a sentence or two. */
void ledger_summary__format(const struct ledger_summary *summary, struct strbuf *out);

/* The whole as JSON; docs/reference/cli.md has its fields. */
void agent__format_ledger(const struct agent *agent, struct strbuf *out);

#endif
