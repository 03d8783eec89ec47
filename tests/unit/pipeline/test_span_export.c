/* SPDX-License-Identifier: Apache-2.0 */
/* Batches, the bound on what waits, and where every span was counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "pipeline/span_export.h"
#include "receiver.h"
#include "trace.h"

struct fixture {
	const char *variables[10]; /* name, value, … */
	char endpoint[64];
	struct loop *loop;
	struct span_export *export;
};

static const char *get(void *ctx, const char *name)
{
	const struct fixture *fixture = ctx;

	for (size_t i = 0; i + 1 < array_size(fixture->variables) && fixture->variables[i]; i += 2)
		if (str_eq(fixture->variables[i], name))
			return fixture->variables[i + 1];
	return str_eq(name, "OTEL_EXPORTER_OTLP_ENDPOINT") ? fixture->endpoint : NULL;
}

static void open_export(struct fixture *fixture, uint16_t port)
{
	struct span_export_options options = { .user_agent = "test",
					       .get_env = get,
					       .env_ctx = fixture };
	bool is_on_purpose;

	snprintf(fixture->endpoint, sizeof(fixture->endpoint), "http://127.0.0.1:%u", port);
	assert_int_equal(loop__new(&fixture->loop, NULL), 0);
	options.loop = fixture->loop;
	assert_int_equal(span_export__new(&options, &fixture->export, NULL), 0);
	span_export__start(fixture->export);
	assert_null(span_export__why_off(fixture->export, &is_on_purpose));
	assert_int_equal(span_export__service(fixture->export, "exec"), 0);
}

static void close_export(struct fixture *fixture)
{
	span_export__free(fixture->export);
	loop__free(fixture->loop);
}

static void add_spans_of(struct fixture *fixture, uint32_t service, int count)
{
	const struct otlp_span span = {
		.trace_id = { 1 }, .span_id = { 2 }, .name = "n", .name_len = 1
	};

	for (int i = 0; i < count; i++)
		span_export__add(fixture->export, service, &span);
}

static void add_spans(struct fixture *fixture, int count)
{
	add_spans_of(fixture, 0, count);
}

static void run_until_exported(struct fixture *fixture, uint64_t spans)
{
	while (span_export__figures(fixture->export).exported < spans)
		assert_true(loop__run_once(fixture->loop, -1) >= 0);
}

static size_t spans_in(struct receiver *receiver, size_t request)
{
	const struct received *received = receiver__get(receiver, request);

	return trace_parse(received->body, received->body_len, NULL, 0);
}

static void test_add__a_full_batch_is_sent_at_once(void **state)
{
	struct receiver *receiver = receiver__start(0, NULL, 0);
	struct fixture fixture = { .variables = { "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "3",
						  "OTEL_BSP_SCHEDULE_DELAY", "3600000" } };

	(void)state;
	open_export(&fixture, receiver__port(receiver));
	add_spans(&fixture, 7);
	run_until_exported(&fixture, 6);
	assert_int_equal(spans_in(receiver, 0), 3);
	assert_int_equal(spans_in(receiver, 1), 3);
	assert_int_equal(span_export__figures(fixture.export).queued, 1);
	/* What is left goes at the end. */
	span_export__finish(fixture.export);
	assert_int_equal(span_export__figures(fixture.export).exported, 7);
	assert_int_equal(spans_in(receiver, 2), 1);
	close_export(&fixture);
	receiver__stop(receiver);
}

static void test_add__an_old_batch_is_sent(void **state)
{
	struct receiver *receiver = receiver__start(0, NULL, 0);
	struct fixture fixture = { .variables = { "OTEL_BSP_SCHEDULE_DELAY", "1" } };

	(void)state;
	open_export(&fixture, receiver__port(receiver));
	for (uint64_t round = 1; round <= 2; round++) {
		add_spans(&fixture, 2);
		run_until_exported(&fixture, 2 * round);
		assert_int_equal(spans_in(receiver, round - 1), 2);
	}
	close_export(&fixture);
	receiver__stop(receiver);
}

