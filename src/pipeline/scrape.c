/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "pipeline/account.h"
#include "pipeline/count.h"
#include "pipeline/count_snapshot.h"
#include "pipeline/count_source.h"
#include "pipeline/internal.h"

/* Labels and series unseen for so many scrapes are forgotten: two scrapers of one agent do not flush each other. */
#define KEEP_GENERATIONS 4
/* A sweep walks everything, so it waits until as many dead as living keys could be there, or this many scrapes. */
#define SWEEP_EVERY 64
/* ... or until one of so many series has left a family that keeps values. */
#define LEFT_SHARE 4

/* One cell or all of the row, as the route has a series for each CPU or not. */
static inline uint64_t sum_cells(struct route *route, const struct value_cell *place,
				 const struct row_batch *rows, const uint8_t *cell, uint32_t count)
{
	uint64_t sum = 0;
	uint32_t i;

	if (count == 1)
		sum = value_cell__read(place, cell);
	else
		for (i = 0; i < count; i++)
			sum += value_cell__read(place, cell + (size_t)i * rows->cell_stride);
	route->ledger.last_sum += sum;
	return sum;
}

/* The buckets in order, then the sum, whose slot is the one after the last. */
static void add_slots(struct route *route, const struct label_entry *entry,
		      const struct row_batch *rows, const uint8_t *cell, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < route->value_count; i++)
		family__add_slot(route->family, entry->series, (int32_t)i,
				 sum_cells(route, &route->cells[i], rows, cell, count));
}

/* Where the row is on its way: at its labels, with its value still as it was read. */
struct row {
	const uint8_t *key;
	const struct label_entry *entry;
	const struct row_batch *batch;
	const uint8_t *cell;
	uint32_t count;          /* cells */
	struct value_cell place; /* the route's: here it stays in registers */
};

/* A row of which only what is new may be added. */
static void account_value(struct route *route, const struct row *row)
{
	uint32_t i;

	route->values[0] = sum_cells(route, &row->place, row->batch, row->cell, row->count);
	for (i = 1; i < route->value_count; i++)
		route->values[i] = sum_cells(route, &route->cells[i], row->batch, row->cell,
					     row->count);
	route__account(route, row->key, row->entry, route->values);
}

/* STAGE_FILTER and STAGE_METRIC of a row: adds its value where its labels say, if it is wanted. Hot. */
static inline void add_value(struct route *route, const struct row *row)
{
	const struct label_entry *entry = row->entry;

	if (entry->series >= LABEL_SERIES_FIRST_CODE) {
		account_value(route, row);
		return;
	}
	route->ledger.kept++;
	if (route->has_slots)
		add_slots(route, entry, row->batch, row->cell, row->count);
	else if (route->has_bucket)
		family__add_slot(route->family, entry->series, entry->bucket,
				 sum_cells(route, &row->place, row->batch, row->cell, row->count));
	else
		family__add(route->family, entry->series,
			    sum_cells(route, &row->place, row->batch, row->cell, row->count));
}

/* Whether the row was never added to. An array has all its rows from the start. */
static bool is_zero(const struct route *route, const struct row_batch *rows, const uint8_t *cell,
		    uint32_t count)
{
	uint32_t i, k;

	for (i = 0; i < count; i++, cell += rows->cell_stride)
		for (k = 0; k < route->value_count; k++)
			if (value_cell__read(&route->cells[k], cell))
				return false;
	return true;
}

/* STAGE_FILTER of a row before it has a series. */
static bool is_skipped(struct route *route, const struct row_batch *rows, const uint8_t *cell,
		       uint32_t count)
{
	if (!is_zero(route, rows, cell, count))
		return false;
	route->ledger.filtered++;
	return true;
}

/* What is done with a row; a constant of the two loops below, each of which is compiled for either. */
typedef void (*row_fn)(struct route *route, const struct row *row);

/* STAGE_RECORD: rows of one batch, key and cell by stride. */
static inline __attribute__((always_inline)) int for_each_row(struct route *route,
							      const struct row_batch *rows,
							      row_fn run)
{
	struct row row = { .key = rows->keys,
			   .batch = rows,
			   .cell = rows->values,
			   .count = rows->value_count,
			   .place = route->cell };
	bool skips_zeros = route->metric->skips_zeros;
	struct label_entry scratch;
	size_t i;

	for (i = 0; i < rows->len;
	     i++, row.key += rows->key_stride, row.cell += rows->value_stride) {
		if (skips_zeros && is_skipped(route, rows, row.cell, row.count))
			continue;
		row.entry = route__resolve(route, row.key, &scratch);
		if (row.entry)
			run(route, &row);
	}
	route->ledger.seen += rows->len;
	route->ledger.last_rows += rows->len;
	return 0;
}

