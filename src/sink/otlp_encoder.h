/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_OTLP_ENCODER_H
#define SRC_SINK_OTLP_ENCODER_H

/*
 * What the encodings of OTLP have in common: the operations of one, and the words that all of them write.
 * It owns nothing. Only the otlp*.c files include it.
 */

#include <stdbool.h>
#include "sink/otlp.h"

/* What ebpf_exporter calls its tracer: queries of existing users may ask for it. */
#define OTLP_SCOPE_NAME "github.com/cloudflare/ebpf_exporter/v2/tracing"
#define OTLP_KIND_INTERNAL 1
/* W3C "sampled", and that it is known whether the parent came from another process: it did not. */
#define OTLP_SPAN_FLAGS 0x101u
#define OTLP_SERVICE_KEY "service.name"

struct otlp_group { /* the spans of one service, already encoded */
	const char *service;
	const struct strbuf *spans;
	const struct otlp_resource *resource;
};

struct otlp_encoder {
	/* Appends a span to those of its service. */
	void (*add_span)(struct strbuf *spans, const struct otlp_span *span);
	/* Around and between the groups of a request, NULL: nothing stands there. */
	const char *head, *separator, *tail;
	void (*add_group)(struct strbuf *out, const struct otlp_group *group);
};

extern const struct otlp_encoder otlp_protobuf, otlp_json;

/* The attributes of the resource with the service's name among them, sorted by key as the SDK for Go sorts them:
 * `index` runs up to attribute_count, inclusive. */
struct otlp_attribute otlp_resource__get(const struct otlp_resource *resource, const char *service,
					 size_t index);
bool otlp_id_is_set(const uint8_t *id, size_t size);

#endif
