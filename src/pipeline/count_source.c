/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/count_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pipeline/account.h"
#include "pipeline/count.h"
#include "pipeline/count_table.h"
#include "pipeline/route.h"
#include "pipeline/stream.h"

/* Rows that somebody drained last: gauges of a table that has been emptied are what they say. */
struct drained_rows {
	uint8_t *bytes; /* keys and values as the stream has them */
	size_t len, capacity;
	bool is_over; /* the next row begins anew */
};

struct count_source {
	struct route *route;       /* borrowed */
	struct count_table *table; /* owned; events that are counted here, else NULL */
	struct drained_rows drained;
};

/* ---- events in user space --------------------------------------------------------------------------- */

/* Without a layout the key is as long as it is; conditions are asked when it is read. */
static void count_packed(struct count_source *source, const uint8_t *record)
{
	struct count *count = source->route->count;
	const struct aggregate_value *value = &count->aggregate->aggregate.value;
	struct aggregate_sample sample = { .number = 0 };
	struct value_cell cell = { .offset = value->field.offset,
				   .size = value->field.size,
				   .is_signed = value->field.is_signed };

	if (value->kind != AGGREGATE_KIND_COUNT)
		sample.number = value_cell__read(&cell, record);
	if (value->kind == AGGREGATE_KIND_SLOTS)
		sample.slot = aggregate_value__slot(value, sample.number);
	count_table__add(source->table, count__pack(count, NULL, record, 1, 0), &sample);
}

static void count_record(void *ctx, const void *bytes, size_t len)
{
	struct count_source *source = ctx;
	struct count *count = source->route->count;
	struct ledger *ledger = &source->route->ledger;
	struct aggregate_sample sample;
	int r;

	if (!count->aggregate->has_layout) {
		count_packed(source, bytes);
		return;
	}
	r = aggregate__run(&count->aggregate->aggregate, &count->aggregate->layout, bytes, len,
			   count->key, &sample);
	if (r == AGGREGATE_KEEPS) {
		count_table__add(source->table, count->key, &sample);
		return;
	}
	ledger->seen++;
	if (r < 0)
		ledger->decode_errors++;
	else
		ledger->filtered++;
}

static int open_events(struct count_source *source, struct err *err)
{
	const struct count *count = source->route->count;
	const struct stream_subscriber subscriber = { .raw = count_record, .ctx = source };

	source->table = count_table__new(&count->aggregate->aggregate, &count->aggregate->layout,
					 count->key_size);
	if (!source->table)
		return err__set(err, -ENOMEM, NULL, "no memory to count events");
	return stream__subscribe(count->stream, &subscriber, err);
}

/* ---- events in the kernel --------------------------------------------------------------------------- */

static int open_table(const struct program_map *map, uint32_t possible_cpus,
		      struct table_source **ret_table, struct err *err)
{
	const struct map_info info = map_info_of(map);

	return table_source__open(&info, possible_cpus, ret_table, err);
}

/* -ENOENT: the kernel does not count it, and the count says why. */
static int open_in_kernel(struct route *route, const struct program *program,
			  uint32_t possible_cpus, struct err *err)
{
	struct count *count = route->count;
	struct err reason = ERR_INIT;
	struct program_map spare;
	char text[512];
	int r = program__aggregate(program, route->stream->map, count->index, &route->map, &spare,
				   &reason);

	if (r == -ENOENT) {
		err__format(&reason, text, sizeof(text));
		free(count->why_user_space);
		count->why_user_space = strdup(text); /* without memory the page says less */
		count->is_in_kernel = false;
	}
	err__done(&reason);
	if (r < 0)
		return r;
	r = open_table(&route->map, possible_cpus, &route->table, err);
	/* What a number was last is nothing to add up. */
	if (r < 0 || route->metric->kind == METRIC_KIND_GAUGE)
		return r;
	route->overflow.kind = OVERFLOW_OF_COUNTS;
	return open_table(&spare, possible_cpus, &route->overflow.table, err);
}

/* ---- rows that others drain ------------------------------------------------------------------------- */

/* What is gone from the map was counted up to here; a key that comes back starts from 0. */
static void account_drained(struct route *route, const uint8_t *key, const uint8_t *value)
{
	struct label_entry scratch;
	const struct label_entry *entry = route__resolve(route, key, &scratch);
	uint64_t *account;

	route->ledger.seen++;
	if (!entry)
		return;
	for (uint32_t i = 0; i < route->value_count; i++)
		route->values[i] = value_cell__read(&route->cells[i], value);
	route__account(route, key, entry, route->values);
	account = label_cache__account(route->cache, key);
	if (account)
		memset(account, 0, route->value_count * sizeof(*account));
}

