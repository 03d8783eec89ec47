/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_ledger.h"

#include <math.h>

#include "base/mem.h"
#include "pipeline/internal.h"
#include "pipeline/self_family.h"

static double get_active(const struct route *route)
{
	return !route->error && (route->table || route->events || route->counted);
}
static double get_agent_seconds(const struct route *route)
{
	return (double)route->ledger.agent_ns / 1e9;
}
static double get_decode_errors(const struct route *route)
{
	return (double)route->ledger.decode_errors;
}
static double get_expired(const struct route *route)
{
	return route->family ? (double)family__expired(route->family) : 0;
}
static double get_fill(const struct route *route)
{
	return route__fill_ratio(route);
}
static double get_filtered(const struct route *route)
{
	return (double)route->ledger.filtered;
}
static double get_cache_keys(const struct route *route)
{
	return route->cache ? (double)label_cache__count(route->cache) : 0;
}
static double get_cache_limit(const struct route *route)
{
	return route->cache ? (double)label_cache__bound(route->cache) : (double)NAN;
}
static double get_kept(const struct route *route)
{
	return (double)route->ledger.kept;
}
static double get_limit(const struct route *route)
{
	return route->family ? (double)family__limit(route->family) : (double)NAN;
}
/* Absent where nobody counts it. */
static double get_map_overflow(const struct route *route)
{
	return route->overflow.table ? (double)route->overflow.total : (double)NAN;
}
static double get_lost(const struct route *route)
{
	/* A ring buffer keeps no count: only the program knows, if it counts. */
	if (route->stream->transport == STREAM_TRANSPORT_RINGBUF && !route->lost)
		return NAN;
	return (double)route->ledger.lost;
}
static double get_moved(const struct route *route)
{
	return route->family ? (double)family__moved(route->family) : 0;
}
static double get_overflowed(const struct route *route)
{
	return route->family ? (double)family__overflowed(route->family) : 0;
}
static double get_read_errors(const struct route *route)
{
	return (double)route->ledger.read_errors;
}
static double get_read_seconds(const struct route *route)
{
	return (double)route->ledger.last_read_ns / 1e9;
}
static double get_replaced(const struct route *route)
{
	return route->family ? (double)family__replaced_bytes(route->family) : 0;
}
static double get_rows(const struct route *route)
{
	return (double)route->ledger.last_rows;
}
static double get_scrape_bytes(const struct route *route)
{
	return (double)route->ledger.last_bytes;
}
static double get_seen(const struct route *route)
{
	return (double)route->ledger.seen;
}
static double get_series(const struct route *route)
{
	return route->family ? (double)family__series_count(route->family) : 0;
}
static double get_shortened(const struct route *route)
{
	return route->family ? (double)family__shortened_values(route->family) : 0;
}
static double get_unremembered(const struct route *route)
{
	return (double)route->ledger.unremembered;
}
static double get_uncached(const struct route *route)
{
	return (double)route->ledger.uncached;
}
static double get_vanished(const struct route *route)
{
	return (double)route->ledger.vanished;
}

