/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_OTLP_H
#define SRC_SINK_OTLP_H

/*
 * Spans as the OpenTelemetry protocol writes them (trace service, opentelemetry-proto 1.x), in protobuf or JSON, and
 * as lines for a person. A batch owns the spans that were encoded into it, grouped by service as the protocol wants.
 * pipeline/ fills one batch span by span and takes whole requests out of it.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"

#define OTLP_TRACE_ID_SIZE 16
#define OTLP_SPAN_ID_SIZE 8

struct otlp_attribute {
	const char *key;
	const char *value;
	size_t value_len;
};

struct otlp_span {
	uint8_t trace_id[OTLP_TRACE_ID_SIZE];
	uint8_t span_id[OTLP_SPAN_ID_SIZE];
	uint8_t parent_id[OTLP_SPAN_ID_SIZE]; /* all zero: none */
	uint64_t start_ns, end_ns;            /* since the epoch */
	const char *name;
	size_t name_len;
	const struct otlp_attribute *attributes; /* strings, all of them */
	size_t attribute_count;
};

/* Who sends: attributes without service.name, sorted by key. */
struct otlp_resource {
	const struct otlp_attribute *attributes;
	size_t attribute_count;
};

enum otlp_encoding { OTLP_ENCODING_PROTOBUF, OTLP_ENCODING_JSON };

struct otlp_batch;

/* The resource stays the caller's for as long as the batch lives. */
int otlp_batch__new(enum otlp_encoding encoding, const struct otlp_resource *resource,
		    struct otlp_batch **ret_batch, struct err *err);
struct otlp_batch *otlp_batch__free(struct otlp_batch *batch);

/* The number under which spans of this service are added (it stays), or -ENOMEM. */
int otlp_batch__service(struct otlp_batch *batch, const char *name);
/* Borrowed from the batch. */
const char *otlp_batch__service_name(const struct otlp_batch *batch, uint32_t service);
/* 0, or -ENOMEM: the span is not in it. */
int otlp_batch__add(struct otlp_batch *batch, uint32_t service, const struct otlp_span *span);
uint32_t otlp_batch__len(const struct otlp_batch *batch);
/* Appends one ExportTraceServiceRequest of all spans; the batch is empty afterwards in any case. 0 or -ENOMEM. */
int otlp_batch__take(struct otlp_batch *batch, struct strbuf *out);

/* One line of JSON, newline included: the members and their order are those of OpenTelemetry's console exporter for Go,
 * which is what OTEL_TRACES_EXPORTER=console printed for existing users. */
void otlp_span__write_line(const struct otlp_span *span, const char *service,
			   const struct otlp_resource *resource, struct strbuf *out);

#endif
