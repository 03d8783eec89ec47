/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_STREAM_H
#define SRC_PIPELINE_STREAM_H

/*
 * A stream of a config on its way: its schema, its source (a ring, a table that is drained, iterators), and who listens.
 * It owns its schema, source, decoder chains and memory; spec, programs and who are borrowed from the agent, which makes
 * one for each stream of a spec. Outputs and metrics subscribe; the demand of a stream is what they want together, and
 * without anybody nothing is opened, read or derived.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "pipeline/ledger.h"
#include "record/record.h"

struct stream;
struct field_spec;
struct stream_spec;

struct stream_subscriber {
	/* Records of a drain, or of a read (is_batch: all rows that there are). With their bytes they are gone when it
	 * returns. NULL: it wants none. */
	void (*records)(void *ctx, const struct record *records, size_t count, bool is_batch);
	/* The bytes of one, before anything is derived: an event of at least the schema's size (a short one is filled up
	 * with zeros), a row's key followed by its value. NULL: it wants none. */
	void (*raw)(void *ctx, const void *bytes, size_t len);
	/* It takes the bytes that are read for others, and wants nothing by itself. */
	bool is_beside;
	/* Nothing more comes for now: what was collected may go out. May be NULL. */
	void (*drained)(void *ctx);
	/* The stream ends with its config, and this subscription with it. May be NULL. */
	void (*gone)(void *ctx);
	void *ctx; /* tells subscribers from each other */
};

/* Before or after the agent starts; what it needs is opened then, or at once. */
int stream__subscribe(struct stream *stream, const struct stream_subscriber *subscriber,
		      struct err *err);
/* By its ctx. What nobody wants any more is closed. */
void stream__unsubscribe(struct stream *stream, const void *ctx);
/* COUNT: bytes are wanted, but no record. */
enum demand stream__demand(const struct stream *stream);

/* ---- what it is ---- */

const struct stream_spec *stream__spec(const struct stream *stream);
/* Raw fields and derived ones, in the order they are shown in. */
const struct schema *stream__schema(const struct stream *stream);
/* The field of the spec behind a field of the schema; NULL: it says who it was. */
const struct field_spec *stream__field_spec(const struct stream *stream, uint32_t field);
/* Rows come all at once. */
bool stream__is_batch(const struct stream *stream);
/* Why it does not run; NULL: it does. */
const char *stream__error(const struct stream *stream);

/* It has been read as often as it was to be. */
bool stream__is_done(const struct stream *stream);

/* ---- while it runs ---- */

/* Rows of a table (which is drained by it) or snapshot, now; what is in a ring, now. */
int stream__read(struct stream *stream, struct err *err);
/* While it is held events wait in their ring, and are lost there when it is full. */
void stream__hold(struct stream *stream, bool is_held);

/* Looks up what was lost, which costs a system call. */
void stream__read_losses(struct stream *stream);

struct stream_figures {
	uint64_t received; /* events or rows */
	uint64_t reads;    /* of a table or snapshot */
	uint64_t lost;     /* of events, as the kernel and the program counted it; exact */
	uint64_t cut;      /* events longer than anybody knows, whose rest was left out */
	uint64_t filled;   /* shorter ones, filled up with zeros */
	uint64_t read_errors, decode_errors;
};
void stream__figures(const struct stream *stream, struct stream_figures *ret_figures);

#endif
