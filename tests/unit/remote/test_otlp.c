/* SPDX-License-Identifier: Apache-2.0 */
/* The client against a receiver that takes, delays, refuses, hangs up or is gone. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "receiver.h"
#include "remote/otlp.h"

#define VARIABLES_MAX 8

struct fixture {
	const char *variables[2 * VARIABLES_MAX]; /* name, value, … */
	char endpoint[64];
	struct loop *loop;
	struct otlp_settings settings;
	struct otlp_client *client;
	uint32_t spans[OTLP_OUTCOME_COUNT];
	uint32_t retries;
	char last_error[512];
};

static const char *get(void *ctx, const char *name)
{
	const struct fixture *fixture = ctx;

	for (size_t i = 0; i + 1 < array_size(fixture->variables) && fixture->variables[i]; i += 2)
		if (str_eq(fixture->variables[i], name))
			return fixture->variables[i + 1];
	return str_eq(name, "OTEL_EXPORTER_OTLP_ENDPOINT") ? fixture->endpoint : NULL;
}

static void note(void *ctx, uint32_t spans, enum otlp_outcome outcome, const struct err *err)
{
	struct fixture *fixture = ctx;

	fixture->spans[outcome] += spans;
	if (err)
		err__format(err, fixture->last_error, sizeof(fixture->last_error));
}

static void note_retry(void *ctx, const struct err *err)
{
	struct fixture *fixture = ctx;

	fixture->retries++;
	err__format(err, fixture->last_error, sizeof(fixture->last_error));
}

static void open_client(struct fixture *fixture, uint16_t port, int64_t give_up_ns)
{
	const struct otlp_client_options options = {
		.settings = &fixture->settings,
		.user_agent = "test",
		.first_wait_ns = 2 * NS_PER_MS,
		.longest_wait_ns = 20 * NS_PER_MS,
		.give_up_ns = give_up_ns,
		.done = note,
		.retrying = note_retry,
		.ctx = fixture,
	};
	struct otlp_client_options with_loop = options;

	snprintf(fixture->endpoint, sizeof(fixture->endpoint), "http://127.0.0.1:%u", port);
	assert_int_equal(otlp_settings__read(&fixture->settings, get, fixture, NULL, NULL), 0);
	assert_int_equal(loop__new(&fixture->loop, NULL), 0);
	with_loop.loop = fixture->loop;
	assert_int_equal(otlp_client__new(&with_loop, &fixture->client, NULL), 0);
}

static void close_client(struct fixture *fixture)
{
	otlp_client__free(fixture->client);
	loop__free(fixture->loop);
	otlp_settings__done(&fixture->settings);
}

static void send_text(struct fixture *fixture, const char *text, uint32_t spans)
{
	struct strbuf body = STRBUF_INIT;

	strbuf__add_text(&body, text);
	assert_int_equal(otlp_client__send(fixture->client, &body, spans), 0);
	assert_null(body.data);
}

/* Until nothing waits; a client that forgets a request would hang here, and the runner ends that. */
static void run_all(struct fixture *fixture)
{
	while (otlp_client__pending(fixture->client) > 0)
		assert_true(loop__run_once(fixture->loop, -1) >= 0);
}

static uint16_t closed_port(void)
{
	struct receiver *receiver = receiver__start(0, NULL, 0);
	uint16_t port = receiver__port(receiver);

	receiver__stop(receiver);
	return port;
}

static void test_send__posts_in_order(void **state)
{
	struct receiver *receiver = receiver__start(0, NULL, 0);
	struct fixture fixture = { .variables = { "OTEL_EXPORTER_OTLP_HEADERS", "x-key=v w,e=" } };
	const struct received *first;

	(void)state;
	open_client(&fixture, receiver__port(receiver), 0);
	send_text(&fixture, "one", 1);
	send_text(&fixture, "two", 2);
	send_text(&fixture, "three", 3);
	assert_int_equal(otlp_client__pending(fixture.client), 6);
	run_all(&fixture);
	assert_int_equal(fixture.spans[OTLP_OUTCOME_EXPORTED], 6);
	first = receiver__get(receiver, 0);
	assert_string_equal(first->body, "one");
	assert_non_null(strstr(first->head, "POST /v1/traces HTTP/1.1\r\n"));
	assert_non_null(strstr(first->head, "\r\nContent-Type: application/x-protobuf\r\n"));
	assert_non_null(strstr(first->head, "\r\nUser-Agent: test\r\n"));
	assert_non_null(strstr(first->head, "\r\nx-key: v w\r\n"));
	assert_non_null(strstr(first->head, "\r\ne:"));
	assert_string_equal(receiver__get(receiver, 1)->body, "two");
	assert_string_equal(receiver__get(receiver, 2)->body, "three");
	close_client(&fixture);
	receiver__stop(receiver);
}