/* A row per CPU: its number is one more piece of the key, a host-endian u16 behind the map's own bytes. */
static inline __attribute__((always_inline)) int for_each_cell(struct route *route,
							       const struct row_batch *rows,
							       row_fn run)
{
	uint8_t key[ROUTE_KEY_MAX + sizeof(uint16_t)];
	struct row row = { .key = key, .batch = rows, .count = 1, .place = route->cell };
	bool skips_zeros = route->metric->skips_zeros;
	struct label_entry scratch;
	uint32_t cpu;
	size_t i;

	for (i = 0; i < rows->len; i++) {
		const uint8_t *value = rows->values + i * rows->value_stride;

		memcpy(key, rows->keys + i * rows->key_stride, rows->key_size);
		for (cpu = 0; cpu < rows->value_count; cpu++) {
			uint16_t number = (uint16_t)cpu;

			row.cell = value + (size_t)cpu * rows->cell_stride;
			if (skips_zeros && is_skipped(route, rows, row.cell, 1))
				continue;
			memcpy(key + rows->key_size, &number, sizeof(number));
			row.entry = route__resolve(route, key, &scratch);
			if (row.entry)
				run(route, &row);
		}
	}
	route->ledger.seen += rows->len * rows->value_count;
	route->ledger.last_rows += rows->len;
	return 0;
}

/* Of a row that is a record labels may need what is not in the key. */
static inline __attribute__((always_inline)) int for_each_record(struct route *route,
								 const struct row_batch *rows,
								 row_fn run)
{
	struct row row = { .batch = rows,
			   .cell = rows->values,
			   .count = rows->value_count,
			   .place = route->cell };
	const uint8_t *key = rows->keys;
	struct label_entry scratch;
	size_t i;

	for (i = 0; i < rows->len; i++, key += rows->key_stride, row.cell += rows->value_stride) {
		row.key = count__pack(route->count, key, row.cell, rows->value_count,
				      rows->cell_stride);
		row.entry = route__resolve(route, row.key, &scratch);
		if (row.entry)
			run(route, &row);
	}
	route->ledger.seen += rows->len;
	route->ledger.last_rows += rows->len;
	return 0;
}

static int add_rows(void *ctx, const struct row_batch *rows)
{
	return for_each_row(ctx, rows, add_value);
}

static int add_cells(void *ctx, const struct row_batch *rows)
{
	return for_each_cell(ctx, rows, add_value);
}

static int account_rows(void *ctx, const struct row_batch *rows)
{
	return for_each_row(ctx, rows, account_value);
}

static int account_cells(void *ctx, const struct row_batch *rows)
{
	return for_each_cell(ctx, rows, account_value);
}

static int add_records(void *ctx, const struct row_batch *rows)
{
	return for_each_record(ctx, rows, add_value);
}

static int account_records(void *ctx, const struct row_batch *rows)
{
	return for_each_record(ctx, rows, account_value);
}

static table_rows_fn choose_reader(const struct route *route)
{
	/* The keys of events are what labels need, and no more. */
	if (route->count && route->stream->mode == STREAM_MODE_TABLE &&
	    route->count->piece_count > 0)
		return route->is_accounted ? account_records : add_records;
	if (route->is_accounted)
		return route->has_cpu_label ? account_cells : account_rows;
	return route->has_cpu_label ? add_cells : add_rows;
}

/* Values that shrank say nothing: keys left. Then it is as it was. */
static void note_moves(struct ledger *ledger, uint64_t sum_before, int64_t now_ns)
{
	if (ledger->last_pass_ns > 0 && ledger->last_sum >= sum_before) {
		ledger->has_moves = true;
		ledger->moves_per_s = (double)(ledger->last_sum - sum_before) * (double)NS_PER_S /
				      (double)(now_ns - ledger->last_pass_ns);
	}
	ledger->last_pass_ns = now_ns;
}

/* Out of the map, or what was counted of it elsewhere. */
static int read_rows(struct route *route, bool *ret_is_partial, struct err *err)
{
	int r;

	*ret_is_partial = false;
	if (count_source__has_rows(route->counted))
		return count_source__read(route, choose_reader(route), err);
	r = table_source__read(route->table, choose_reader(route), route, err);
	*ret_is_partial = table_source__figures(route->table)->is_partial;
	route->ledger.vanished += table_source__figures(route->table)->vanished;
	return r;
}

static void read_table(struct route *route, uint32_t generation)
{
	bool is_partial;
	int64_t start_ns = clock_monotonic_ns();
	uint64_t sum_before = route->ledger.last_sum;
	struct err err = ERR_INIT;
	int r;

	route->ledger.last_rows = 0;
	route->ledger.last_sum = 0;
	route->pass = generation;
	label_cache__begin(route->cache, generation);
	route__forget_placeholders(route);
	r = read_rows(route, &is_partial, &err);
	route__end_pass(route, r >= 0 && !is_partial);
	if (r < 0) {
		route->ledger.read_errors++;
		err__wrap(&err, r, &route->metric->at, "map '%s'", route->stream->map);
		route__note_error(route, STAGE_SOURCE, &err);
	}
	route__read_overflow(route);
	note_moves(&route->ledger, sum_before, start_ns);
	route->ledger.last_read_ns = clock_monotonic_ns() - start_ns;
	route->ledger.agent_ns += (uint64_t)route->ledger.last_read_ns;
}

