/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "pipeline/stream_private.h"
#include "program/program.h"

/* What a ring should hold, and how large it need not become for that: it is mapped twice, and counts as often. */
#define RING_RECORDS 1024
#define RING_ENOUGH_BYTES (1u << 20)
/* Of a batch, for the next one. */
#define BATCH_KEPT_BYTES ((size_t)256 << 10)

/* ---- making and ending one ------------------------------------------------------------------------------ */

/* What the agent cannot fill, and what no schema can be made of. */
static int check(const struct stream *stream, struct err *err)
{
	const struct stream_spec *spec = stream->spec;

	if (spec->is_foreign || !stream->env.program)
		return err__set(
			err, -EOPNOTSUPP, &spec->at,
			"data source '%s' has no program; a module would fill it, and there is none for it",
			spec->name);
	if (spec->record_size == 0 || spec->record_size > STREAM_RECORD_MAX_BYTES)
		return err__set(err, -E2BIG, &spec->at,
				"data source '%s' has records of %u bytes; 1 to %u can be shown",
				spec->name, spec->record_size, STREAM_RECORD_MAX_BYTES);
	return 0;
}

static int keep_reason(struct stream *stream, struct err *err)
{
	char text[1024];

	err__format(err, text, sizeof(text));
	err__done(err);
	stream->error = strdup(text);
	return stream->error ? 0 : -ENOMEM;
}

/* Rings are drained on a timer, so one has to hold what comes meanwhile; its program may have been written for readers that
 * wake up for every event. */
/* A saving of losses, no need: what cannot be had so stays as it is. */
static void size_ring(const struct stream *stream)
{
	uint64_t bytes = (uint64_t)stream->schema.size * RING_RECORDS;
	struct program *program = stream->env.program;

	if (stream->spec->mode != STREAM_MODE_EVENTS || !program)
		return;
	if (stream->env.ring_bytes)
		(void)program__set_ring(program, stream->spec->map, stream->env.ring_bytes);
	else
		(void)program__want_ring(program, stream->spec->map,
					 bytes < RING_ENOUGH_BYTES ? (uint32_t)bytes
								   : RING_ENOUGH_BYTES);
}

int stream__plan(const struct stream_spec *spec, const struct stream_env *env,
		 struct stream **ret_stream, struct err *err)
{
	struct stream *stream = new_zero(struct stream);
	int r;

	if (!stream)
		return err__set(err, -ENOMEM, NULL, "no memory for data source '%s'", spec->name);
	stream->env = *env;
	stream->decode = *env->decode;
	stream->env.decode = &stream->decode;
	if (env->program) {
		stacks__init(&stream->stacks, env->program);
		stream->decode.stacks = &stream->stacks.source;
	}
	stream->spec = spec;
	stream->rest_len_field = -1;
	stream->schema = (struct schema){ .name = spec->name };
	r = check(stream, err);
	if (r == 0)
		r = stream_make_schema(stream, err);
	if (r == 0)
		size_ring(stream);
	if (r < 0 && r != -ENOMEM)
		r = keep_reason(stream, err);
	if (r < 0) {
		stream__free(stream);
		return err__is_set(err) ? r
					: err__set(err, r, NULL, "no memory for data source '%s'",
						   spec->name);
	}
	*ret_stream = stream;
	return 0;
}

/* Whoever is told may end its other subscriptions meanwhile, also of this stream. */
static void tell_gone(struct stream *stream)
{
	while (stream->subscribers.len > 0) {
		const struct stream_subscriber last =
			stream->subscribers.items[--stream->subscribers.len];

		if (last.gone)
			last.gone(last.ctx);
	}
}

struct stream *stream__free(struct stream *stream)
{
	if (!stream)
		return NULL;
	stream__stop(stream);
	tell_gone(stream);
	derive__free(stream->derive);
	vec_done(&stream->subscribers);
	free(stream->scratch);
	free(stream->rows.bytes);
	free(stream->records);
	free(stream->derived);
	free(stream->error);
	arena__done(&stream->arena);
	free(stream);
	return NULL;
}

const struct stream_spec *stream__spec(const struct stream *stream)
{
	return stream->spec;
}

const struct schema *stream__schema(const struct stream *stream)
{
	return &stream->schema;
}

const struct field_spec *stream__field_spec(const struct stream *stream, uint32_t field)
{
	if (field >= stream->schema.field_count || stream->spec_fields[field] == SPEC_NONE)
		return NULL;
	return &stream->spec->fields[stream->spec_fields[field]];
}

bool stream__is_batch(const struct stream *stream)
{
	return stream->spec->mode != STREAM_MODE_EVENTS;
}

const char *stream__error(const struct stream *stream)
{
	return stream->error;
}

