/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/count_snapshot.h"

#include <errno.h>

#include "base/clock.h"
#include "pipeline/account.h"
#include "pipeline/count.h"
#include "pipeline/internal.h"
#include "pipeline/stream.h"

struct snapshot {
	struct agent_config *config;
	uint32_t stream;
};

#define for_each_route(snapshot, route)                                                            \
	for (uint32_t route##_i = 0; route##_i < (snapshot)->config->route_count; route##_i++)     \
		for (struct route *route = &(snapshot)->config->routes[route##_i];                 \
		     route && counts_snapshot(route, (snapshot)->stream); route = NULL)

static bool counts_snapshot(const struct route *route, uint32_t stream)
{
	return route->counted && !route->error && route->metric->stream == stream &&
	       route->stream->mode == STREAM_MODE_SNAPSHOT && route->demand != DEMAND_NONE;
}

static void count_entry(struct route *route, const uint8_t *record)
{
	const uint8_t *key = count__pack(route->count, NULL, record, 1, 0);
	struct label_entry scratch;
	const struct label_entry *entry = route__resolve(route, key, &scratch);
	uint32_t series;

	route->ledger.seen++;
	route->ledger.last_rows++;
	if (!entry)
		return;
	series = entry->series;
	if (series >= LABEL_SERIES_FIRST_CODE && !route__event_series(route, key, entry, &series))
		return;
	route->ledger.kept++;
	family__add(route->family, series,
		    route->cell.size ? value_cell__read(&route->cell, record) : 1);
}

static int take_entry(void *ctx, const void *row)
{
	const struct snapshot *snapshot = ctx;

	for_each_route(snapshot, route) count_entry(route, row);
	return 0;
}

static void begin(const struct snapshot *snapshot, uint32_t generation)
{
	for_each_route(snapshot, route)
	{
		route->pass = generation;
		route->ledger.last_rows = 0;
		label_cache__begin(route->cache, generation);
		route__forget_placeholders(route);
	}
}

static void end(const struct snapshot *snapshot, int64_t took_ns, int r, const struct err *err)
{
	for_each_route(snapshot, route)
	{
		route__end_pass(route, r >= 0);
		route->ledger.last_read_ns = took_ns;
		route->ledger.agent_ns += (uint64_t)took_ns;
		if (r < 0) {
			struct err copy = ERR_INIT;

			route->ledger.read_errors++;
			err__set(&copy, r, &route->metric->at, "%s",
				 err->text ? err->text : "it cannot be read");
			route__note_error(route, STAGE_SOURCE, &copy);
		}
	}
}

/* One of several iterators may not be attached here; the others have their say. */
static int run_iterators(struct snapshot *snapshot, struct err *err)
{
	const struct stream_spec *stream = &snapshot->config->spec->streams[snapshot->stream];
	struct program *program = snapshot->config->programs[stream->program];
	uint32_t missing = 0;

	for (uint32_t i = 0; i < stream->iterator_count; i++) {
		int r = program__iterate(program, stream->iterators[i].text, stream->record_size,
					 take_entry, snapshot, err);

		if (r < 0 && (r != -ENOENT || ++missing == stream->iterator_count))
			return r;
		if (r < 0)
			err__done(err);
	}
	return 0;
}

static bool has_routes(const struct snapshot *snapshot)
{
	for_each_route(snapshot, route) return true;
	return false;
}

void count_snapshots(struct agent_config *config, uint32_t generation)
{
	struct snapshot snapshot = { .config = config };

	for (; snapshot.stream < config->spec->stream_count; snapshot.stream++) {
		int64_t start_ns = clock_monotonic_ns();
		struct err err = ERR_INIT;
		int r;

		if (!has_routes(&snapshot))
			continue;
		begin(&snapshot, generation);
		r = run_iterators(&snapshot, &err);
		end(&snapshot, clock_monotonic_ns() - start_ns, r, &err);
		err__done(&err);
	}
}
