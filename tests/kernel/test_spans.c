/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spans from end to end: a ring buffer that the test's own calls of fire() fill, the real exporter, and a receiver of
 * the test's own that reads what arrives.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "exporter.h"
#include "receiver.h"
#include "trace.h"

/* As in bpf/spans.bpf.c. */
enum { CHILD, NO_TRACE, SHORT, FLOOD };

#define VARIABLES_MAX 8

#define LABEL(name, size, decoder)                                                                 \
	"        - name: " name "\n          size: " size                                          \
	"\n          decoders:\n            - name: " decoder "\n"
#define YAML                                                                                       \
	"metrics:\n  counters:\n    - name: fired_total\n      help: h\n"                          \
	"tracing:\n  spans:\n    - ringbuf: calls\n      name: call\n      service: trigger\n"     \
	"      labels:\n" LABEL("trace_id", "16", "hex") LABEL("parent_span_id", "8", "hex")       \
		LABEL("span_id", "8", "hex") LABEL("span_monotonic_timestamp_ns", "8", "uint")     \
			LABEL("span_duration_ns", "8", "uint") LABEL("lol", "8", "string")

#define OF_SPAN(name) "sonde_spans_" name "{config=\"spans\",span=\"call\"}"
#define DROPPED(reason) "sonde_spans_dropped_total{reason=\"" reason "\"}"

struct fixture {
	struct exporter exporter;
	struct receiver *receiver; /* or NULL */
	char endpoint[64];
	const char *variables[2 * VARIABLES_MAX]; /* name, value, … */
};

static int set_up(void **state)
{
	static struct fixture fixture;

	memset(&fixture, 0, sizeof(fixture));
	exporter__init(&fixture.exporter);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	exporter__done(&fixture->exporter);
	if (fixture->receiver)
		receiver__stop(fixture->receiver);
	return 0;
}

/* In the child: nothing of the test's own environment has a say. */
static void set_environment(void *ctx)
{
	static const char *const ours[] = { "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT",
					    "OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME",
					    "http_proxy" };
	const struct fixture *fixture = ctx;

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		unsetenv(ours[i]);
	if (fixture->endpoint[0])
		setenv("OTEL_EXPORTER_OTLP_ENDPOINT", fixture->endpoint, 1);
	for (size_t i = 0; fixture->variables[i]; i += 2)
		setenv(fixture->variables[i], fixture->variables[i + 1], 1);
}

static void set_endpoint(struct fixture *fixture, uint16_t port)
{
	snprintf(fixture->endpoint, sizeof(fixture->endpoint), "http://127.0.0.1:%u", port);
}

static void start_receiver(struct fixture *fixture, const struct receiver_step *steps, size_t count)
{
	fixture->receiver = receiver__start(0, steps, count);
	set_endpoint(fixture, receiver__port(fixture->receiver));
}

static void start(struct fixture *fixture)
{
	fixture->exporter.prepare = set_environment;
	fixture->exporter.prepare_ctx = fixture;
	exporter__add(&fixture->exporter, "spans", "spans", YAML);
	exporter__start(&fixture->exporter, "spans", NULL);
}

static double value_of(struct fixture *fixture, const char *series)
{
	char *metrics = exporter__scrape(&fixture->exporter);
	double value = metrics_value(metrics, series);

	free(metrics);
	return value;
}

/* Until the series is that large; the runner ends a wait that never does. */
static void wait_for(struct fixture *fixture, const char *series, double wanted)
{
	const struct timespec pause = { .tv_nsec = 10 * NS_PER_MS };

	while (!(value_of(fixture, series) >= wanted))
		nanosleep(&pause, NULL);
}

static size_t parse_request(struct fixture *fixture, size_t index, struct trace_span *spans,
			    size_t max)
{
	const struct received *request = receiver__get(fixture->receiver, index);

	return trace_parse(request->body, request->body_len, spans, max);
}

