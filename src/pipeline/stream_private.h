/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_STREAM_PRIVATE_H
#define SRC_PIPELINE_STREAM_PRIVATE_H

/*
 * The inside of a stream, and how the agent makes, opens, runs and ends one. Nobody outside of pipeline/ includes it.
 * A stream owns everything in it that is not called borrowed.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/vec.h"
#include "config/spec.h"
#include "pipeline/derive.h"
#include "pipeline/stacks.h"
#include "pipeline/stream.h"
#include "source/source.h"

struct host;
struct loop;
struct loop_watch;
struct program;

#define STREAM_RECORD_MAX_BYTES                                                                    \
	(64u << 10)                 /* what an iterator writes at once, and programs can make */
#define STREAM_ROWS_MAX (1u << 20)  /* of one read; more are counted as cut */
#define STREAM_EVENTS_PER_TURN 1024 /* before it is looked whether somebody holds the stream */
/* Then the loop has other work, also when the producer is faster. */
#define STREAM_DRAIN_NS (20 * NS_PER_MS)

struct stream_env {
	const struct decode_env *decode; /* borrowed */
	struct host *host;               /* borrowed */
	struct loop *loop;               /* borrowed; NULL: nobody waits */
	struct program *program;         /* borrowed; NULL: no program fills it */
	uint32_t ring_bytes;             /* as somebody asked for; 0: what is enough */
};

/* Rows of a read, one behind the other. */
struct stream_rows {
	uint8_t *bytes;
	size_t len, capacity; /* rows */
};

struct stream {
	struct stream_env env;
	struct decode_env decode; /* the agent's, with the stacks of this stream's program */
	struct stacks stacks;
	const struct stream_spec *spec; /* borrowed */
	struct arena arena;
	struct schema schema; /* arena */
	const uint32_t *
		spec_fields; /* arena; by field of the schema: index into spec->fields, or SPEC_NONE */
	struct derive *derive;
	uint32_t rest_offset; /* where bytes beyond the struct begin; 0: nobody wants them */
	int rest_len_field;   /* field of the schema that tells how many of them count; -1: all */
	char *error;          /* why it does not run */
	VEC(struct stream_subscriber) subscribers;
	bool is_started; /* what its demand needs is open, or will be when there is some */
	bool is_held;
	bool is_done; /* it has been read as often as it was to be */

	struct event_source *events;
	uint64_t end;             /* of what the next run takes */
	struct loop_watch *watch; /* of its ring */
	struct table_source *table, *lost_table;
	bool is_iterating;    /* snapshots: may be read */
	uint64_t perf_lost;   /* as the kernel told of its perf buffer */
	int64_t next_read_ns; /* monotonic; 0: not by time */
	uint8_t *scratch;     /* schema.size bytes: events that are too short */
	struct stream_rows rows;
	struct record *records; /* of a batch */
	struct derived_value *derived;
	size_t record_capacity;
	size_t delivered; /* events of this drain */
	struct stream_figures figures;
};

/* ---- stream_schema.c ---- */

/* Fields, derived ones, and chains. What is wrong with a single field becomes a log line, and the field is left out. */
int stream_make_schema(struct stream *stream, struct err *err);

/* ---- stream_source.c, and what it needs of stream.c ---- */

int stream_open_source(struct stream *stream, struct err *err);
void stream_close_source(struct stream *stream);
int stream_reserve(struct stream *stream);
void stream_set_event_fns(struct stream *stream, struct event_sink_fns *ret_fns);
void stream_sum_cells(const struct stream *stream, const struct row_batch *rows, size_t row,
		      uint8_t *value);

/* ---- stream.c: for the agent ---- */

/* `spec` has been completed. 0, or stream->error says why it cannot run; negative: no memory. */
int stream__plan(const struct stream_spec *spec, const struct stream_env *env,
		 struct stream **ret_stream, struct err *err);
struct stream *stream__free(struct stream *stream);
/* It tells who somebody was: who has to run. */
bool stream__needs_who(const struct stream *stream);
/* Programs are loaded: opens what is wanted now. */
int stream__start(struct stream *stream, struct err *err);
/* How full its ring was at the last run; 0: it was empty, or there is none. */
uint32_t stream__fill_percent(const struct stream *stream);
/* Its ring wakes the loop up from now on, or no more; `run` on the agent. */
void stream__watch(struct stream *stream, bool is_watched, void (*run)(void *ctx, int fd, uint32_t),
		   void *ctx);
/* What comes from now on is for another run than the next one. */
void stream__note_end(struct stream *stream);
/* Reads what is due, up to there. */
void stream__run(struct stream *stream, int64_t now_ns);
/* The last words before programs are detached: what is in rings, tables that are told at the end. */
void stream__finish(struct stream *stream);
/* Closes sources; figures stay. */
void stream__stop(struct stream *stream);
/* Somebody waits for its ring, or for a time. */
bool stream__is_running(const struct stream *stream);

#endif
