/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "sink/otlp_encoder.h"

/* ---- the protocol's JSON: ids in hex, 64-bit numbers as strings ---------------------------------------- */

static void add_id(struct json_writer *json, const char *key, const uint8_t *id, size_t size)
{
	char text[2 * OTLP_TRACE_ID_SIZE];

	json__add_string(json, key, text, num_format_hex(text, id, size));
}

static void add_time(struct json_writer *json, const char *key, uint64_t ns)
{
	char text[NUM_U64_MAX_LEN];

	json__add_string(json, key, text, num_format_u64(text, ns));
}

static void add_attribute(struct json_writer *json, const struct otlp_attribute *attribute)
{
	json__begin_object(json, NULL);
	json__add_text(json, "key", attribute->key);
	json__begin_object(json, "value");
	json__add_string(json, "stringValue", attribute->value, attribute->value_len);
	json__end_object(json);
	json__end_object(json);
}

static void add_span(struct strbuf *spans, const struct otlp_span *span)
{
	struct json_writer json = { .out = spans, .needs_comma = spans->len > 0 };

	json__begin_object(&json, NULL);
	add_id(&json, "traceId", span->trace_id, sizeof(span->trace_id));
	add_id(&json, "spanId", span->span_id, sizeof(span->span_id));
	if (otlp_id_is_set(span->parent_id, sizeof(span->parent_id)))
		add_id(&json, "parentSpanId", span->parent_id, sizeof(span->parent_id));
	json__add_u64(&json, "flags", OTLP_SPAN_FLAGS);
	json__add_string(&json, "name", span->name, span->name_len);
	json__add_u64(&json, "kind", OTLP_KIND_INTERNAL);
	add_time(&json, "startTimeUnixNano", span->start_ns);
	add_time(&json, "endTimeUnixNano", span->end_ns);
	json__begin_array(&json, "attributes");
	for (size_t i = 0; i < span->attribute_count; i++)
		add_attribute(&json, &span->attributes[i]);
	json__end_array(&json);
	json__begin_object(&json, "status");
	json__end_object(&json);
	json__end_object(&json);
}

static void add_group(struct strbuf *out, const struct otlp_group *group)
{
	struct json_writer json = { .out = out };

	json__begin_object(&json, NULL);
	json__begin_object(&json, "resource");
	json__begin_array(&json, "attributes");
	for (size_t i = 0; i <= group->resource->attribute_count; i++) {
		struct otlp_attribute attribute = otlp_resource__get(group->resource,
								     group->service, i);

		add_attribute(&json, &attribute);
	}
	json__end_array(&json);
	json__end_object(&json);
	json__begin_array(&json, "scopeSpans");
	json__begin_object(&json, NULL);
	json__begin_object(&json, "scope");
	json__add_text(&json, "name", OTLP_SCOPE_NAME);
	json__end_object(&json);
	json__begin_array(&json, "spans");
	strbuf__add(out, group->spans->data, group->spans->len);
	json__end_array(&json);
	json__end_object(&json);
	json__end_array(&json);
	json__end_object(&json);
}

const struct otlp_encoder otlp_json = {
	.add_span = add_span,
	.head = "{\"resourceSpans\":[",
	.separator = ",",
	.tail = "]}",
	.add_group = add_group,
};

/* ---- lines of the console exporter --------------------------------------------------------------------- */

/* RFC 3339 in UTC with the digits of the nanoseconds that are needed. */
static void add_date(struct json_writer *json, const char *key, uint64_t ns)
{
	time_t seconds = (time_t)(ns / NS_PER_S);
	unsigned int rest = (unsigned int)(ns % NS_PER_S);
	char text[48];
	struct tm date;
	size_t len;

	if (!gmtime_r(&seconds, &date))
		return;
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &date);
	if (rest > 0) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, ".%09u", rest);
		while (text[len - 1] == '0')
			len--;
	}
	text[len++] = 'Z';
	json__add_string(json, key, text, len);
}

static void add_context(struct json_writer *json, const char *key, const uint8_t *trace_id,
			const uint8_t *span_id)
{
	json__begin_object(json, key);
	add_id(json, "TraceID", trace_id, OTLP_TRACE_ID_SIZE);
	add_id(json, "SpanID", span_id, OTLP_SPAN_ID_SIZE);
	json__add_text(json, "TraceFlags", "01");
	json__add_text(json, "TraceState", "");
	json__add_bool(json, "Remote", false);
	json__end_object(json);
}

static void add_typed(struct json_writer *json, const struct otlp_attribute *attribute)
{
	json__begin_object(json, NULL);
	json__add_text(json, "Key", attribute->key);
	json__begin_object(json, "Value");
	json__add_text(json, "Type", "STRING");
	json__add_string(json, "Value", attribute->value, attribute->value_len);
	json__end_object(json);
	json__end_object(json);
}

static void add_scope(struct json_writer *json, const char *key)
{
	json__begin_object(json, key);
	json__add_text(json, "Name", OTLP_SCOPE_NAME);
	json__add_text(json, "Version", "");
	json__add_text(json, "SchemaURL", "");
	json__add_text(json, "Attributes", NULL);
	json__end_object(json);
}

static void add_attributes(struct json_writer *json, const struct otlp_span *span)
{
	if (span->attribute_count == 0) {
		json__add_text(json, "Attributes", NULL);
		return;
	}
	json__begin_array(json, "Attributes");
	for (size_t i = 0; i < span->attribute_count; i++)
		add_typed(json, &span->attributes[i]);
	json__end_array(json);
}

void otlp_span__write_line(const struct otlp_span *span, const char *service,
			   const struct otlp_resource *resource, struct strbuf *out)
{
	struct json_writer json = { .out = out };

	json__begin_object(&json, NULL);
	json__add_string(&json, "Name", span->name, span->name_len);
	add_context(&json, "SpanContext", span->trace_id, span->span_id);
	add_context(&json, "Parent", span->trace_id, span->parent_id);
	json__add_u64(&json, "SpanKind", OTLP_KIND_INTERNAL);
	add_date(&json, "StartTime", span->start_ns);
	add_date(&json, "EndTime", span->end_ns);
	add_attributes(&json, span);
	json__add_text(&json, "Events", NULL);
	json__add_text(&json, "Links", NULL);
	json__begin_object(&json, "Status");
	json__add_text(&json, "Code", "Unset");
	json__add_text(&json, "Description", "");
	json__end_object(&json);
	json__add_u64(&json, "DroppedAttributes", 0);
	json__add_u64(&json, "DroppedEvents", 0);
	json__add_u64(&json, "DroppedLinks", 0);
	json__add_u64(&json, "ChildSpanCount", 0);
	json__begin_array(&json, "Resource");
	for (size_t i = 0; i <= resource->attribute_count; i++) {
		struct otlp_attribute attribute = otlp_resource__get(resource, service, i);

		add_typed(&json, &attribute);
	}
	json__end_array(&json);
	add_scope(&json, "InstrumentationScope");
	add_scope(&json, "InstrumentationLibrary");
	json__end_object(&json);
	strbuf__add_char(out, '\n');
}
