/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BENCH_BENCH_ROUTE_H
#define TESTS_BENCH_BENCH_ROUTE_H

/*
 * The pipeline's own route over a bench_table: planned by plan_route(), read by scrape_config(),
 * written by the sink. It owns everything but the map. One scrape is what agent__scrape() does,
 * without the self-metrics.
 */

#include "pipeline/internal.h"
#include "tables.h"

struct bench_route {
	struct agent agent;
	struct agent_config config;
	struct route route;
	struct spec spec;
	struct metric_spec metric;
	struct strbuf text; /* of the last scrape */
};

/* limit: of the metric; 0: it has none, and so no accounts of its keys. */
void bench_route__open(struct bench_route *route, const struct bench_table *table, uint64_t limit);
void bench_route__close(struct bench_route *route);
/* The time of a scrape, text included. */
double bench_route__scrape_ms(struct bench_route *route);

#endif
