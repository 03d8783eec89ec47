/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/span_metrics.h"

#include <string.h>

#include "base/mem.h"
#include "pipeline/span.h"

/* ---- of each route ------------------------------------------------------------------------------------- */

struct route_family {
	const char *name, *help;
	enum family_kind kind;
	double (*take)(struct span_route *route);
};

static double take_active(struct span_route *route)
{
	return route->events != NULL;
}
static double take_decode_errors(struct span_route *route)
{
	return (double)route->ledger.decode_errors;
}
static double take_filtered(struct span_route *route)
{
	return (double)route->ledger.filtered;
}
static double take_received(struct span_route *route)
{
	return (double)route->ledger.seen;
}
static double take_fill(struct span_route *route)
{
	double fill = route->peak_fill;

	route->peak_fill = 0;
	return fill;
}

static const struct route_family route_families[] = {
	{ "sonde_spans_active", "Whether records of the span are read.", FAMILY_KIND_GAUGE,
	  take_active },
	{ "sonde_spans_decode_errors_total", "Records that could not be turned into a span.",
	  FAMILY_KIND_COUNTER, take_decode_errors },
	{ "sonde_spans_filtered_total", "Records that a decoder refused on purpose.",
	  FAMILY_KIND_COUNTER, take_filtered },
	{ "sonde_spans_received_total", "Records that came out of the ring buffer.",
	  FAMILY_KIND_COUNTER, take_received },
	/* What a full ring refuses, only the program knows; that it was never full, we do. */
	{ "sonde_spans_ring_fill_ratio",
	  "Fullest that the ring buffer was found since the last scrape; records are lost at 1.",
	  FAMILY_KIND_GAUGE, take_fill },
};

/* ---- of the export ------------------------------------------------------------------------------------- */

enum { EXPORT_DROPPED, EXPORT_EXPORTED, EXPORT_QUEUED, EXPORT_RETRIES };

struct export_family {
	const char *name, *help;
	enum family_kind kind;
	const char *label; /* or NULL */
};

static const struct export_family export_families[] = {
	[EXPORT_DROPPED] = { "sonde_spans_dropped_total", "Spans that did not reach the receiver.",
			     FAMILY_KIND_COUNTER, "reason" },
	[EXPORT_EXPORTED] = { "sonde_spans_exported_total",
			      "Spans that the receiver took (or that were printed).",
			      FAMILY_KIND_COUNTER, NULL },
	[EXPORT_QUEUED] = { "sonde_spans_queued", "Spans that wait to be sent.", FAMILY_KIND_GAUGE,
			    NULL },
	[EXPORT_RETRIES] = { "sonde_spans_export_retries_total",
			     "Requests that have to be sent again.", FAMILY_KIND_COUNTER, NULL },
};

_Static_assert(array_size(route_families) == SPAN_ROUTE_FAMILIES, "as the header says");
_Static_assert(array_size(export_families) == SPAN_EXPORT_FAMILIES, "as the header says");

int span_metrics__init(struct span_metrics *metrics, struct registry *registry, struct err *err)
{
	static const char *const labels[] = { "config", "span" };
	int r = 0;

	for (size_t i = 0; i < array_size(route_families) && r >= 0; i++) {
		const struct family_spec spec = {
			.name = route_families[i].name,
			.help = route_families[i].help,
			.kind = route_families[i].kind,
			.label_names = labels,
			.label_count = array_size(labels),
		};

		r = registry__family(registry, &spec, &metrics->routes[i], err);
	}
	for (size_t i = 0; i < array_size(export_families) && r >= 0; i++) {
		const struct family_spec spec = {
			.name = export_families[i].name,
			.help = export_families[i].help,
			.kind = export_families[i].kind,
			.label_names = &export_families[i].label,
			.label_count = export_families[i].label ? 1 : 0,
		};

		r = registry__family(registry, &spec, &metrics->exports[i], err);
	}
	return r;
}

static void set_value(struct family *family, const struct text_slice *labels, double value)
{
	uint32_t series;

	if (family__series(family, labels, &series, NULL) >= 0)
		family__set(family, series, value);
}

void span_metrics__collect_route(struct span_metrics *metrics, const char *config,
				 struct span_route *route)
{
	const struct text_slice labels[] = { { config, strlen(config) },
					     { route->span->name, strlen(route->span->name) } };

	for (size_t i = 0; i < array_size(route_families); i++)
		set_value(metrics->routes[i], labels, route_families[i].take(route));
}

void span_metrics__collect_export(struct span_metrics *metrics, const struct span_export *export)
{
	struct span_figures figures = span_export__figures(export);

	for (int i = 0; i < SPAN_DROP_COUNT; i++) {
		const char *reason = span_drop_name((enum span_drop)i);
		const struct text_slice label = { reason, strlen(reason) };

		set_value(metrics->exports[EXPORT_DROPPED], &label, (double)figures.dropped[i]);
	}
	set_value(metrics->exports[EXPORT_EXPORTED], NULL, (double)figures.exported);
	set_value(metrics->exports[EXPORT_QUEUED], NULL, figures.queued);
	set_value(metrics->exports[EXPORT_RETRIES], NULL, (double)figures.retries);
}
