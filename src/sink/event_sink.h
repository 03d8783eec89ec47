/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_EVENT_SINK_H
#define SRC_SINK_EVENT_SINK_H

/*
 * Records to text: columns for people, JSON and YAML for pipes, folded stacks for flame graphs. A sink owns one compiled writer per stream: names have
 * become indexes, keys and their punctuation have been written down, and nothing is allocated per record but what the
 * output needs to grow. pipeline/ makes one for what a person or a file reads, hands it records in batches and writes
 * the buffer to the descriptor; streams, their schemas and styles are borrowed and must outlive the sink.
 *
 * Whatever bytes a record has, the text is valid (JSON and YAML are UTF-8 and escape what controls terminals; columns
 * show such characters as U+FFFD), and a field that cannot be read is null, or nothing in columns.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"
#include "record/record.h"

enum event_format {
#define EVENT_FORMAT(id, name, help) EVENT_FORMAT_##id,
#include "sink/sink.def"
#undef EVENT_FORMAT
	EVENT_FORMAT_COUNT,
};

/* "columns", "json" …; NULL beyond the last. */
const char *event_format_name(enum event_format format);
const char *event_format_help(enum event_format format);
/* EVENT_FORMAT_COUNT when there is none of that name. */
enum event_format event_format_find(const char *name);

/* Where a text that is too long for its column is cut. */
enum ellipsis { ELLIPSIS_END, ELLIPSIS_START, ELLIPSIS_MIDDLE, ELLIPSIS_NONE };

#define COLUMN_WIDTH_DEFAULT 16
#define COLUMN_PRECISION_DEFAULT 2

/* What a field is in folded stacks: "FRAME;FRAME;FRAME COUNT", outermost first. */
enum fold_part {
	FOLD_NOTHING,
	FOLD_FRAME, /* its text is a frame */
	FOLD_STACK, /* its text is several, innermost first, with "; " between them */
	FOLD_COUNT, /* how often it was seen */
};

/* How a field is shown. Widths are in cells of the terminal; 0: the default. */
struct column_style {
	const char *title; /* of the column, written in capitals; NULL: the field's name */
	uint16_t width;    /* that it wants */
	uint16_t min_width, max_width;
	int16_t order;  /* lower ones stand further left, equal ones as in the schema */
	bool is_right;  /* aligned */
	bool is_fixed;  /* always `width`, however wide the terminal is */
	bool is_hidden; /* no column, unless it is asked for by name */
	bool is_hex;    /* integers as 0x1f, in columns */
	bool is_skipped_in_json;
	enum ellipsis ellipsis;
	bool has_precision;
	uint8_t precision;   /* digits of a float behind the point */
	const char *replace; /* the column shows this other field; or NULL */
	enum fold_part fold;
	uint16_t fold_order; /* lower ones stand further outside */
};

struct event_stream {
	const char *name;
	const struct schema *schema;
	const struct column_style *styles; /* one per field of the schema */
	bool is_batch;      /* what one write brings belongs together: a table, an array of JSON */
	bool clears_screen; /* every batch takes the place of the one before, on a terminal */
};

struct event_sink_options {
	const struct event_stream *streams;
	uint32_t stream_count;
	const char *fields; /* "a,b", "+x,-y" or "stream:a,b;other:+c" (columns only), or NULL */
	uint16_t columns, rows; /* of the terminal; 0: it is none, nothing is cut or stretched */
	bool is_colored;
	bool names_streams; /* JSON and YAML say in "stream" where a record is from */
};

struct event_sink;

/* -EINVAL: fields that are not there, with those that were meant; or stacks are to be folded and there are none. */
int event_sink__new(enum event_format format, const struct event_sink_options *options,
		    struct event_sink **ret_sink, struct err *err);
struct event_sink *event_sink__free(struct event_sink *sink);

/* Once, before the first record: the header of a single stream of events, so that somebody who waits sees for what. */
int event_sink__begin(struct event_sink *sink, struct strbuf *out);
/*
 * Appends the text of the records, all of that stream, to out. Of a stream of batches this is one batch, also when
 * count is 0. 0 or -ENOMEM; out is whole lines then and now.
 */
int event_sink__write(struct event_sink *sink, uint32_t stream, const struct record *records,
		      size_t count, struct strbuf *out);
/* The terminal has another size now. */
void event_sink__resize(struct event_sink *sink, uint16_t columns, uint16_t rows);
/* Whether write() reads the field: what nobody reads need not be made. */
bool event_sink__reads(const struct event_sink *sink, uint32_t stream, uint32_t field);

#endif
