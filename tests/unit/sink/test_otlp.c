/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sink/otlp.h"
#include "trace.h"

#define SCOPE "github.com/cloudflare/ebpf_exporter/v2/tracing"

static const struct otlp_attribute resource_attributes[] = {
	{ "host.name", "a", 1 },
	{ "zone", "x y", 3 },
};
static const struct otlp_resource resource = { resource_attributes, 2 };
static const struct otlp_attribute attributes[] = {
	{ "lol", "ha\"ha", 5 },
	{ "ebpf_exporter.config", "c", 1 },
};

static struct otlp_span make_span(void)
{
	return (struct otlp_span){
		.trace_id = { 0xbe, 0xef, 0, 0, 0, 0, 0, 0, 0xfe, 0xed },
		.span_id = { 0xbe, 0xef },
		.parent_id = { 0xfe, 0xed },
		.start_ns = 1795381186909007554,
		.end_ns = 1795381186931203600,
		.name = "potato",
		.name_len = 6,
		.attributes = attributes,
		.attribute_count = 2,
	};
}

static struct otlp_batch *open_batch(enum otlp_encoding encoding)
{
	struct otlp_batch *batch = NULL;

	assert_int_equal(otlp_batch__new(encoding, &resource, &batch, NULL), 0);
	return batch;
}

static void test_take__protobuf(void **state)
{
	struct otlp_batch *batch = open_batch(OTLP_ENCODING_PROTOBUF);
	struct otlp_span span = make_span();
	struct strbuf out = STRBUF_INIT;
	struct trace_span read_back;

	(void)state;
	assert_int_equal(otlp_batch__service(batch, "exec"), 0);
	assert_int_equal(otlp_batch__add(batch, 0, &span), 0);
	assert_int_equal(otlp_batch__len(batch), 1);
	assert_int_equal(otlp_batch__take(batch, &out), 0);
	assert_int_equal(otlp_batch__len(batch), 0);
	assert_int_equal(trace_parse(out.data, out.len, &read_back, 1), 1);
	assert_string_equal(read_back.trace_id, "beef000000000000feed000000000000");
	assert_string_equal(read_back.span_id, "beef000000000000");
	assert_string_equal(read_back.parent_id, "feed000000000000");
	assert_string_equal(read_back.name, "potato");
	assert_int_equal(read_back.kind, 1);
	assert_int_equal(read_back.flags, 0x101);
	assert_int_equal(read_back.start_ns, span.start_ns);
	assert_int_equal(read_back.end_ns, span.end_ns);
	assert_int_equal(read_back.attribute_count, 2);
	assert_string_equal(trace_attribute(&read_back, "lol"), "ha\"ha");
	assert_string_equal(trace_attribute(&read_back, "ebpf_exporter.config"), "c");
	assert_string_equal(read_back.scope, SCOPE);
	assert_int_equal(read_back.resource_count, 3);
	assert_string_equal(read_back.resource[1].key, "service.name");
	assert_string_equal(trace_resource(&read_back, "service.name"), "exec");
	assert_string_equal(trace_resource(&read_back, "zone"), "x y");
	strbuf__done(&out);
	otlp_batch__free(batch);
}

static void test_take__no_parent_is_absent(void **state)
{
	struct otlp_batch *batch = open_batch(OTLP_ENCODING_PROTOBUF);
	struct otlp_span span = make_span();
	struct strbuf out = STRBUF_INIT;
	struct trace_span read_back;

	(void)state;
	memset(span.parent_id, 0, sizeof(span.parent_id));
	assert_int_equal(otlp_batch__service(batch, "exec"), 0);
	assert_int_equal(otlp_batch__add(batch, 0, &span), 0);
	assert_int_equal(otlp_batch__take(batch, &out), 0);
	assert_int_equal(trace_parse(out.data, out.len, &read_back, 1), 1);
	assert_string_equal(read_back.parent_id, "");
	strbuf__done(&out);
	otlp_batch__free(batch);
}

/* A reader refuses a request whole when one string in it is not UTF-8; kernel strings need not be. */
static void test_take__invalid_utf8_is_replaced(void **state)
{
	struct otlp_batch *batch = open_batch(OTLP_ENCODING_PROTOBUF);
	const struct otlp_attribute bad = { "bytes", "\xff.", 2 };
	struct otlp_span span = make_span();
	struct strbuf out = STRBUF_INIT;
	struct trace_span read_back;

	(void)state;
	span.name = "\xc3(";
	span.name_len = 2;
	span.attributes = &bad;
	span.attribute_count = 1;
	assert_int_equal(otlp_batch__service(batch, "exec"), 0);
	assert_int_equal(otlp_batch__add(batch, 0, &span), 0);
	assert_int_equal(otlp_batch__take(batch, &out), 0);
	assert_int_equal(trace_parse(out.data, out.len, &read_back, 1), 1);
	assert_string_equal(read_back.name, "\xef\xbf\xbd(");
	assert_string_equal(trace_attribute(&read_back, "bytes"), "\xef\xbf\xbd.");
	strbuf__done(&out);
	otlp_batch__free(batch);
}

