/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_OPS_H
#define SRC_SINK_OPS_H

/*
 * What an output format is: a row of sink.def and these const operations on a state of its own.
 * The state belongs to the sink that opened it. Only sink/event_sink.c and the formats include it.
 */

#include "sink/event_sink.h"

struct event_sink_ops {
	/* The options' streams outlive the state; nothing else of the options does. */
	int (*open)(const struct event_sink_options *options, void **ret_state, struct err *err);
	void (*write)(void *state, uint32_t stream, const struct record *records, size_t count,
		      struct strbuf *out);
	void (*begin)(void *state, struct strbuf *out); /* NULL: nothing stands before the first */
	void (*resize)(void *state, uint16_t columns, uint16_t rows); /* NULL: it does not care */
	bool (*reads)(const void *state, uint32_t stream, uint32_t field);
	void (*close)(void *state);
};

#define EVENT_FORMAT(id, name, help) extern const struct event_sink_ops sink_##name##_ops;
#include "sink/sink.def"
#undef EVENT_FORMAT

#endif
