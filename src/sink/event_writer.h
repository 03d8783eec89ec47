/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_EVENT_WRITER_H
#define SRC_SINK_EVENT_WRITER_H

/*
 * The compiled writer of one stream as an object of JSON or YAML: a list of values to fetch, each with all the text that
 * stands before it (brackets, commas, indentation, its key). It owns the list and the text; the stream is borrowed.
 * The documents of sink/event_document run it once per record: nothing is looked up there, and
 * nothing allocated but room for longer texts of whom a record is about.
 */

#include "base/vec.h"
#include "sink/event_sink.h"

enum event_notation { EVENT_NOTATION_LINE, EVENT_NOTATION_PRETTY, EVENT_NOTATION_YAML };

struct event_op;
struct event_span;

struct event_writer {
	const struct event_stream *stream; /* borrowed */
	enum event_notation notation;
	VEC(struct event_op) ops;
	VEC(struct event_span) spans; /* of the ops, all of them in their order */
	struct strbuf text;           /* what stands between the values */
	size_t bound;                 /* that and every number: texts and arrays come on top */
	size_t raw_size;              /* a record as long as that has all fields of fixed places */
	bool *reads;                  /* by field */
	bool asks_who;                /* spans remember the text of the last subject */
};

/* `depth`: how many levels it is indented (by two blanks each), for it may stand in an array. 0 or -ENOMEM. */
int event_writer__init(struct event_writer *writer, const struct event_stream *stream,
		       enum event_notation notation, unsigned int depth, bool names_stream);
/* Appends one object, without an end of line. */
void event_writer__run(const struct event_writer *writer, const struct record *record,
		       struct strbuf *out);
void event_writer__done(struct event_writer *writer);

#endif
