/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_RECEIVER_TRACE_H
#define TESTS_RECEIVER_TRACE_H

/*
 * Reads ExportTraceServiceRequest in protobuf, written from the public .proto files and not from our encoder: what
 * sonde sends must mean to it what was meant. Spans are plain values. Malformed bytes end the test through cmocka.
 */

#include <stddef.h>
#include <stdint.h>

#define TRACE_ATTRIBUTES_MAX 16
#define TRACE_TEXT_MAX 200

struct trace_attribute {
	char key[TRACE_TEXT_MAX], value[TRACE_TEXT_MAX];
};

struct trace_span {
	struct trace_attribute resource[TRACE_ATTRIBUTES_MAX];
	size_t resource_count;
	char scope[TRACE_TEXT_MAX];
	char trace_id[33], span_id[17], parent_id[17]; /* hex; "" when absent */
	char name[TRACE_TEXT_MAX];
	uint64_t kind, flags, start_ns, end_ns;
	struct trace_attribute attributes[TRACE_ATTRIBUTES_MAX];
	size_t attribute_count;
};

/* How many spans there are; the first `max` of them in spans[]. */
size_t trace_parse(const void *bytes, size_t len, struct trace_span *spans, size_t max);
/* Value of an attribute of the span, or of its resource; NULL when it is not there. */
const char *trace_attribute(const struct trace_span *span, const char *key);
const char *trace_resource(const struct trace_span *span, const char *key);

#endif