static void test_send__gzip_and_json(void **state)
{
	struct receiver *receiver = receiver__start(0, NULL, 0);
	struct fixture fixture = { .variables = { "OTEL_EXPORTER_OTLP_COMPRESSION", "gzip",
						  "OTEL_EXPORTER_OTLP_PROTOCOL", "http/json" } };
	const struct received *request;
	char text[5000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	open_client(&fixture, receiver__port(receiver), 0);
	send_text(&fixture, text, 1);
	run_all(&fixture);
	request = receiver__get(receiver, 0);
	assert_non_null(strstr(request->head, "\r\nContent-Encoding: gzip\r\n"));
	assert_non_null(strstr(request->head, "\r\nContent-Type: application/json\r\n"));
	assert_int_equal(request->body_len, strlen(text));
	assert_string_equal(request->body, text);
	close_client(&fixture);
	receiver__stop(receiver);
}

static void test_send__tries_again_when_that_may_help(void **state)
{
	static const struct receiver_step steps[] = {
		{ .status = 429 },
		{ .status = 502 },
		{ .status = 503 },
		{ .status = 504 },
		{ .manner = RECEIVER_HANGS_UP },
	};
	struct receiver *receiver = receiver__start(0, steps, array_size(steps));
	struct fixture fixture = { .retries = 0 };

	(void)state;
	open_client(&fixture, receiver__port(receiver), 0);
	send_text(&fixture, "one", 5);
	send_text(&fixture, "two", 1);
	run_all(&fixture);
	assert_int_equal(fixture.spans[OTLP_OUTCOME_EXPORTED], 6);
	assert_int_equal(fixture.retries, array_size(steps));
	for (size_t i = 0; i <= array_size(steps); i++)
		assert_string_equal(receiver__get(receiver, i)->body, "one");
	assert_string_equal(receiver__get(receiver, array_size(steps) + 1)->body, "two");
	close_client(&fixture);
	receiver__stop(receiver);
}

static void test_send__refused_for_good(void **state)
{
	static const struct receiver_step steps[] = { { .status = 400 },
						      { .status = 401 },
						      { .status = 500 },
						      { .status = 302,
							.headers = "Location: /elsewhere\r\n" } };
	struct receiver *receiver = receiver__start(0, steps, array_size(steps));
	struct fixture fixture = { .retries = 0 };

	(void)state;
	open_client(&fixture, receiver__port(receiver), 0);
	for (size_t i = 0; i < array_size(steps); i++)
		send_text(&fixture, "bad", 2);
	send_text(&fixture, "good", 1);
	run_all(&fixture);
	assert_int_equal(fixture.spans[OTLP_OUTCOME_REFUSED], 2 * array_size(steps));
	assert_int_equal(fixture.spans[OTLP_OUTCOME_EXPORTED], 1);
	assert_int_equal(fixture.retries, 0);
	assert_non_null(strstr(fixture.last_error, "answers with HTTP status 302"));
	close_client(&fixture);
	receiver__stop(receiver);
}

static void test_send__spans_that_were_taken_and_thrown_away_are_counted(void **state)
{
	static const struct receiver_step steps[] = {
		{ .status = 200, .body = "\x0a\x06\x08\x02\x12\x02no", .body_len = 8 },
		{ .status = 200,
		  .body = "\x0a\x02\x08\x63",
		  .body_len = 4 }, /* more than there were */
		{ .status = 200, .body = "garbage", .body_len = 7 },
	};
	struct receiver *receiver = receiver__start(0, steps, array_size(steps));
	struct fixture fixture = { .retries = 0 };

	(void)state;
	open_client(&fixture, receiver__port(receiver), 0);
	for (size_t i = 0; i < array_size(steps); i++)
		send_text(&fixture, "spans", 5);
	run_all(&fixture);
	assert_int_equal(fixture.spans[OTLP_OUTCOME_EXPORTED], 3 + 0 + 5);
	assert_int_equal(fixture.spans[OTLP_OUTCOME_REFUSED], 2 + 5);
	assert_non_null(strstr(fixture.last_error, "not all of its spans"));
	close_client(&fixture);
	receiver__stop(receiver);
}

/* It asks for more time than a request may take in all, so it is not asked again. */
static void test_send__retry_after_is_heeded(void **state)
{
	static const struct receiver_step steps[] = { { .status = 503,
							.headers = "Retry-After: 100\r\n" } };
	struct receiver *receiver = receiver__start(0, steps, array_size(steps));
	struct fixture fixture = { .retries = 0 };

	(void)state;
	open_client(&fixture, receiver__port(receiver), 0);
	send_text(&fixture, "one", 1);
	run_all(&fixture);
	assert_int_equal(fixture.spans[OTLP_OUTCOME_UNREACHABLE], 1);
	assert_int_equal(fixture.retries, 0);
	assert_int_equal(receiver__wait(receiver, 1), 1);
	close_client(&fixture);
	receiver__stop(receiver);
}

static void test_send__silence_is_a_failure(void **state)
{
	static const struct receiver_step steps[] = { { .manner = RECEIVER_IS_SILENT } };
	struct receiver *receiver = receiver__start(0, steps, array_size(steps));
	struct fixture fixture = { .variables = { "OTEL_EXPORTER_OTLP_TIMEOUT", "100" } };

	(void)state;
	open_client(&fixture, receiver__port(receiver), 0);
	send_text(&fixture, "one", 1);
	run_all(&fixture);
	assert_int_equal(fixture.spans[OTLP_OUTCOME_EXPORTED], 1);
	assert_true(fixture.retries >= 1);
	assert_string_equal(receiver__get(receiver, 1)->body, "one");
	close_client(&fixture);
	receiver__stop(receiver);
}

static void test_send__nobody_there_then_somebody(void **state)
{
	uint16_t port = closed_port();
	struct fixture fixture = { .retries = 0 };
	struct receiver *receiver;

	(void)state;
	open_client(&fixture, port, 0);
	send_text(&fixture, "one", 1);
	while (fixture.retries < 3)
		assert_true(loop__run_once(fixture.loop, -1) >= 0);
	assert_non_null(strstr(fixture.last_error, "cannot post to http://127.0.0.1:"));
	receiver = receiver__start(port, NULL, 0);
	run_all(&fixture);
	assert_int_equal(fixture.spans[OTLP_OUTCOME_EXPORTED], 1);
	close_client(&fixture);
	receiver__stop(receiver);
}

static void test_send__gives_up_in_the_end(void **state)
{
	struct fixture fixture = { .retries = 0 };

	(void)state;
	open_client(&fixture, closed_port(), 50 * NS_PER_MS);
	send_text(&fixture, "one", 1);
	send_text(&fixture, "two", 2);
	run_all(&fixture);
	assert_int_equal(fixture.spans[OTLP_OUTCOME_UNREACHABLE], 3);
	close_client(&fixture);
}

static void test_finish__sends_what_is_left(void **state)
{
	struct receiver *receiver = receiver__start(0, NULL, 0);
	struct fixture fixture = { .retries = 0 };

	(void)state;
	open_client(&fixture, receiver__port(receiver), 0);
	send_text(&fixture, "one", 1);
	send_text(&fixture, "two", 2);
	otlp_client__finish(fixture.client, 30 * NS_PER_S);
	assert_int_equal(fixture.spans[OTLP_OUTCOME_EXPORTED], 3);
	close_client(&fixture);
	receiver__stop(receiver);
}

static void test_finish__ends_although_nobody_answers(void **state)
{
	static const struct receiver_step steps[] = { { .manner = RECEIVER_IS_SILENT } };
	struct receiver *receiver = receiver__start(0, steps, array_size(steps));
	struct fixture fixture = { .retries = 0 };

	(void)state;
	open_client(&fixture, receiver__port(receiver), 0);
	send_text(&fixture, "one", 1);
	send_text(&fixture, "two", 2);
	otlp_client__finish(fixture.client, 50 * NS_PER_MS);
	assert_int_equal(otlp_client__pending(fixture.client), 3);
	close_client(&fixture);
	assert_int_equal(fixture.spans[OTLP_OUTCOME_SHUTDOWN], 3);
	receiver__stop(receiver);
}

static void test_finish__does_not_wait_for_a_retry_beyond_its_time(void **state)
{
	struct fixture fixture = { .retries = 0 };

	(void)state;
	open_client(&fixture, closed_port(), 0);
	send_text(&fixture, "one", 1);
	otlp_client__finish(fixture.client, 1 * NS_PER_MS);
	close_client(&fixture);
	assert_int_equal(
		fixture.spans[OTLP_OUTCOME_UNREACHABLE] + fixture.spans[OTLP_OUTCOME_SHUTDOWN], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_send__posts_in_order),
		cmocka_unit_test(test_send__gzip_and_json),
		cmocka_unit_test(test_send__tries_again_when_that_may_help),
		cmocka_unit_test(test_send__refused_for_good),
		cmocka_unit_test(test_send__spans_that_were_taken_and_thrown_away_are_counted),
		cmocka_unit_test(test_send__retry_after_is_heeded),
		cmocka_unit_test(test_send__silence_is_a_failure),
		cmocka_unit_test(test_send__nobody_there_then_somebody),
		cmocka_unit_test(test_send__gives_up_in_the_end),
		cmocka_unit_test(test_finish__sends_what_is_left),
		cmocka_unit_test(test_finish__ends_although_nobody_answers),
		cmocka_unit_test(test_finish__does_not_wait_for_a_retry_beyond_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
