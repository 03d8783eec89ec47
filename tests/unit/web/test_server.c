/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/web/fixture.h"

/* ---- deadlines --------------------------------------------------------------------------------------- */

static void test_silent_client__is_cut(void **state)
{
	const struct web_options options = { .request_timeout_ns = 50 * NS_PER_MS };
	struct fixture *fixture = *state;
	struct client client;

	fixture__restart(fixture, &options);
	fixture__open_client(fixture, &client);
	client__expect_close(&client);
	assert_int_equal(web_server__figures(fixture->server).timed_out, 1);
	client__done(&client);
	fixture__wait_until_closed(fixture);
}

/* A byte whenever the loop turns: no pause is ever long, yet the request as a whole has its deadline. */
static void test_dripping_client__is_cut(void **state)
{
	const struct web_options options = { .request_timeout_ns = 100 * NS_PER_MS };
	static const char request[] = "GET /hello HTTP/1.1\r\nHost: x\r\nX: ";
	struct fixture *fixture = *state;
	struct client client;

	fixture__restart(fixture, &options);
	fixture__open_client(fixture, &client);
	client__say(&client, request);
	while (!client.is_closed && client.received.len == 0) {
		client__send(&client, "a", 1);
		loop__run_once(fixture->loop, 10);
	}
	client__expect_close(&client);
	assert_int_equal(web_server__figures(fixture->server).timed_out, 1);
	assert_int_equal(fixture->runs, 0);
	client__done(&client);
}