static void test_take__groups_by_service(void **state)
{
	struct otlp_batch *batch = open_batch(OTLP_ENCODING_PROTOBUF);
	struct otlp_span span = make_span();
	struct strbuf out = STRBUF_INIT;
	struct trace_span read_back[4];

	(void)state;
	assert_int_equal(otlp_batch__service(batch, "one"), 0);
	assert_int_equal(otlp_batch__service(batch, "two"), 1);
	assert_int_equal(otlp_batch__service(batch, "one"), 0);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(otlp_batch__add(batch, i % 2, &span), 0);
	assert_int_equal(otlp_batch__take(batch, &out), 0);
	assert_int_equal(trace_parse(out.data, out.len, read_back, 4), 4);
	assert_string_equal(trace_resource(&read_back[1], "service.name"), "one");
	assert_string_equal(trace_resource(&read_back[2], "service.name"), "two");
	/* The next request begins with nothing of this one. */
	strbuf__reset(&out);
	assert_int_equal(otlp_batch__add(batch, 1, &span), 0);
	assert_int_equal(otlp_batch__take(batch, &out), 0);
	assert_int_equal(trace_parse(out.data, out.len, read_back, 4), 1);
	assert_string_equal(trace_resource(&read_back[0], "service.name"), "two");
	strbuf__done(&out);
	otlp_batch__free(batch);
}

#define JSON_RESOURCE(service)                                                                      \
	"{\"resource\":{\"attributes\":[{\"key\":\"host.name\",\"value\":{\"stringValue\":\"a\"}}," \
	"{\"key\":\"service.name\",\"value\":{\"stringValue\":\"" service "\"}},"                   \
	"{\"key\":\"zone\",\"value\":{\"stringValue\":\"x y\"}}]},"                                 \
	"\"scopeSpans\":[{\"scope\":{\"name\":\"" SCOPE "\"},\"spans\":["
#define JSON_SPAN                                                                                    \
	"{\"traceId\":\"beef000000000000feed000000000000\",\"spanId\":\"beef000000000000\","         \
	"\"parentSpanId\":\"feed000000000000\",\"flags\":257,\"name\":\"potato\",\"kind\":1,"        \
	"\"startTimeUnixNano\":\"1795381186909007554\",\"endTimeUnixNano\":\"1795381186931203600\"," \
	"\"attributes\":[{\"key\":\"lol\",\"value\":{\"stringValue\":\"ha\\\"ha\"}},"                \
	"{\"key\":\"ebpf_exporter.config\",\"value\":{\"stringValue\":\"c\"}}],\"status\":{}}"

static void test_take__json(void **state)
{
	struct otlp_batch *batch = open_batch(OTLP_ENCODING_JSON);
	struct otlp_span span = make_span();
	struct strbuf out = STRBUF_INIT;

	(void)state;
	assert_int_equal(otlp_batch__service(batch, "one"), 0);
	assert_int_equal(otlp_batch__service(batch, "two"), 1);
	assert_int_equal(otlp_batch__add(batch, 0, &span), 0);
	assert_int_equal(otlp_batch__add(batch, 0, &span), 0);
	assert_int_equal(otlp_batch__add(batch, 1, &span), 0);
	assert_int_equal(otlp_batch__take(batch, &out), 0);
	assert_string_equal(strbuf__text(&out),
			    "{\"resourceSpans\":[" JSON_RESOURCE("one") JSON_SPAN
			    "," JSON_SPAN "]}]}," JSON_RESOURCE("two") JSON_SPAN "]}]}]}");
	strbuf__done(&out);
	otlp_batch__free(batch);
}

#define LINE_SCOPE                                                                                 \
	"{\"Name\":\"" SCOPE "\",\"Version\":\"\",\"SchemaURL\":\"\",\"Attributes\":null}"
#define LINE_STRING(key, value)                                                                    \
	"{\"Key\":\"" key "\",\"Value\":{\"Type\":\"STRING\",\"Value\":\"" value "\"}}"
#define LINE_CONTEXT(span)                                                                         \
	"{\"TraceID\":\"beef000000000000feed000000000000\",\"SpanID\":\"" span                     \
	"\",\"TraceFlags\":\"01\",\"TraceState\":\"\",\"Remote\":false}"

static void test_write_line__as_the_console_exporter_for_go(void **state)
{
	struct otlp_span span = make_span();
	struct strbuf out = STRBUF_INIT;

	(void)state;
	span.end_ns = 1795381187000000000; /* no fraction, no point */
	otlp_span__write_line(&span, "exec", &resource, &out);
	assert_string_equal(
		strbuf__text(&out),
		"{\"Name\":\"potato\",\"SpanContext\":" LINE_CONTEXT("beef000000000000") ",\"Parent\":" LINE_CONTEXT(
			"feed000000000000") ",\"SpanKind\":1,\"StartTime\":\"2026-11-22T20:59:46.909007554Z\","
					    "\"EndTime\":\"2026-11-22T20:59:47Z\","
					    "\"Attributes\":[" LINE_STRING("lol", "ha\\\"ha") "," LINE_STRING(
						    "ebpf_exporter.config",
						    "c") "],\"Events\":null,\"Links\":null,\"Status\":{\"Code\":\"Unset\",\"Description\":\"\"},"
							 "\"DroppedAttributes\":0,\"DroppedEvents\":0,\"DroppedLinks\":0,\"ChildSpanCount\":0,"
							 "\"Resource\":[" LINE_STRING("host.name", "a") "," LINE_STRING(
								 "service.name",
								 "exec") "," LINE_STRING("zone",
											 "x y") "],\"InstrumentationScope\":" LINE_SCOPE
												",\"InstrumentationLibrary\":" LINE_SCOPE
												"}\n");
	strbuf__done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take__protobuf),
		cmocka_unit_test(test_take__no_parent_is_absent),
		cmocka_unit_test(test_take__invalid_utf8_is_replaced),
		cmocka_unit_test(test_take__groups_by_service),
		cmocka_unit_test(test_take__json),
		cmocka_unit_test(test_write_line__as_the_console_exporter_for_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