/* NAN: it cannot be known. */
static const struct {
	const char *name;
	const char *help;
	enum family_kind kind;
	double (*get)(const struct route *route);
} rows[] = {
	{ "sonde_metric_active",
	  "Whether the metric is read (0: left out, the page at / says why).", FAMILY_KIND_GAUGE,
	  get_active },
	{ "sonde_metric_agent_seconds_total",
	  "Time that sonde itself spent on the metric: reading, decoding, adding, writing.",
	  FAMILY_KIND_COUNTER, get_agent_seconds },
	{ "sonde_metric_decode_errors_total",
	  "Rows or events that could not be turned into labels.", FAMILY_KIND_COUNTER,
	  get_decode_errors },
	{ "sonde_metric_expired_series_total", "Series that left because of their ttl.",
	  FAMILY_KIND_COUNTER, get_expired },
	{ "sonde_metric_filtered_total", "Rows or events that a decoder refused on purpose.",
	  FAMILY_KIND_COUNTER, get_filtered },
	{ "sonde_metric_kept_total", "Rows or events that were added to a series.",
	  FAMILY_KIND_COUNTER, get_kept },
	{ "sonde_metric_label_cache_keys", "Keys whose labels are remembered.", FAMILY_KIND_GAUGE,
	  get_cache_keys },
	{ "sonde_metric_label_cache_limit", "Most keys whose labels may be remembered.",
	  FAMILY_KIND_GAUGE, get_cache_limit },
	{ "sonde_metric_lost_samples_total", "Events that the kernel had no room for.",
	  FAMILY_KIND_COUNTER, get_lost },
	{ "sonde_metric_map_fill_ratio",
	  "Share of the map's entries that were in use when it was last read; not of arrays.",
	  FAMILY_KIND_GAUGE, get_fill },
	{ "sonde_metric_map_overflow_total",
	  "What had no room in the map and went to the overflow series: of a counter what was added, of a histogram the "
	  "observations.",
	  FAMILY_KIND_COUNTER, get_map_overflow },
	{ "sonde_metric_moved_series_total",
	  "Series that left, and whose value went to the overflow series.", FAMILY_KIND_COUNTER,
	  get_moved },
	{ "sonde_metric_overflowed_total",
	  "Additions to the overflow series because the limit was reached.", FAMILY_KIND_COUNTER,
	  get_overflowed },
	{ "sonde_metric_read_errors_total", "Passes over the map that failed.", FAMILY_KIND_COUNTER,
	  get_read_errors },
	{ "sonde_metric_read_seconds", "Time that reading and decoding took in this scrape.",
	  FAMILY_KIND_GAUGE, get_read_seconds },
	{ "sonde_metric_replaced_bytes_total", "Bytes of label values that were no valid UTF-8.",
	  FAMILY_KIND_COUNTER, get_replaced },
	{ "sonde_metric_rows", "Rows of the map in this scrape.", FAMILY_KIND_GAUGE, get_rows },
	{ "sonde_metric_scrape_bytes",
	  "Bytes of the metric in the previous exposition, uncompressed.", FAMILY_KIND_GAUGE,
	  get_scrape_bytes },
	{ "sonde_metric_seen_total", "Rows or events that were read.", FAMILY_KIND_COUNTER,
	  get_seen },
	{ "sonde_metric_series", "Series that are known.", FAMILY_KIND_GAUGE, get_series },
	{ "sonde_metric_series_limit", "Most series that may be known.", FAMILY_KIND_GAUGE,
	  get_limit },
	{ "sonde_metric_shortened_values_total",
	  "Label values that were cut as they were too long.", FAMILY_KIND_COUNTER, get_shortened },
	{ "sonde_metric_unremembered_total",
	  "Rows that could not be added yet, because there was no room to remember how much was.",
	  FAMILY_KIND_COUNTER, get_unremembered },
	{ "sonde_metric_uncached_total",
	  "Decodings that could not be remembered because the label cache was full.",
	  FAMILY_KIND_COUNTER, get_uncached },
	{ "sonde_metric_vanished_keys_total", "Keys deleted by the program while the map was read.",
	  FAMILY_KIND_COUNTER, get_vanished },
};
_Static_assert((int)array_size(rows) == SELF_LEDGER_FAMILIES,
	       "self_ledger.h says how many families there are");

int self_ledger__open(struct agent *agent, struct family **ret_families, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < array_size(rows) && r >= 0; i++) {
		const struct self_family family = {
			rows[i].name, rows[i].help, rows[i].kind, { "config", "metric" }
		};

		r = self_family__open(&family, agent->registry, &ret_families[i], err);
	}
	return r;
}

void self_ledger__collect(const struct agent_config *config, struct family *const *families)
{
	for (uint32_t i = 0; i < config->route_count; i++) {
		const struct route *route = &config->routes[i];

		for (size_t k = 0; k < array_size(rows); k++)
			self_set(families[k], rows[k].get(route), config->spec->name,
				 route->metric->name);
	}
}