/* The request is fine, the reply is never read. */
static void test_deaf_client__is_cut(void **state)
{
	const struct web_options options = { .request_timeout_ns = 200 * NS_PER_MS };
	struct fixture *fixture = *state;
	struct client client;
	int small = 4096;

	fixture__restart(fixture, &options);
	fixture__open_client(fixture, &client);
	assert_int_equal(setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	assert_int_equal(send(client.fd, GET("/big"), strlen(GET("/big")), MSG_NOSIGNAL),
			 strlen(GET("/big")));
	for (int i = 0; i < 3000 && fixture->done_count == 0; i++)
		loop__run_once(fixture->loop, 10);
	assert_int_equal(fixture->done_count, 1);
	assert_int_equal(web_server__figures(fixture->server).timed_out, 1);
	fixture__wait_until_closed(fixture);
	client__done(&client);
	fixture__assert_serves(fixture);
}

/* A reply that took us longer than a client may take: it is sent all the same, and who waited meanwhile is not blamed. */
static void test_slow_handler__costs_no_client_its_time(void **state)
{
	const struct web_options options = { .request_timeout_ns = SLOW_NS / 4 };
	struct fixture *fixture = *state;
	struct client first, second;

	fixture__restart(fixture, &options);
	fixture__open_client(fixture, &first);
	fixture__open_client(fixture, &second);
	client__run(&first); /* both are accepted: their time runs */
	assert_int_equal(send(second.fd, GET_AND_CLOSE("/hello"), strlen(GET_AND_CLOSE("/hello")),
			      MSG_NOSIGNAL),
			 strlen(GET_AND_CLOSE("/hello")));
	assert_int_equal(send(first.fd, GET_AND_CLOSE("/slow"), strlen(GET_AND_CLOSE("/slow")),
			      MSG_NOSIGNAL),
			 strlen(GET_AND_CLOSE("/slow")));
	client__expect(&first, "at last\n");
	client__expect(&second, "GET /hello, hello nobody, -\n");
	assert_int_equal(web_server__figures(fixture->server).timed_out, 0);
	client__done(&first);
	client__done(&second);
}

static void test_idle_connection__ends_and_is_no_timeout(void **state)
{
	const struct web_options options = { .idle_timeout_ns = 50 * NS_PER_MS };
	struct fixture *fixture = *state;
	struct client client;

	fixture__restart(fixture, &options);
	fixture__open_client(fixture, &client);
	client__say(&client, GET("/hello"));
	client__expect(&client, "GET /hello, hello nobody, -\n");
	client__expect_close(&client);
	assert_int_equal(web_server__figures(fixture->server).timed_out, 0);
	client__done(&client);
}

/* A later request on the same connection has its whole time again, and its end. */
static void test_second_request__is_cut_too(void **state)
{
	const struct web_options options = { .request_timeout_ns = 100 * NS_PER_MS };
	struct fixture *fixture = *state;
	struct client client;

	fixture__restart(fixture, &options);
	fixture__open_client(fixture, &client);
	client__say(&client, GET("/hello"));
	client__expect(&client, "GET /hello, hello nobody, -\n");
	client__say(&client, "GET /hello HTTP/1.1\r\nHost: x\r\nX: ");
	client__expect_close(&client);
	assert_int_equal(web_server__figures(fixture->server).timed_out, 1);
	assert_int_equal(fixture->runs, 1);
	client__done(&client);
}

/* ---- limits ------------------------------------------------------------------------------------------ */

static void test_connections__over_the_limit_are_refused(void **state)
{
	const struct web_options options = { .max_connections = 3 };
	struct fixture *fixture = *state;
	struct client clients[4];

	fixture__restart(fixture, &options);
	for (size_t i = 0; i < array_size(clients); i++)
		fixture__open_client(fixture, &clients[i]);
	client__expect_close(&clients[3]);
	assert_int_equal(web_server__figures(fixture->server).refused, 1);
	assert_int_equal(web_server__figures(fixture->server).open, 3);
	/* Those inside are served as before. */
	for (size_t i = 0; i < 3; i++) {
		client__say(&clients[i], GET_AND_CLOSE("/hello"));
		client__expect(&clients[i], "GET /hello, hello nobody, -\n");
	}
	for (size_t i = 0; i < array_size(clients); i++)
		client__done(&clients[i]);
}

static void test_full_house__makes_room_at_the_cost_of_the_idle(void **state)
{
	const struct web_options options = { .max_connections = 2 };
	struct fixture *fixture = *state;
	struct client idle[2], late;

	fixture__restart(fixture, &options);
	for (size_t i = 0; i < array_size(idle); i++) {
		fixture__open_client(fixture, &idle[i]);
		client__say(&idle[i], GET("/hello"));
		client__expect(&idle[i], "GET /hello, hello nobody, -\n");
	}
	fixture__exchange(fixture, &late, GET_AND_CLOSE("/hello"));
	client__expect(&late, "GET /hello, hello nobody, -\n");
	/* The one that had waited longest went, the other one stays. */
	client__expect_close(&idle[0]);
	client__run(&idle[1]);
	assert_false(idle[1].is_closed);
	assert_int_equal(web_server__figures(fixture->server).refused, 0);
	client__done(&late);
	client__done(&idle[0]);
	client__done(&idle[1]);
}

static void test_connections__of_one_address_are_limited(void **state)
{
	const struct web_options options = { .max_per_address = 1 };
	struct fixture *fixture = *state;
	struct client first, second;

	fixture__restart(fixture, &options);
	fixture__open_client(fixture, &first);
	client__run(&first);
	fixture__open_client(fixture, &second);
	client__expect_close(&second);
	assert_int_equal(web_server__figures(fixture->server).refused, 1);
	client__done(&first);
	client__done(&second);
}

/* Without a free descriptor accepting pauses; the connection in the backlog is served when there is one. */
static void test_accept__waits_for_a_descriptor(void **state)
{
	struct fixture *fixture = *state;
	struct rlimit limit, low;
	struct client client;

	fixture__open_client(fixture, &client);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = limit;
	low.rlim_cur = (rlim_t)client.fd + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	client__run(&client);
	client__run(&client);
	assert_int_equal(web_server__figures(fixture->server).open, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	client__say(&client, GET_AND_CLOSE("/hello"));
	client__expect(&client, "GET /hello, hello nobody, -\n");
	client__done(&client);
}

/* ---- sockets and ends -------------------------------------------------------------------------------- */

static void test_add_socket__refuses_what_does_not_listen(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(web_server__add_socket(fixture->server, fd, &err), -EINVAL);
	assert_non_null(strstr(err.text, "is no listening socket"));
	err__done(&err);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(web_server__add_socket(fixture->server, fd, &err), -ENOTSOCK);
	err__done(&err);
}

static void test_add_socket__serves_a_blocking_one(void **state)
{
	struct fixture *fixture = *state;
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct client client;

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(web_server__add_socket(fixture->server, fd, NULL), 0);
	client__open(&client, fixture->loop, ntohs(address.sin_port));
	client__say(&client, GET_AND_CLOSE("/hello"));
	client__expect(&client, "GET /hello, hello nobody, -\n");
	client__done(&client);
}

static void test_add_connection__serves_a_socketpair(void **state)
{
	struct fixture *fixture = *state;
	struct client client = { .loop = fixture->loop };
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	client.fd = pair[0];
	web_server__add_connection(fixture->server, pair[1]);
	client__say(&client, GET_AND_CLOSE("/hello"));
	client__expect(&client, "GET /hello, hello nobody, -\n");
	client__expect_close(&client);
	client__done(&client);
}

/* A client that goes away while the reply is on its way: no signal, no error, and the end is told. */
static void test_client__that_leaves_early(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	fixture__open_client(fixture, &client);
	client__say(&client, GET("/big"));
	client__done(&client);
	fixture__wait_until_closed(fixture);
	assert_int_equal(fixture->done_count, 1);
	fixture__assert_serves(fixture);
}

static void test_free__ends_replies_on_their_way(void **state)
{
	struct fixture *fixture = *state;
	struct client client;
	int small = 4096;

	fixture__open_client(fixture, &client);
	assert_int_equal(setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	assert_int_equal(send(client.fd, GET("/big"), strlen(GET("/big")), MSG_NOSIGNAL),
			 strlen(GET("/big")));
	while (fixture->runs == 0)
		loop__run_once(fixture->loop, 10);
	assert_int_equal(fixture->done_count, 0);
	fixture->server = web_server__free(fixture->server);
	assert_int_equal(fixture->done_count, 1);
	client__done(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(test_silent_client__is_cut),
		server_test(test_dripping_client__is_cut),
		server_test(test_deaf_client__is_cut),
		server_test(test_slow_handler__costs_no_client_its_time),
		server_test(test_idle_connection__ends_and_is_no_timeout),
		server_test(test_second_request__is_cut_too),
		server_test(test_connections__over_the_limit_are_refused),
		server_test(test_full_house__makes_room_at_the_cost_of_the_idle),
		server_test(test_connections__of_one_address_are_limited),
		server_test(test_accept__waits_for_a_descriptor),
		server_test(test_add_socket__refuses_what_does_not_listen),
		server_test(test_add_socket__serves_a_blocking_one),
		server_test(test_add_connection__serves_a_socketpair),
		server_test(test_client__that_leaves_early),
		server_test(test_free__ends_replies_on_their_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
