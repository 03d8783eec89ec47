/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a stream's records come from, once its programs are loaded: opened when somebody listens, closed when nobody
 * does any more.
 */
#include <errno.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/loop.h"
#include "host/host.h"
#include "pipeline/route.h"
#include "pipeline/stream_private.h"
#include "program/program.h"

/* Per CPU, of a perf buffer: what programs of this kind are written for. */
#define PERF_PAGES_PER_CPU 64

static int find_map(const struct stream *stream, const char *name, struct map_info *ret_map,
		    struct err *err)
{
	struct program_map found;
	int r = program__map(stream->env.program, name, &found, err);

	if (r >= 0)
		*ret_map = map_info_of(&found);
	return r;
}

static int open_events(struct stream *stream, struct err *err)
{
	uint32_t cpus = host__possible_cpus(stream->env.host);
	struct event_sink_fns fns;
	struct map_info map, lost;
	int r = find_map(stream, stream->spec->map, &map, err);

	if (r >= 0 && stream->spec->lost_map && !stream->lost_table) {
		r = find_map(stream, stream->spec->lost_map, &lost, err);
		if (r >= 0)
			r = table_source__open(&lost, cpus, &stream->lost_table, err);
	}
	if (r < 0)
		return r;
	stream_set_event_fns(stream, &fns);
	r = event_source__open(&map, PERF_PAGES_PER_CPU, &fns, &stream->events, err);
	/* Where the kernel counts them they come on demand. */
	return r < 0 ? r : program__set_events(stream->env.program, stream->spec->map, true, err);
}

/* The record is the key, then the value. */
static int open_table(struct stream *stream, struct err *err)
{
	struct map_info map;
	int r = find_map(stream, stream->spec->map, &map, err);

	if (r < 0)
		return r;
	if (map.key_size + map.value_size != stream->spec->record_size)
		return err__set(err, -EINVAL, &stream->spec->at,
				"map '%s' has rows of %u and %u bytes; its fields are %u", map.name,
				map.key_size, map.value_size, stream->spec->record_size);
	return table_source__open(&map, host__possible_cpus(stream->env.host), &stream->table, err);
}

static int open_by_mode(struct stream *stream, struct err *err)
{
	int64_t now_ns = clock_monotonic_ns();

	switch (stream->spec->mode) {
	case STREAM_MODE_EVENTS:
		return open_events(stream, err);
	case STREAM_MODE_TABLE:
		stream->next_read_ns = stream->spec->interval_ns
					       ? now_ns + stream->spec->interval_ns
					       : 0;
		return open_table(stream, err);
	case STREAM_MODE_SNAPSHOT:
		stream->next_read_ns = now_ns; /* at once */
		stream->is_iterating = true;
		return 0;
	}
	return 0;
}

int stream_open_source(struct stream *stream, struct err *err)
{
	int r;

	if (stream->error || stream__is_running(stream) || stream__demand(stream) == DEMAND_NONE)
		return 0;
	r = stream_reserve(stream);
	if (r < 0)
		return err__set(err, r, NULL, "no memory for data source '%s'", stream->spec->name);
	derive__prepare(stream->derive);
	r = open_by_mode(stream, err);
	return r < 0 ? err__wrap(err, r, &stream->spec->at, "data source '%s'", stream->spec->name)
		     : 0;
}

void stream__watch(struct stream *stream, bool is_watched, void (*run)(void *ctx, int fd, uint32_t),
		   void *ctx)
{
	if (!stream->env.loop)
		return;
	if (stream->watch && (!is_watched || !stream->events))
		stream->watch = loop__remove(stream->env.loop, stream->watch);
	/* Without it the timer does it, a little later. */
	if (is_watched && stream->events && !stream->watch)
		(void)loop__add_fd(stream->env.loop, event_source__fd(stream->events), EPOLLIN, run,
				   ctx, &stream->watch, NULL);
}

void stream_close_source(struct stream *stream)
{
	if (stream->watch)
		stream->watch = loop__remove(stream->env.loop, stream->watch);
	if (stream->events)
		(void)program__set_events(stream->env.program, stream->spec->map, false,
					  NULL /* then it was never on */);
	stream->events = event_source__close(stream->events);
	stream->table = table_source__close(stream->table);
	stream->is_iterating = false;
	stream->next_read_ns = 0;
}

int stream__start(struct stream *stream, struct err *err)
{
	stream->is_started = true;
	return stream_open_source(stream, err);
}

void stream__stop(struct stream *stream)
{
	stream_close_source(stream);
	stream->lost_table = table_source__close(stream->lost_table);
	stream->is_started = false;
}

/* ---- cells of CPUs -------------------------------------------------------------------------------------- */

static bool is_integer(enum field_type type)
{
	return type >= FIELD_TYPE_U8 && type <= FIELD_TYPE_S64;
}

/* Modulo the size, as the program itself would. */
static void add_integer(uint8_t *sum, const uint8_t *cell, uint32_t size)
{
	uint64_t a, b;

	if (bytes_get_uint(sum, size, &a) < 0 || bytes_get_uint(cell, size, &b) < 0)
		return;
	a += b;
	memcpy(sum, &a, size); /* little-endian, as all that sonde runs on */
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

static void add_cell(const struct stream *stream, uint32_t key_size, const uint8_t *cell,
		     uint8_t *value)
{
	for (uint32_t i = 0; i < stream->schema.field_count; i++) {
		const struct field *field = &stream->schema.fields[i];

		if (field->flags & (FIELD_DERIVED | FIELD_FLEXIBLE) || field->offset < key_size ||
		    !is_integer(field->type))
			continue;
		for (uint32_t k = 0; k < field->count; k++) {
			uint32_t at = field->offset - key_size + k * field->size;

			add_integer(value + at, cell + at, field->size);
		}
	}
}

/* Numbers of all CPUs are added; what is none is as the first CPU has it that wrote something. */
void stream_sum_cells(const struct stream *stream, const struct row_batch *rows, size_t row,
		      uint8_t *value)
{
	const uint8_t *cells = rows->values + row * rows->value_stride;
	bool is_first = true;

	memcpy(value, cells, rows->value_size);
	if (rows->value_count == 1)
		return;
	for (uint32_t i = 0; i < rows->value_count; i++) {
		const uint8_t *cell = cells + (size_t)i * rows->cell_stride;

		if (is_zero(cell, rows->value_size))
			continue;
		if (is_first)
			memcpy(value, cell, rows->value_size);
		else
			add_cell(stream, rows->key_size, cell, value);
		is_first = false;
	}
}
