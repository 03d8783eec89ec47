/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SPAN_METRICS_H
#define SRC_PIPELINE_SPAN_METRICS_H

/*
 * The truth about spans as families: what came of each ring, what was exported, what was lost on the way and why.
 * Its families belong to the registry. self.c opens them with the agent and collects them at every scrape.
 */

#include <stdint.h>
#include "metric/registry.h"

struct span_export;
struct span_route;

#define SPAN_ROUTE_FAMILIES 5
#define SPAN_EXPORT_FAMILIES 4

struct span_metrics {
	struct family *routes[SPAN_ROUTE_FAMILIES];   /* the registry's */
	struct family *exports[SPAN_EXPORT_FAMILIES]; /* the registry's */
};

int span_metrics__init(struct span_metrics *metrics, struct registry *registry, struct err *err);
void span_metrics__collect_route(struct span_metrics *metrics, const char *config,
				 struct span_route *route);
void span_metrics__collect_export(struct span_metrics *metrics, const struct span_export *export);

#endif