bool stream__needs_who(const struct stream *stream)
{
	return stream->derive && derive__has_keys(stream->derive) &&
	       stream__demand(stream) == DEMAND_RECORD;
}

bool stream__is_done(const struct stream *stream)
{
	return stream->is_done;
}

void stream__figures(const struct stream *stream, struct stream_figures *ret_figures)
{
	*ret_figures = stream->figures;
	if (stream->derive)
		ret_figures->decode_errors = derive__errors(stream->derive);
}

/* ---- who listens ---------------------------------------------------------------------------------------- */

enum demand stream__demand(const struct stream *stream)
{
	enum demand demand = DEMAND_NONE;

	vec_for_each(&stream->subscribers, subscriber) {
		if (subscriber->records)
			return DEMAND_RECORD;
		if (subscriber->raw && !subscriber->is_beside)
			demand = DEMAND_COUNT;
	}
	return demand;
}

int stream__subscribe(struct stream *stream, const struct stream_subscriber *subscriber,
		      struct err *err)
{
	int r;

	if (stream->error)
		return err__set(err, -EOPNOTSUPP, &stream->spec->at, "%s", stream->error);
	if (vec_push(&stream->subscribers, *subscriber) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory to listen to '%s'",
				stream->spec->name);
	r = stream->is_started ? stream_open_source(stream, err) : 0;
	if (r < 0)
		stream->subscribers.len--;
	if (r < 0 && stream__demand(stream) == DEMAND_NONE)
		stream_close_source(stream);
	return r;
}

void stream__unsubscribe(struct stream *stream, const void *ctx)
{
	size_t kept = 0;

	vec_for_each(&stream->subscribers, subscriber)
		if (subscriber->ctx != ctx)
			stream->subscribers.items[kept++] = *subscriber;
	stream->subscribers.len = kept;
	if (stream__demand(stream) == DEMAND_NONE)
		stream_close_source(stream);
}

void stream__hold(struct stream *stream, bool is_held)
{
	stream->is_held = is_held;
}

/* ---- records -------------------------------------------------------------------------------------------- */

static int reserve_records(struct stream *stream, size_t count)
{
	size_t derived_count = stream->schema.derived_count;
	struct derived_value *derived;
	struct record *records;

	if (count <= stream->record_capacity)
		return 0;
	count = count < 64 ? 64 : count + count / 2;
	records = reallocarray(stream->records, count, sizeof(*records));
	if (!records)
		return -ENOMEM;
	stream->records = records;
	derived = reallocarray(stream->derived, count, (derived_count + 1) * sizeof(*derived));
	if (!derived)
		return -ENOMEM;
	stream->derived = derived;
	stream->record_capacity = count;
	return 0;
}

static void set_record(struct stream *stream, size_t index, const void *bytes, size_t len,
		       uint32_t cpu)
{
	size_t derived_count = stream->schema.derived_count;
	struct derived_value *derived = &stream->derived[index * derived_count];

	for (size_t i = 0; i < derived_count; i++)
		derived[i].is_made = false;
	stream->records[index] = (struct record){
		.schema = &stream->schema,
		.cpu = cpu,
		.raw = bytes,
		.raw_len = len,
		.deriver = derive__deriver(stream->derive),
		.derived = derived,
	};
}

static void give_raw(const struct stream *stream, const void *bytes, size_t len)
{
	vec_for_each(&stream->subscribers, subscriber)
		if (subscriber->raw)
			subscriber->raw(subscriber->ctx, bytes, len);
}

static void give_records(const struct stream *stream, size_t count, bool is_batch)
{
	vec_for_each(&stream->subscribers, subscriber)
		if (subscriber->records)
			subscriber->records(subscriber->ctx, stream->records, count, is_batch);
}

static void tell_drained(const struct stream *stream)
{
	vec_for_each(&stream->subscribers, subscriber)
		if (subscriber->drained)
			subscriber->drained(subscriber->ctx);
}

/* ---- events: out of a ring ------------------------------------------------------------------------------ */

/* Bytes behind the struct, of which the record itself says how many are its own: perf buffers add padding. */
static size_t len_with_rest(const struct stream *stream, const void *bytes, size_t len)
{
	const struct record record = { .schema = &stream->schema, .raw = bytes, .raw_len = len };
	size_t size = stream->schema.size;
	struct value value;

	if (!stream->rest_offset || len <= size)
		return size;
	if (stream->rest_len_field >= 0 &&
	    record__get(&record, (uint32_t)stream->rest_len_field, &value) == 0 &&
	    (value.type == FIELD_TYPE_U64 || value.type == FIELD_TYPE_S64) &&
	    value.u64 < len - size)
		return size + (size_t)value.u64;
	return len;
}