void scrape_config(struct agent *agent, struct agent_config *config)
{
	uint32_t i;

	for (i = 0; i < config->route_count; i++) {
		struct route *route = &config->routes[i];

		route->has_decode_error = route->counts_as_decode_error;
		if ((route->table || count_source__has_rows(route->counted)) &&
		    route->demand != DEMAND_NONE)
			read_table(route, agent->generation);
		if (route->lost)
			event_read_losses(route);
		if (route->counted)
			count_source__read_losses(route, config->programs);
		if (route->has_decode_error)
			config->decoder_errors++;
	}
	count_snapshots(config, agent->generation);
}

void scrape_counts(struct agent_config *config)
{
	for (uint32_t i = 0; i < config->route_count; i++) {
		struct route *route = &config->routes[i];

		if (route->count && route->count->aggregate &&
		    (route->table || count_source__has_rows(route->counted)))
			read_table(route,
				   route->pass ? route->pass : 1 /* before the first scrape */);
	}
}

/* Of a key of which it is not known yet whose it is, nothing is added: that may be told a moment later. */
static void settle_value(struct route *route, const struct row *row)
{
	if (row->entry->is_provisional)
		route->ledger.seen--; /* it will be, later */
	else
		account_value(route, row);
}

static int settle_rows(void *ctx, const struct row_batch *rows)
{
	return for_each_row(ctx, rows, settle_value);
}

static void settle(struct route *route)
{
	struct err err = ERR_INIT;
	int r;

	if (route->pass == 0)
		route->pass = 1; /* before the first scrape */
	label_cache__begin(route->cache, route->pass);
	r = route->table ? table_source__read(route->table, settle_rows, route, &err)
			 : count_source__read(route, settle_rows, &err);
	route__end_pass(route, false /* some were left out */);
	if (r < 0) {
		route->ledger.read_errors++;
		route__note_error(route, STAGE_SOURCE, &err);
	}
	err__done(&err);
	label_cache__make_dormant(route->cache);
}

static bool is_settled(const struct route *route, bool is_in_kernel)
{
	return route->is_accounted && route->count && route->count->aggregate &&
	       route->count->says_who && route->count->is_in_kernel == is_in_kernel &&
	       (route->table || count_source__has_rows(route->counted));
}

/* Numbers of namespaces are used again at once, so a key may be one container's now and another's a moment later. */
void agent_settle_counts(struct agent *agent, bool is_in_kernel)
{
	agent_for_each_config(agent, config) {
		for (uint32_t i = 0; i < config->route_count; i++) {
			struct route *route = &config->routes[i];

			if (is_settled(route, is_in_kernel))
				settle(route);
		}
	}
}

/* One family may have several routes: all their caches learn the new numbers of its series. */
static void sweep_family(struct agent *agent, struct family *family, uint32_t oldest)
{
	const uint32_t *map_series = NULL;
	uint32_t i;

	if (family__sweep(family, oldest, &map_series) == 0)
		map_series = NULL;
	agent_for_each_config(agent, config) {
		for (i = 0; i < config->route_count; i++) {
			const struct route *route = &config->routes[i];

			/* Keys of events have passes of their own (event.c). */
			if (route->family == family && route->cache)
				label_cache__sweep(route->cache, route->events ? 0 : oldest,
						   map_series);
		}
	}
}

static bool needs_sweep(const struct agent *agent, const struct route *route)
{
	if (!route->family)
		return false;
	if (family__left_count(route->family) > family__series_count(route->family) / LEFT_SHARE)
		return true;
	if (!route->table && !route->count)
		return false;
	return label_cache__count(route->cache) > 2 * route->ledger.last_rows + 1024 ||
	       agent->generation % SWEEP_EVERY == 0;
}

/* Of configs and programs that reloads have replaced: nobody remembers the numbers of such series. */
static void sweep_own(struct agent *agent)
{
	const uint32_t *map_series;
	struct family *family;
	size_t cursor = 0;

	while ((family = registry__next(agent->registry, &cursor)))
		if (agent_count_routes(agent, family) == 0)
			(void)family__sweep(family, agent->generation - KEEP_GENERATIONS,
					    &map_series);
}

void scrape_sweep(struct agent *agent)
{
	uint32_t i;

	if (agent->generation <= KEEP_GENERATIONS)
		return;
	if (agent->generation % SWEEP_EVERY == 0)
		sweep_own(agent);
	agent_for_each_config(agent, config) {
		for (i = 0; i < config->route_count; i++)
			if (needs_sweep(agent, &config->routes[i]))
				sweep_family(agent, config->routes[i].family,
					     agent->generation - KEEP_GENERATIONS);
	}
}
