/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many who ask at once, and many who do not play along: whoever does is served meanwhile, and when all of them are gone
 * nothing of them is left.
 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/unit/web/fixture.h"

#define SCRAPERS 100
#define ROUNDS 10
#define KIND_COUNT 20
/* Buffers of libmicrohttpd and of the loop that stay for the next ones. */
#define SLACK_BYTES (64u << 10)

/* What the sanitizers have instead of mallinfo2(). */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t count_memory(void)
{
	if (__sanitizer_get_current_allocated_bytes)
		return __sanitizer_get_current_allocated_bytes();
	return mallinfo2().uordblks + mallinfo2().hblkhd;
}

/* Onto the wire, without the loop. */
static void send_only(struct client *client, const char *text)
{
	assert_int_equal(send(client->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT),
			 strlen(text));
}

static void scrape_all(struct client *clients)
{
	for (size_t i = 0; i < SCRAPERS; i++)
		send_only(&clients[i], GET("/dear"));
	for (size_t i = 0; i < SCRAPERS; i++) {
		client__run(&clients[i]);
		client__expect(&clients[i], "of variant 0\n");
		assert_false(clients[i].is_closed);
		strbuf__reset(&clients[i].received);
	}
}

static void test_scrapers__keep_alive_and_all_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct client *clients = new_array(struct client, SCRAPERS);

	for (size_t i = 0; i < SCRAPERS; i++)
		fixture__open_client(fixture, &clients[i]);
	scrape_all(clients);

	size_t before = count_memory();
	unsigned int runs_before = fixture->runs;

	for (int i = 0; i < ROUNDS; i++)
		scrape_all(clients);
	assert_in_range(count_memory(), 0, before + SLACK_BYTES);
	/* All of a round wait while its first is served. */
	assert_int_equal(fixture->runs - runs_before, ROUNDS);
	assert_int_equal(fixture->done_count, (ROUNDS + 1) * SCRAPERS);
	assert_int_equal(web_server__figures(fixture->server).accepted, SCRAPERS);
	assert_int_equal(web_server__figures(fixture->server).refused, 0);
	assert_int_equal(web_server__figures(fixture->server).timed_out, 0);
	for (size_t i = 0; i < SCRAPERS; i++)
		client__done(&clients[i]);
	free(clients);
	fixture__wait_until_closed(fixture);
}

static void open_deaf(struct fixture *fixture, struct client *client, const char *request)
{
	int small = 4096;

	fixture__open_client(fixture, client);
	assert_int_equal(setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	send_only(client, request);
}

/* Ten megabytes for each who does not take them: those that are too much are refused, and what is small is not. */
static void test_slow_readers__hold_no_more_than_they_may(void **state)
{
	const struct web_options options = { .max_reply_bytes = 3 * BIG_BYTES };
	struct fixture *fixture = *state;
	struct client readers[KIND_COUNT];
	struct client late;

	fixture__restart(fixture, &options);
	for (size_t i = 0; i < KIND_COUNT; i++)
		open_deaf(fixture, &readers[i], GET("/big"));
	for (int i = 0; i < 3000 && web_server__figures(fixture->server).crowded < KIND_COUNT - 4;
	     i++)
		loop__run_once(fixture->loop, 10);
	assert_int_equal(fixture->runs, 4); /* the fourth is the one that is too much */
	assert_int_equal(web_server__figures(fixture->server).crowded, KIND_COUNT - 4);
	assert_in_range(web_server__figures(fixture->server).reply_bytes, 4 * BIG_BYTES,
			4 * BIG_BYTES);
	fixture__exchange(fixture, &late, GET_AND_CLOSE("/hello"));
	client__expect(&late, "HTTP/1.1 503 Service Unavailable\r\n");
	client__done(&late);
	fixture__exchange(fixture, &late, GET_AND_CLOSE("/plain"));
	client__expect(&late, "line 0 of what is shared\n");
	client__done(&late);
	for (size_t i = 0; i < KIND_COUNT; i++)
		client__done(&readers[i]);
	fixture__wait_until_closed(fixture);
	assert_int_equal(web_server__figures(fixture->server).reply_bytes, 0);
	fixture__assert_serves(fixture);
}

/* ---- everybody at once ----------------------------------------------------------------------------------- */

static void open_silent(struct fixture *fixture, struct client *client)
{
	fixture__open_client(fixture, client);
}

static void open_half_request(struct fixture *fixture, struct client *client)
{
	fixture__open_client(fixture, client);
	send_only(client, "GET /hello HTTP/1.1\r\nHost: x\r\nX: ");
}

/* The sending half is closed, the other one stays: nobody will ever say more. */
static void open_half_closed(struct fixture *fixture, struct client *client)
{
	fixture__open_client(fixture, client);
	send_only(client, "GET /hello HTTP/1.1\r\n");
	assert_int_equal(shutdown(client->fd, SHUT_WR), 0);
}

static void open_slow_reader(struct fixture *fixture, struct client *client)
{
	open_deaf(fixture, client, GET("/shared"));
}

static void open_body(struct fixture *fixture, struct client *client)
{
	fixture__open_client(fixture, client);
	send_only(client, "POST /act HTTP/1.1\r\nHost: x\r\nContent-Length: 10485760\r\n\r\n");
}

static void open_missing_body(struct fixture *fixture, struct client *client)
{
	fixture__open_client(fixture, client);
	send_only(client, "POST /act HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc");
}

static void open_garbage(struct fixture *fixture, struct client *client)
{
	fixture__open_client(fixture, client);
	send_only(client, "\x16\x03\x01\x02\x7f\x01\xff\xfe\r\n\r\n\x05\r\n");
}

static void (*const kinds[])(struct fixture *fixture, struct client *client) = {
	open_silent, open_half_request, open_half_closed,  open_slow_reader,
	open_body,   open_garbage,      open_missing_body,
};

static void run_storm(struct fixture *fixture)
{
	struct client *clients = new_array(struct client, array_size(kinds) * KIND_COUNT);

	for (size_t i = 0; i < array_size(kinds) * KIND_COUNT; i++) {
		kinds[i % array_size(kinds)](fixture, &clients[i]);
		if (i % KIND_COUNT == 0)
			fixture__assert_serves(fixture);
	}
	/* Some are there to the end of their time; whoever asks properly does not wait for it. */
	fixture__assert_serves(fixture);
	fixture__wait_until_closed(fixture);
	for (size_t i = 0; i < array_size(kinds) * KIND_COUNT; i++)
		client__done(&clients[i]);
	free(clients);
}

static void test_storm__passes_and_leaves_nothing(void **state)
{
	const struct web_options options = { .request_timeout_ns = 300 * NS_PER_MS,
					     .idle_timeout_ns = 300 * NS_PER_MS };
	struct fixture *fixture = *state;

	fixture__restart(fixture, &options);
	run_storm(fixture);

	size_t before = count_memory();

	for (int i = 0; i < 3; i++)
		run_storm(fixture);
	assert_in_range(count_memory(), 0, before + SLACK_BYTES);
	assert_int_equal(web_server__figures(fixture->server).reply_bytes, 0);
	assert_int_equal(web_server__figures(fixture->server).refused, 0);
	fixture__assert_serves(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(test_scrapers__keep_alive_and_all_at_once),
		server_test(test_slow_readers__hold_no_more_than_they_may),
		server_test(test_storm__passes_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