static void test_add__beyond_the_queue_spans_are_dropped_and_counted(void **state)
{
	static const struct receiver_step steps[] = { { .manner = RECEIVER_IS_SILENT } };
	struct receiver *receiver = receiver__start(0, steps, array_size(steps));
	struct fixture fixture = { .variables = { "OTEL_BSP_MAX_QUEUE_SIZE", "10",
						  "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4",
						  "OTEL_BSP_EXPORT_TIMEOUT", "50" } };
	struct span_figures figures;

	(void)state;
	open_export(&fixture, receiver__port(receiver));
	add_spans(&fixture, 15);
	figures = span_export__figures(fixture.export);
	assert_int_equal(figures.queued, 10);
	assert_int_equal(figures.dropped[SPAN_DROP_QUEUE_FULL], 5);
	/* The receiver takes the first request and never says so: nothing is claimed of any. */
	span_export__finish(fixture.export);
	figures = span_export__figures(fixture.export);
	assert_int_equal(figures.exported, 0);
	assert_int_equal(figures.queued, 0);
	assert_int_equal(figures.dropped[SPAN_DROP_SHUTDOWN], 10);
	close_export(&fixture);
	receiver__stop(receiver);
}

static void test_add__refused_spans_are_counted(void **state)
{
	static const struct receiver_step steps[] = { { .status = 400 } };
	struct receiver *receiver = receiver__start(0, steps, array_size(steps));
	struct fixture fixture = { .variables = { "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2" } };

	(void)state;
	open_export(&fixture, receiver__port(receiver));
	add_spans(&fixture, 4);
	run_until_exported(&fixture, 2);
	assert_int_equal(span_export__figures(fixture.export).dropped[SPAN_DROP_REFUSED], 2);
	close_export(&fixture);
	receiver__stop(receiver);
}

/* A reload has made an end of the spec by then. */
static void test_add__on_the_console_with_a_service_of_a_config_that_is_gone(void **state)
{
	struct fixture fixture = { .variables = { "OTEL_TRACES_EXPORTER", "console" } };
	char *service = strdup("gone-service");
	int pipe_fds[2], stdout_fd = dup(STDOUT_FILENO);
	char line[1024];
	ssize_t len;

	(void)state;
	open_export(&fixture, 1);
	assert_int_equal(span_export__service(fixture.export, service), 1);
	free(service);
	assert_int_equal(pipe(pipe_fds), 0);
	fflush(stdout);
	assert_true(dup2(pipe_fds[1], STDOUT_FILENO) >= 0);
	add_spans_of(&fixture, 1, 1);
	assert_true(dup2(stdout_fd, STDOUT_FILENO) >= 0);
	len = read(pipe_fds[0], line, sizeof(line) - 1);
	assert_true(len > 0);
	line[len] = '\0';
	assert_non_null(strstr(line, "gone-service"));
	close(stdout_fd);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	close_export(&fixture);
}

static void test_new__wrong_settings_turn_spans_off(void **state)
{
	struct fixture fixture = { .variables = { "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc",
						  "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c" } };
	const struct span_export_options options = { .get_env = get, .env_ctx = &fixture };
	bool is_on_purpose = true;

	(void)state;
	assert_int_equal(span_export__new(&options, &fixture.export, NULL), 0);
	assert_non_null(
		strstr(span_export__why_off(fixture.export, &is_on_purpose), "http/protobuf"));
	assert_false(is_on_purpose);
	close_export(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add__a_full_batch_is_sent_at_once),
		cmocka_unit_test(test_add__an_old_batch_is_sent),
		cmocka_unit_test(test_add__beyond_the_queue_spans_are_dropped_and_counted),
		cmocka_unit_test(test_add__refused_spans_are_counted),
		cmocka_unit_test(test_add__on_the_console_with_a_service_of_a_config_that_is_gone),
		cmocka_unit_test(test_new__wrong_settings_turn_spans_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