static void take_event(void *ctx, uint32_t cpu, const void *data, size_t len)
{
	struct stream *stream = ctx;
	size_t size = stream->schema.size;

	stream->figures.received++;
	stream->delivered++;
	if (len < size) {
		memcpy(stream->scratch, data, len);
		memset(stream->scratch + len, 0, size - len);
		stream->figures.filled++;
		data = stream->scratch;
		len = size;
	}
	give_raw(stream, data, len);
	if (stream__demand(stream) != DEMAND_RECORD)
		return;
	derive__begin_one(stream->derive);
	set_record(stream, 0, data, len_with_rest(stream, data, len), cpu);
	give_records(stream, 1, false);
}

static void take_loss(void *ctx, uint32_t cpu, uint64_t count)
{
	struct stream *stream = ctx;

	(void)cpu;
	stream->perf_lost += count;
}

static void drain(struct stream *stream, uint64_t end)
{
	int64_t end_ns = clock_monotonic_ns() + STREAM_DRAIN_NS;
	int r;

	stream->delivered = 0;
	derive__look_at_clocks(stream->derive);
	do
		r = event_source__drain_some(stream->events, end, STREAM_EVENTS_PER_TURN);
	while (r >= STREAM_EVENTS_PER_TURN && !stream->is_held && clock_monotonic_ns() < end_ns);
	if (r < 0)
		stream->figures.read_errors++;
	if (stream->delivered > 0)
		tell_drained(stream);
}

/* ---- what was lost -------------------------------------------------------------------------------------- */

static int add_losses(void *ctx, const struct row_batch *rows)
{
	uint64_t *sum = ctx, count;

	for (size_t i = 0; i < rows->len; i++)
		for (uint32_t k = 0; k < rows->value_count; k++)
			if (bytes_get_uint(rows->values + i * rows->value_stride +
						   (size_t)k * rows->cell_stride,
					   rows->value_size, &count) == 0)
				*sum += count;
	return 0;
}

void stream__read_losses(struct stream *stream)
{
	struct ring_losses losses = { .uncounted = 0 };
	uint64_t sum = 0;

	if (stream->env.program)
		losses = program__ring_losses(stream->env.program, stream->spec->map);
	if (stream->lost_table &&
	    table_source__read(stream->lost_table, add_losses, &sum, NULL /* counted */) < 0) {
		stream->figures.read_errors++;
		return;
	}
	/* A record that found no slot is in the gadget's own map of losses, if it has one. */
	if (!stream->lost_table)
		sum += losses.uncounted;
	stream->figures.lost = sum + losses.unsent + stream->perf_lost;
}

/* ---- batches: tables and iterators ---------------------------------------------------------------------- */

/* Room for one more. NULL: no memory, or there are too many. */
static uint8_t *add_row(struct stream *stream)
{
	struct stream_rows *rows = &stream->rows;

	if (rows->len >= STREAM_ROWS_MAX) {
		stream->figures.cut++;
		return NULL;
	}
	if (rows->len == rows->capacity) {
		size_t capacity = rows->capacity ? 2 * rows->capacity : 64;
		uint8_t *bytes = reallocarray(rows->bytes, capacity, stream->schema.size);

		if (!bytes)
			return NULL;
		rows->bytes = bytes;
		rows->capacity = capacity;
	}
	return rows->bytes + rows->len++ * stream->schema.size;
}

static int take_row(void *ctx, const void *row)
{
	struct stream *stream = ctx;
	uint8_t *bytes = add_row(stream);

	if (bytes)
		memcpy(bytes, row, stream->schema.size);
	return 0;
}

static int take_rows(void *ctx, const struct row_batch *rows)
{
	struct stream *stream = ctx;

	for (size_t i = 0; i < rows->len; i++) {
		uint8_t *bytes = add_row(stream);

		if (!bytes)
			continue;
		memcpy(bytes, rows->keys + i * rows->key_stride, rows->key_size);
		stream_sum_cells(stream, rows, i, bytes + rows->key_size);
	}
	return 0;
}

static int read_iterators(struct stream *stream, struct err *err)
{
	int first = 0;

	for (uint32_t i = 0; i < stream->spec->iterator_count; i++) {
		struct err own = ERR_INIT;
		int r = program__iterate(stream->env.program, stream->spec->iterators[i].text,
					 stream->schema.size, take_row, stream, &own);

		/* One that is not attached here is told by the agent; the others have their say. */
		if (r < 0 && r != -ENOENT && first == 0) {
			first = r;
			err__wrap(&own, r, &stream->spec->at, "data source '%s'",
				  stream->spec->name);
			if (err)
				*err = own;
			own = (struct err)ERR_INIT;
		}
		err__done(&own);
	}
	return first;
}

