/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/event_document.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"

struct document {
	const struct document_notation *notation;
	uint32_t writer_count; /* those that are made */
	struct event_writer writers[];
};

int event_document_open(const struct document_notation *notation,
			const struct event_sink_options *options, void **ret_state)
{
	struct document *document =
		calloc(1, sizeof(*document) + options->stream_count * sizeof(document->writers[0]));

	if (!document)
		return -ENOMEM;
	document->notation = notation;
	for (uint32_t i = 0; i < options->stream_count; i++) {
		const struct event_stream *stream = &options->streams[i];
		int r = event_writer__init(&document->writers[i], stream, notation->notation,
					   stream->is_batch ? notation->batch_depth : 0,
					   options->names_streams);

		if (r < 0) {
			event_document_close(document);
			return r;
		}
		document->writer_count++;
	}
	*ret_state = document;
	return 0;
}

void event_document_close(void *state)
{
	struct document *document = state;

	for (uint32_t i = 0; i < document->writer_count; i++)
		event_writer__done(&document->writers[i]);
	free(document);
}

static void write_batch(const struct document_notation *notation, const struct event_writer *writer,
			const struct record *records, size_t count, struct strbuf *out)
{
	if (count == 0) {
		strbuf__add_text(out, notation->empty_batch);
		return;
	}
	strbuf__add_text(out, notation->before_batch);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			strbuf__add_text(out, notation->between);
		event_writer__run(writer, &records[i], out);
	}
	strbuf__add_text(out, notation->after_batch);
}

void event_document_write(void *state, uint32_t stream, const struct record *records, size_t count,
			  struct strbuf *out)
{
	const struct document *document = state;
	const struct document_notation *notation = document->notation;
	const struct event_writer *writer = &document->writers[stream];

	if (writer->stream->is_batch) {
		write_batch(notation, writer, records, count, out);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		strbuf__add_text(out, notation->before_event);
		event_writer__run(writer, &records[i], out);
		strbuf__add_text(out, notation->after_event);
	}
}

bool event_document_reads(const void *state, uint32_t stream, uint32_t field)
{
	const struct document *document = state;

	return document->writers[stream].reads[field];
}