static void test_spans__reach_the_receiver(void **state)
{
	struct fixture *fixture = *state;
	struct trace_span span;
	uint64_t before_ns, after_ns;

	fixture->variables[0] = "OTEL_RESOURCE_ATTRIBUTES";
	fixture->variables[1] = "host.name=h,service.name=no";
	fixture->variables[2] = "OTEL_BSP_SCHEDULE_DELAY";
	fixture->variables[3] = "10";
	fixture->variables[4] = "OTEL_EXPORTER_OTLP_COMPRESSION";
	fixture->variables[5] = "gzip";
	start_receiver(fixture, NULL, 0);
	start(fixture);
	before_ns = (uint64_t)clock_wall_ns();
	fire(CHILD, 0x0a0b);
	after_ns = (uint64_t)clock_wall_ns();
	assert_int_equal(parse_request(fixture, 0, &span, 1), 1);
	assert_string_equal(span.name, "call");
	assert_string_equal(span.trace_id, "01000000000000000200000000000000");
	assert_string_equal(span.parent_id, "0500000000000000");
	assert_string_equal(span.span_id, "0b0a000000000000");
	assert_int_equal(span.end_ns - span.start_ns, 1000 * 0x0a0b);
	/* The two clocks are read one after the other, and the machine may have other work between. */
	assert_in_range(span.start_ns, before_ns - NS_PER_S, after_ns + NS_PER_S);
	assert_int_equal(span.attribute_count, 2);
	assert_string_equal(trace_attribute(&span, "lol"), "haha");
	assert_string_equal(trace_attribute(&span, "ebpf_exporter.config"), "spans");
	assert_string_equal(trace_resource(&span, "service.name"), "trigger");
	assert_string_equal(trace_resource(&span, "host.name"), "h");
	wait_for(fixture, "sonde_spans_exported_total", 1);
	assert_true(value_of(fixture, OF_SPAN("received_total")) == 1);
	assert_true(value_of(fixture, OF_SPAN("active")) == 1);
	assert_true(value_of(fixture, "ebpf_exporter_fired_total") == 1);
	assert_int_equal(exporter__stop(&fixture->exporter), 0);
}

static void test_spans__what_cannot_be_decoded_is_counted(void **state)
{
	struct fixture *fixture = *state;
	struct trace_span span;

	start_receiver(fixture, NULL, 0);
	start(fixture);
	fire(NO_TRACE, 1);
	fire(SHORT, 2);
	fire(CHILD, 3);
	wait_for(fixture, OF_SPAN("received_total"), 3);
	assert_true(value_of(fixture, OF_SPAN("decode_errors_total")) == 2);
	assert_true(value_of(fixture, "ebpf_exporter_decoder_errors_total{config=\"spans\"}") == 2);
	assert_true(value_of(fixture, "sonde_spans_queued") == 1);
	assert_int_equal(exporter__stop(&fixture->exporter), 0);
	assert_non_null(strstr(fixture->exporter.log, "label 'trace_id' decoded to"));
	/* Long before its time is up, the batch goes at the end. */
	assert_int_equal(parse_request(fixture, 0, &span, 1), 1);
	assert_string_equal(span.span_id, "0300000000000000");
}

static void test_spans__the_last_ones_are_sent_at_the_end(void **state)
{
	struct fixture *fixture = *state;

	start_receiver(fixture, NULL, 0);
	start(fixture);
	fire(CHILD, 1);
	assert_int_equal(exporter__stop(&fixture->exporter), 0);
	assert_int_equal(parse_request(fixture, 0, NULL, 0), 1);
}

/* Whatever happens to a span, it is in exactly one of the counters. */
static void test_spans__a_slow_receiver_costs_spans_and_they_are_counted(void **state)
{
	static const struct receiver_step steps[] = { { .manner = RECEIVER_IS_SILENT } };
	struct fixture *fixture = *state;
	double dropped, queued;

	fixture->variables[0] = "OTEL_BSP_MAX_QUEUE_SIZE";
	fixture->variables[1] = "1000";
	fixture->variables[2] = "OTEL_BSP_EXPORT_TIMEOUT";
	fixture->variables[3] = "100";
	start_receiver(fixture, steps, 1);
	start(fixture);
	fire(FLOOD, 3000);
	wait_for(fixture, OF_SPAN("received_total"), 3000);
	dropped = value_of(fixture, DROPPED("queue_full"));
	queued = value_of(fixture, "sonde_spans_queued");
	assert_true(dropped == 2000);
	assert_true(queued == 1000);
	assert_int_equal(exporter__stop(&fixture->exporter), 0);
	assert_non_null(strstr(fixture->exporter.log, "spans dropped (shutdown)"));
	assert_non_null(strstr(fixture->exporter.log, "1000 spans in all were lost at the end"));
}

