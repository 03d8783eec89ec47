/* SPDX-License-Identifier: Apache-2.0 */
#include "web/share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/unit/web/fixture.h"

#define CLIENTS 20

/* Onto the wire, without the loop. */
static void send_only(struct client *client, const char *text)
{
	assert_int_equal(send(client->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void open_all(struct fixture *fixture, struct client *clients)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		fixture__open_client(fixture, &clients[i]);
		client__say(&clients[i], GET("/hello"));
		client__expect(&clients[i], "hello nobody");
		strbuf__reset(&clients[i].received);
	}
	fixture->runs = 0;
}

static void close_all(struct client *clients)
{
	for (size_t i = 0; i < CLIENTS; i++)
		client__done(&clients[i]);
}

/* Keep-alive clients whose requests have all come before the first is answered. */
static void test_share__with_all_who_wait(void **state)
{
	struct fixture *fixture = *state;
	struct client clients[CLIENTS];

	open_all(fixture, clients);
	for (size_t i = 0; i < CLIENTS; i++)
		send_only(&clients[i], GET("/dear"));
	for (size_t i = 0; i < CLIENTS; i++)
		client__expect(&clients[i], "dear 1 of variant 0\n");
	assert_int_equal(fixture->runs, 1);
	assert_int_equal(web_server__figures(fixture->server).shared, CLIENTS - 1);
	/* Each reply has its end. */
	assert_int_equal(fixture->done_count, 2 * CLIENTS);
	close_all(clients);
}

/* The next request of the same client has come later: it gets what is newer. */
static void test_share__not_with_who_asks_later(void **state)
{
	struct fixture *fixture = *state;
	struct client clients[CLIENTS];

	open_all(fixture, clients);
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < CLIENTS; i++) {
			char wanted[64];

			(void)snprintf(wanted, sizeof(wanted), "dear %zu of variant 0\n",
				       (size_t)round * CLIENTS + i + 1);
			client__say(&clients[i], GET("/dear"));
			client__expect(&clients[i], wanted);
		}
	assert_int_equal(web_server__figures(fixture->server).shared, 0);
	close_all(clients);
}

static void ask_late(struct fixture *fixture)
{
	if (fixture->late)
		send_only(fixture->late, GET("/dear"));
	fixture->late = NULL;
}

/* What comes while the body is being made may share it: that is the one thing by which a reply may be older. */
static void test_share__with_who_asks_meanwhile(void **state)
{
	struct fixture *fixture = *state;
	struct client clients[CLIENTS];

	open_all(fixture, clients);
	fixture->while_dear = ask_late;
	fixture->late = &clients[1];
	send_only(&clients[0], GET("/dear"));
	client__expect(&clients[0], "dear 1 of variant 0\n");
	client__expect(&clients[1], "dear 1 of variant 0\n");
	assert_int_equal(fixture->runs, 1);
	close_all(clients);
}

/* Two requests in one go: the second one is as good as later. */
static void test_share__not_with_pipelined_ones(void **state)
{
	struct fixture *fixture = *state;
	struct client clients[CLIENTS];

	open_all(fixture, clients);
	send_only(&clients[0], GET("/dear") GET("/dear"));
	client__expect(&clients[0], "dear 1 of variant 0\n");
	client__expect(&clients[0], "dear 2 of variant 0\n");
	close_all(clients);
}

static void test_share__of_each_variant(void **state)
{
	struct fixture *fixture = *state;
	struct client clients[CLIENTS];

	open_all(fixture, clients);
	for (size_t i = 0; i < CLIENTS; i++)
		send_only(&clients[i],
			  i % 2 == 0 ? GET("/dear")
				     : "GET /dear HTTP/1.1\r\nHost: x\r\nAccept: y\r\n\r\n");
	for (size_t i = 0; i < CLIENTS; i++)
		client__expect(&clients[i], i % 2 == 0 ? "of variant 0\n" : "of variant 1\n");
	assert_int_equal(fixture->runs, 2);
	close_all(clients);
}

/* Compressed once, for those who want it; the others get the text. */
static void test_share__compressed_and_plain(void **state)
{
	struct fixture *fixture = *state;
	struct client clients[CLIENTS];

	open_all(fixture, clients);
	for (size_t i = 0; i < CLIENTS; i++)
		send_only(&clients[i],
			  i % 2 == 0
				  ? "GET /dear HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"
				  : GET("/dear"));
	for (size_t i = 0; i < CLIENTS; i++)
		client__expect(&clients[i],
			       i % 2 == 0 ? "Content-Encoding: gzip\r\n" : "dear 1 of variant 0\n");
	assert_int_equal(fixture->runs, 1);
	close_all(clients);
}

/* Connections that are new and have sent their request at once. */
static void test_share__with_new_connections(void **state)
{
	struct fixture *fixture = *state;
	struct client clients[CLIENTS];

	for (size_t i = 0; i < CLIENTS; i++) {
		fixture__open_client(fixture, &clients[i]);
		send_only(&clients[i], GET_AND_CLOSE("/dear"));
	}
	for (size_t i = 0; i < CLIENTS; i++)
		client__expect(&clients[i], "dear 1 of variant 0\n");
	assert_int_equal(fixture->runs, 1);
	close_all(clients);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(test_share__with_all_who_wait),
		server_test(test_share__not_with_who_asks_later),
		server_test(test_share__with_who_asks_meanwhile),
		server_test(test_share__not_with_pipelined_ones),
		server_test(test_share__of_each_variant),
		server_test(test_share__compressed_and_plain),
		server_test(test_share__with_new_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
