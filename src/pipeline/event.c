/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "pipeline/account.h"
#include "pipeline/internal.h"

/* How long a key may be unseen before it makes room, at least. */
#define EVENT_PASS_NS (10 * NS_PER_S)
/* Per CPU, of a perf buffer: with a drain every 20 ms, 256 KiB hold 100k small samples a second and CPU. */
#define PERF_PAGES_PER_CPU 64

/* Bytes that a sample must have. */
static inline uint32_t event_size(const struct route *route)
{
	uint32_t end = route->has_event_value ? route->cell.offset + route->cell.size : 0;

	return end > route->fields_size ? end : route->fields_size;
}

static void note_short(struct route *route, size_t len)
{
	struct err err = ERR_INIT;

	route->ledger.decode_errors++;
	if (!route->has_decode_error) {
		err__set(&err, -EINVAL, &route->metric->at,
			 "sample of %zu bytes is too short: labels and value take %u", len,
			 event_size(route));
		route__note_error(route, STAGE_RECORD, &err);
	}
	route->has_decode_error = true;
}

/* One event: the first bytes are the key (samples are padded behind it), the count grows by one, or by the number that
 * the event brings. */
static void count_sample(void *ctx, uint32_t cpu, const void *data, size_t len)
{
	static const uint8_t plain_key[8]; /* of a metric without labels */
	struct route *route = ctx;
	struct label_entry scratch;
	const struct label_entry *entry;
	const void *key;
	uint32_t series;

	(void)cpu;
	route->ledger.seen++;
	if (len < event_size(route)) {
		note_short(route, len);
		return;
	}
	key = route->fields_size ? data : plain_key;
	entry = route__resolve(route, key, &scratch);
	if (!entry)
		return;
	series = entry->series;
	if ((series >= LABEL_SERIES_FIRST_CODE || family__has_left(route->family, series)) &&
	    !route__event_series(route, key, entry, &series)) /* STAGE_FILTER */
		return;
	route->ledger.kept++;
	family__add(route->family, series, /* STAGE_METRIC */
		    route->has_event_value ? value_cell__read(&route->cell, data) : 1);
}

static void count_lost(void *ctx, uint32_t cpu, uint64_t count)
{
	struct route *route = ctx;

	(void)cpu;
	route->ledger.lost += count;
}

static int add_losses(void *ctx, const struct row_batch *rows)
{
	static const struct value_cell cell = { .size = sizeof(uint64_t) };
	uint64_t *sum = ctx;

	for (size_t i = 0; i < rows->len; i++)
		for (uint32_t k = 0; k < rows->value_count; k++)
			*sum += value_cell__read(&cell, rows->values + i * rows->value_stride +
								(size_t)k * rows->cell_stride);
	return 0;
}

void event_read_losses(struct route *route)
{
	struct err err = ERR_INIT;
	uint64_t sum = 0;
	int r = table_source__read(route->lost, add_losses, &sum, &err);

	if (r >= 0) {
		route->ledger.lost = sum;
		return;
	}
	route->ledger.read_errors++;
	err__wrap(&err, r, &route->metric->at, "map '%s'", route->stream->lost_map);
	route__note_error(route, STAGE_SOURCE, &err);
}

int event_open(struct route *route, struct err *err)
{
	const struct event_sink_fns fns = { .sample = count_sample,
					    .lost = count_lost,
					    .ctx = route };
	const struct map_info map = map_info_of(&route->map);

	if (route->stream->interval_ns == 0 && route->metric->flush_ns > 0)
		route->next_flush_ns = clock_monotonic_ns() + route->metric->flush_ns;
	return event_source__open(&map, PERF_PAGES_PER_CPU, &fns, &route->events, err);
}

/* The interval is over: series begin anew. Entries point at series that are gone, so they go too. */
static void flush(struct route *route, int64_t now_ns)
{
	family__clear(route->family, clock_wall_ns());
	label_cache__clear(route->cache);
	while (route->next_flush_ns <= now_ns)
		route->next_flush_ns += route->metric->flush_ns;
}

/*
 * Events have no passes over a map, but the cache forgets by passes: when it is full, keys unseen for two of these
 * leave. Placeholders are asked again as often.
 */
static void begin_pass(struct route *route, int64_t now_ns)
{
	label_cache__begin(route->cache, ++route->pass);
	route__forget_placeholders(route);
	route->next_pass_ns = now_ns + EVENT_PASS_NS;
}

/* One reading of the clock ends a route's time and begins the next one's. */
static int64_t charge(struct ledger *ledger, int64_t begin_ns)
{
	int64_t now_ns = clock_monotonic_ns();

	ledger->agent_ns += (uint64_t)(now_ns - begin_ns);
	return now_ns;
}

/* What is there now is what drain_config() takes. */
static void note_ends(struct agent_config *config)
{
	for (uint32_t i = 0; i < config->route_count; i++)
		if (config->routes[i].events)
			config->routes[i].end = event_source__end(config->routes[i].events);
	agent_note_ends_of_streams(config);
}

static int64_t drain_config(struct agent_config *config, int64_t now_ns)
{
	int64_t begin_ns = now_ns;
	uint32_t i;

	for (i = 0; i < config->route_count; i++) {
		struct route *route = &config->routes[i];
		int r;

		if (!route->events || route->demand == DEMAND_NONE)
			continue;
		if (route->next_flush_ns && now_ns >= route->next_flush_ns)
			flush(route, now_ns);
		if (now_ns >= route->next_pass_ns)
			begin_pass(route, now_ns);
		r = event_source__drain_some(route->events, route->end, EVENT_SOURCE_MOST);
		if (r < 0)
			route->ledger.read_errors++;
		begin_ns = charge(&route->ledger, begin_ns);
	}
	for (i = 0; i < config->span_count; i++) {
		span_route__drain(&config->spans[i]);
		begin_ns = charge(&config->spans[i].ledger, begin_ns);
	}
	agent_run_streams(config, now_ns);
	return begin_ns;
}

void event_drain_config(struct agent_config *config)
{
	note_ends(config);
	(void)drain_config(config, clock_monotonic_ns());
}

static void look_for_containers(struct agent *agent)
{
	struct err err = ERR_INIT;

	if (agent_look_for_containers(agent, &err) < 0)
		log_err(LOG_WARN, &err, "Containers are not known by their processes");
	err__done(&err);
}

void event_drain(struct agent *agent)
{
	int64_t now_ns;

	/* Whoever made an event was told of before: what is there now is somebody's as soon as that is read. */
	agent_for_each_config(agent, config)
		note_ends(config);
	who__drain(agent->who); /* STAGE_ENRICH of what follows */
	look_for_containers(agent);
	now_ns = clock_monotonic_ns();
	agent_for_each_config(agent, config)
		now_ns = drain_config(config, now_ns);
	if (agent->has_left)
		agent_settle_counts(agent, false);
	agent->has_left = false;
}