static void test_spans__a_receiver_that_is_gone_does_not_hold_the_end(void **state)
{
	struct fixture *fixture = *state;

	fixture->variables[0] = "OTEL_BSP_SCHEDULE_DELAY";
	fixture->variables[1] = "1";
	fixture->variables[2] = "OTEL_BSP_EXPORT_TIMEOUT";
	fixture->variables[3] = "100";
	set_endpoint(fixture, free_port());
	start(fixture);
	fire(CHILD, 1);
	wait_for(fixture, "sonde_spans_export_retries_total", 1);
	assert_true(value_of(fixture, "sonde_spans_queued") == 1);
	assert_int_equal(exporter__stop(&fixture->exporter), 0);
	assert_non_null(strstr(fixture->exporter.log, "Spans not exported, trying again"));
	assert_non_null(strstr(fixture->exporter.log, "1 spans dropped (unreachable)"));
}

static void test_spans__without_an_endpoint_nothing_is_read(void **state)
{
	static const char needle[] =
		"config \"spans\": spans are not exported: no endpoint is configured";
	struct fixture *fixture = *state;
	const char *warning;

	start(fixture);
	fire(CHILD, 1);
	wait_for(fixture, "ebpf_exporter_fired_total", 1);
	assert_true(value_of(fixture, OF_SPAN("active")) == 0);
	assert_true(value_of(fixture, OF_SPAN("received_total")) == 0);
	assert_int_equal(exporter__stop(&fixture->exporter), 0);
	warning = strstr(fixture->exporter.log, needle);
	assert_non_null(warning);
	assert_null(strstr(warning + strlen(needle), "no endpoint"));
}

static void test_spans__grpc_is_refused_in_one_line(void **state)
{
	struct fixture *fixture = *state;

	set_endpoint(fixture, free_port());
	fixture->variables[0] = "OTEL_EXPORTER_OTLP_PROTOCOL";
	fixture->variables[1] = "grpc";
	start(fixture);
	fire(CHILD, 1);
	wait_for(fixture, "ebpf_exporter_fired_total", 1);
	assert_true(value_of(fixture, OF_SPAN("active")) == 0);
	assert_int_equal(exporter__stop(&fixture->exporter), 0);
	assert_non_null(strstr(fixture->exporter.log, "set it to http/protobuf"));
}

static void test_spans__console(void **state)
{
	struct fixture *fixture = *state;

	fixture->variables[0] = "OTEL_TRACES_EXPORTER";
	fixture->variables[1] = "console";
	start(fixture);
	fire(CHILD, 1);
	wait_for(fixture, "sonde_spans_exported_total", 1);
	assert_int_equal(exporter__stop(&fixture->exporter), 0);
	assert_non_null(strstr(
		fixture->exporter.log,
		"{\"Name\":\"call\",\"SpanContext\":{\"TraceID\":\"01000000000000000200000000000000\","
		"\"SpanID\":\"0100000000000000\""));
}

#define with_fixture(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_fixture(test_spans__reach_the_receiver),
		with_fixture(test_spans__what_cannot_be_decoded_is_counted),
		with_fixture(test_spans__the_last_ones_are_sent_at_the_end),
		with_fixture(test_spans__a_slow_receiver_costs_spans_and_they_are_counted),
		with_fixture(test_spans__a_receiver_that_is_gone_does_not_hold_the_end),
		with_fixture(test_spans__without_an_endpoint_nothing_is_read),
		with_fixture(test_spans__grpc_is_refused_in_one_line),
		with_fixture(test_spans__console),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
