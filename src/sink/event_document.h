/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_EVENT_DOCUMENT_H
#define SRC_SINK_EVENT_DOCUMENT_H

/*
 * What JSON, pretty JSON and YAML have in common: an object per event, an array per batch, and between them what the
 * notation says. Its state owns a compiled writer per stream. The three formats are this with three notations.
 */

#include "sink/event_writer.h"
#include "sink/ops.h"

struct document_notation {
	enum event_notation notation;
	unsigned int batch_depth; /* of the objects in an array */
	const char *before_event, *after_event;
	const char *before_batch, *between, *after_batch, *empty_batch;
};

int event_document_open(const struct document_notation *notation,
			const struct event_sink_options *options, void **ret_state);
void event_document_write(void *state, uint32_t stream, const struct record *records, size_t count,
			  struct strbuf *out);
bool event_document_reads(const void *state, uint32_t stream, uint32_t field);
void event_document_close(void *state);

#endif
