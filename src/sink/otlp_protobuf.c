/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/otlp_encoder.h"

#include "base/protobuf.h"

/* Field numbers of opentelemetry/proto/{collector/trace,trace,common,resource}/v1. */
enum {
	REQUEST_RESOURCE_SPANS = 1,
	RESOURCE_SPANS_RESOURCE = 1,
	RESOURCE_SPANS_SCOPE_SPANS = 2,
	RESOURCE_ATTRIBUTES = 1,
	SCOPE_SPANS_SCOPE = 1,
	SCOPE_SPANS_SPANS = 2,
	SCOPE_NAME = 1,
	SPAN_TRACE_ID = 1,
	SPAN_SPAN_ID = 2,
	SPAN_PARENT_SPAN_ID = 4,
	SPAN_NAME = 5,
	SPAN_KIND = 6,
	SPAN_START = 7,
	SPAN_END = 8,
	SPAN_ATTRIBUTES = 9,
	SPAN_STATUS = 15,
	SPAN_FLAGS = 16,
	ATTRIBUTE_KEY = 1,
	ATTRIBUTE_VALUE = 2,
	VALUE_STRING = 1,
};

static void add_attribute(struct strbuf *out, uint32_t field,
			  const struct otlp_attribute *attribute)
{
	size_t start = protobuf__begin(out, field), value;

	protobuf__add_text(out, ATTRIBUTE_KEY, attribute->key, strlen(attribute->key));
	value = protobuf__begin(out, ATTRIBUTE_VALUE);
	protobuf__add_text(out, VALUE_STRING, attribute->value, attribute->value_len);
	protobuf__end(out, value);
	protobuf__end(out, start);
}

static void add_span(struct strbuf *out, const struct otlp_span *span)
{
	size_t start = protobuf__begin(out, SCOPE_SPANS_SPANS);

	protobuf__add_bytes(out, SPAN_TRACE_ID, span->trace_id, sizeof(span->trace_id));
	protobuf__add_bytes(out, SPAN_SPAN_ID, span->span_id, sizeof(span->span_id));
	if (otlp_id_is_set(span->parent_id, sizeof(span->parent_id)))
		protobuf__add_bytes(out, SPAN_PARENT_SPAN_ID, span->parent_id,
				    sizeof(span->parent_id));
	protobuf__add_text(out, SPAN_NAME, span->name, span->name_len);
	protobuf__add_varint(out, SPAN_KIND, OTLP_KIND_INTERNAL);
	protobuf__add_fixed64(out, SPAN_START, span->start_ns);
	protobuf__add_fixed64(out, SPAN_END, span->end_ns);
	for (size_t i = 0; i < span->attribute_count; i++)
		add_attribute(out, SPAN_ATTRIBUTES, &span->attributes[i]);
	/* Present and empty, "unset", as the SDK for Go sends it. */
	protobuf__add_bytes(out, SPAN_STATUS, "", 0);
	protobuf__add_fixed32(out, SPAN_FLAGS, OTLP_SPAN_FLAGS);
	protobuf__end(out, start);
}

static void add_group(struct strbuf *out, const struct otlp_group *group)
{
	size_t start = protobuf__begin(out, REQUEST_RESOURCE_SPANS);
	size_t part = protobuf__begin(out, RESOURCE_SPANS_RESOURCE), scope;

	for (size_t i = 0; i <= group->resource->attribute_count; i++) {
		struct otlp_attribute attribute = otlp_resource__get(group->resource,
								     group->service, i);

		add_attribute(out, RESOURCE_ATTRIBUTES, &attribute);
	}
	protobuf__end(out, part);
	part = protobuf__begin(out, RESOURCE_SPANS_SCOPE_SPANS);
	scope = protobuf__begin(out, SCOPE_SPANS_SCOPE);
	protobuf__add_text(out, SCOPE_NAME, OTLP_SCOPE_NAME, strlen(OTLP_SCOPE_NAME));
	protobuf__end(out, scope);
	strbuf__add(out, group->spans->data, group->spans->len);
	protobuf__end(out, part);
	protobuf__end(out, start);
}

/* Groups are one repeated field of the request, so nothing stands around or between them. */
const struct otlp_encoder otlp_protobuf = { .add_span = add_span, .add_group = add_group };