static void give_batch(struct stream *stream)
{
	size_t count = stream->rows.len;

	stream->figures.received += count;
	for (size_t i = 0; i < count; i++)
		give_raw(stream, stream->rows.bytes + i * stream->schema.size, stream->schema.size);
	if (stream__demand(stream) != DEMAND_RECORD)
		return;
	if (reserve_records(stream, count) < 0) {
		stream->figures.read_errors++;
		return;
	}
	derive__begin(stream->derive);
	for (size_t i = 0; i < count; i++)
		set_record(stream, i, stream->rows.bytes + i * stream->schema.size,
			   stream->schema.size, UINT32_MAX);
	give_records(stream, count, true);
	tell_drained(stream);
}

/* One as large as this may not come again, and with many gadgets that adds up: what it took is given back. */
static void give_back(struct stream *stream)
{
	size_t record_bytes = sizeof(struct record) +
			      (stream->schema.derived_count + 1) * sizeof(struct derived_value);

	if (stream->rows.capacity * stream->schema.size > BATCH_KEPT_BYTES) {
		free(stream->rows.bytes);
		stream->rows = (struct stream_rows){ .len = 0 };
	}
	if (stream->record_capacity * record_bytes > BATCH_KEPT_BYTES) {
		free(stream->records);
		free(stream->derived);
		stream->records = NULL;
		stream->derived = NULL;
		stream->record_capacity = 0;
	}
}

static int read_batch(struct stream *stream, struct err *err)
{
	int r;

	stream->rows.len = 0;
	derive__look_at_clocks(stream->derive);
	stream->figures.reads++;
	if (stream->spec->mode == STREAM_MODE_SNAPSHOT)
		r = read_iterators(stream, err);
	else if (stream->spec->read == STREAM_READ_DRAIN)
		r = table_source__drain(stream->table, take_rows, stream, err);
	else
		r = table_source__read(stream->table, take_rows, stream, err);
	if (r < 0)
		stream->figures.read_errors++;
	/* What was read before it failed has left the map. */
	give_batch(stream);
	give_back(stream);
	return r;
}

/* ---- running -------------------------------------------------------------------------------------------- */

int stream_reserve(struct stream *stream)
{
	if (!stream->scratch)
		stream->scratch = malloc(stream->schema.size);
	return stream->scratch ? reserve_records(stream, 1) : -ENOMEM;
}

void stream_set_event_fns(struct stream *stream, struct event_sink_fns *ret_fns)
{
	*ret_fns =
		(struct event_sink_fns){ .sample = take_event, .lost = take_loss, .ctx = stream };
}

bool stream__is_running(const struct stream *stream)
{
	return stream->events || stream->table || stream->is_iterating;
}

int stream__read(struct stream *stream, struct err *err)
{
	if (stream->events) {
		drain(stream, EVENT_SOURCE_ALL);
		return 0;
	}
	return stream->table || stream->is_iterating ? read_batch(stream, err) : 0;
}

static void read_due(struct stream *stream)
{
	struct err err = ERR_INIT;

	if (read_batch(stream, &err) < 0) {
		log_err(LOG_WARN, &err, "data source '%s' cannot be read", stream->spec->name);
		err__done(&err);
	}
	if (stream->spec->count > 0 && stream->figures.reads >= stream->spec->count)
		stream->is_done = true;
}

uint32_t stream__fill_percent(const struct stream *stream)
{
	uint64_t room = stream->events ? event_source__ring_bytes(stream->events) : 0;
	uint64_t percent;

	if (room == 0 || stream->delivered == 0)
		return 0;
	percent = 100 * (uint64_t)stream->delivered * stream->schema.size / room;
	return percent < 1 ? 1 : percent > 100 ? 100 : (uint32_t)percent;
}

void stream__note_end(struct stream *stream)
{
	if (stream->events)
		stream->end = event_source__end(stream->events);
}

void stream__run(struct stream *stream, int64_t now_ns)
{
	if (stream->is_held || stream__demand(stream) == DEMAND_NONE)
		return;
	if (stream->events)
		drain(stream, stream->end);
	if (!stream->next_read_ns || stream->is_done || now_ns < stream->next_read_ns)
		return;
	read_due(stream);
	if (stream->spec->interval_ns == 0)
		stream->next_read_ns = 0;
	/* Late by more than one interval: the missed ones are not made up for. */
	while (stream->next_read_ns && stream->next_read_ns <= now_ns)
		stream->next_read_ns += stream->spec->interval_ns;
}

void stream__finish(struct stream *stream)
{
	struct err err = ERR_INIT;

	if (stream__demand(stream) == DEMAND_NONE)
		return;
	stream->is_held = false;
	if (stream->events) {
		drain(stream, EVENT_SOURCE_ALL);
		stream__read_losses(stream);
	} else if (stream__is_running(stream) && stream->spec->flush_on_stop) {
		if (read_batch(stream, &err) < 0)
			log_err(LOG_WARN, &err, "data source '%s' cannot be read",
				stream->spec->name);
		err__done(&err);
	}
}