static void keep_drained(struct drained_rows *rows, const void *bytes, size_t len, size_t most)
{
	if (rows->is_over) {
		rows->len = 0;
		rows->is_over = false;
	}
	if (rows->len >= most)
		return;
	if (rows->len == rows->capacity) {
		size_t capacity = rows->capacity ? 2 * rows->capacity : 64;
		uint8_t *grown = reallocarray(rows->bytes, capacity, len);

		if (!grown)
			return;
		rows->bytes = grown;
		rows->capacity = capacity;
	}
	memcpy(rows->bytes + rows->len++ * len, bytes, len);
}

static void take_drained(void *ctx, const void *bytes, size_t len)
{
	struct count_source *source = ctx;
	struct route *route = source->route;
	struct count *count = route->count;
	const uint8_t *value = (const uint8_t *)bytes + count->head_size;

	if (!route->is_accounted)
		keep_drained(&source->drained, bytes, len, route->most_keys);
	else
		account_drained(route, count__pack(count, bytes, value, 1, 0), value);
}

static void end_drained(void *ctx)
{
	struct count_source *source = ctx;

	source->drained.is_over = true;
}

static int open_rows(struct count_source *source, struct err *err)
{
	const struct stream_subscriber subscriber = {
		.raw = take_drained, .drained = end_drained, .is_beside = true, .ctx = source
	};

	if (source->route->stream->read != STREAM_READ_DRAIN)
		return 0;
	return stream__subscribe(source->route->count->stream, &subscriber, err);
}

/* ---- life ------------------------------------------------------------------------------------------- */

int count_source__open(struct route *route, const struct program *program, uint32_t possible_cpus,
		       struct err *err)
{
	int r = -ENOENT;

	struct count_source *source = new_zero(struct count_source);

	if (!source)
		return err__set(err, -ENOMEM, NULL, "no memory for metric '%s'",
				route->metric->name);
	source->route = route;
	route->counted = source;
	switch (route->stream->mode) {
	case STREAM_MODE_EVENTS:
		if (route->count->is_in_kernel)
			r = open_in_kernel(route, program, possible_cpus, err);
		return r == -ENOENT ? open_events(source, err) : r;
	case STREAM_MODE_TABLE:
		return open_rows(source, err);
	case STREAM_MODE_SNAPSHOT:
		break;
	}
	return 0;
}

struct count_source *count_source__close(struct count_source *source)
{
	if (!source)
		return NULL;
	stream__unsubscribe(source->route->count->stream, source);
	count_table__free(source->table);
	free(source->drained.bytes);
	free(source);
	return NULL;
}

/* ---- losses ----------------------------------------------------------------------------------------- */

void count_source__read_losses(struct route *route, struct program *const *programs)
{
	struct stream *stream = route->count->stream;
	struct stream_figures figures;

	if (route->stream->mode != STREAM_MODE_EVENTS)
		return;
	if (route->count->is_in_kernel) {
		route->ledger.lost = program__ring_losses(programs[route->stream->program],
							  route->stream->map)
					     .uncounted;
		return;
	}
	stream__read_losses(stream);
	stream__figures(stream, &figures);
	route->ledger.lost = figures.lost;
}

/* ---- reading ---------------------------------------------------------------------------------------- */

bool count_source__has_rows(const struct count_source *source)
{
	return source && (source->table || source->drained.len > 0);
}

static int read_drained(const struct count_source *source, table_rows_fn run)
{
	const struct count *count = source->route->count;
	uint32_t size = source->route->stream->record_size;
	const struct row_batch rows = {
		.keys = source->drained.bytes,
		.values = source->drained.bytes + count->head_size,
		.len = source->drained.len,
		.key_size = count->head_size,
		.key_stride = size,
		.value_size = size - count->head_size,
		.value_count = 1,
		.cell_stride = size - count->head_size,
		.value_stride = size,
	};

	return run(source->route, &rows);
}

static int read_spare(struct route *route, struct err *err)
{
	const uint8_t *spare = route->counted->table->spare;

	route->overflow.total = 0;
	for (uint32_t i = 0; i < route->value_count; i++) {
		uint64_t number = value_cell__read(&route->cells[i], spare);
		int r = route__add_overflow(route, i, number, err);

		if (r < 0)
			return r;
		if (!route->has_slots || i + 1 < route->value_count)
			route->overflow.total += number;
	}
	return 0;
}

int count_source__read(struct route *route, table_rows_fn run, struct err *err)
{
	struct count_source *source = route->counted;
	int r;

	if (!source->table)
		return read_drained(source, run);
	r = count_table__read(source->table, run, route);
	return r < 0 ? r : read_spare(route, err);
}
