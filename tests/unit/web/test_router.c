/* SPDX-License-Identifier: Apache-2.0 */
#include "web/router.h"

#include <libdeflate.h>
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

/* ---- what is served ---------------------------------------------------------------------------------- */

static void test_get__answers(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	fixture__exchange(
		fixture, &client,
		"GET /hello?name=a%20b&x=1 HTTP/1.1\r\nHost: x\r\nAccept: text/y\r\nConnection: close\r\n\r\n");
	client__expect(&client, "HTTP/1.1 200 OK\r\n");
	client__expect(&client, "Content-Type: text/plain; charset=utf-8\r\n");
	client__expect(&client, "GET /hello, hello a b, text/y\n");
	assert_int_equal(fixture->done_count, 1);
	assert_int_equal(fixture->done_status, 200);
	client__done(&client);
}

static void test_get__of_http_1_0(void **state)
{
	struct client client;

	fixture__exchange(*state, &client, "GET /hello HTTP/1.0\r\n\r\n");
	client__expect(&client, "GET /hello, hello nobody, -\n");
	client__done(&client);
}

static void test_get__of_an_unknown_path(void **state)
{
	static const char *const paths[] = { "/",         "/hello/",   "/Hello", "/hell",
					     "/../hello", "/%00hello", "//" };

	for (size_t i = 0; i < array_size(paths); i++) {
		struct client client;
		char request[128];

		(void)snprintf(request, sizeof(request),
			       "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", paths[i]);
		fixture__exchange(*state, &client, request);
		client__expect(&client, "HTTP/1.1 404 Not Found\r\n");
		client__expect(&client, "there is nothing here; see /\n");
		client__done(&client);
	}
}

static void test_get__when_the_handler_fails(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	fixture__exchange(fixture, &client, GET_AND_CLOSE("/failing"));
	client__expect(&client, "HTTP/1.1 500 Internal Server Error\r\n");
	client__expect(&client, "/failing: map 'x' cannot be read\n");
	assert_int_equal(fixture->done_count, 1);
	assert_int_equal(fixture->done_status, 500);
	client__done(&client);
}

static void test_get__with_a_status_of_the_handler(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	fixture__exchange(fixture, &client, GET_AND_CLOSE("/unavailable"));
	client__expect(&client, "HTTP/1.1 503 Service Unavailable\r\n");
	client__expect(&client, "later\n");
	assert_int_equal(fixture->done_status, 503);
	client__done(&client);
}

static void test_head__sends_the_headers_alone(void **state)
{
	struct client client;
	size_t len;

	fixture__exchange(*state, &client,
			  "HEAD /shared HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	client__expect(&client, "HTTP/1.1 200 OK\r\n");
	client__expect(&client, "Content-Type: text/special\r\n");
	client__expect(&client, "Content-Length: ");
	(void)client__body(&client, &len);
	assert_int_equal(len, 0);
	client__done(&client);
}

static void test_get__keeps_the_connection(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	fixture__open_client(fixture, &client);
	for (int i = 0; i < 5; i++) {
		client__say(&client, GET("/hello"));
		client__expect(&client, "GET /hello, hello nobody, -\n");
		assert_false(client.is_closed);
		strbuf__reset(&client.received);
	}
	assert_int_equal(web_server__figures(fixture->server).accepted, 1);
	client__done(&client);
}

static void test_get__pipelined(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	fixture__open_client(fixture, &client);
	client__say(&client, GET("/hello?name=1") GET("/nothing") GET("/hello?name=2")
				     GET_AND_CLOSE("/hello?name=3"));
	client__expect_close(&client);
	client__expect(&client, "hello 1");
	client__expect(&client, "404 Not Found");
	client__expect(&client, "hello 2");
	client__expect(&client, "hello 3");
	assert_int_equal(fixture->runs, 3);
	assert_int_equal(fixture->done_count, 3);
	client__done(&client);
}

static void test_get__after_which_the_client_stops_sending(void **state)
{
	struct client client;

	fixture__open_client(*state, &client);
	client__say(&client, GET("/big"));
	assert_int_equal(shutdown(client.fd, SHUT_WR), 0);
	client__expect_close(&client);
	assert_true(client.received.len > BIG_BYTES);
	client__done(&client);
}

/* ---- gzip -------------------------------------------------------------------------------------------- */

static void assert_unpacks(struct client *client, const struct fixture *fixture)
{
	size_t len, unpacked_len;
	const char *body = client__body(client, &len);
	size_t wanted_len = web_body__len(fixture->shared);
	char *unpacked = malloc(wanted_len);
	struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();

	assert_int_equal(libdeflate_gzip_decompress(decompressor, body, len, unpacked, wanted_len,
						    &unpacked_len),
			 LIBDEFLATE_SUCCESS);
	assert_int_equal(unpacked_len, wanted_len);
	assert_memory_equal(unpacked, "line 0 of what is shared\nline 1 of", 33);
	libdeflate_free_decompressor(decompressor);
	free(unpacked);
}

static void test_get__compressed(void **state)
{
	struct fixture *fixture = *state;

	/* The second one finds the compressed form there; the third one still gets the plain text. */
	for (int i = 0; i < 2; i++) {
		struct client client;

		fixture__exchange(
			fixture, &client,
			"GET /shared HTTP/1.1\r\nHost: x\r\nAccept-Encoding: deflate, gzip\r\nConnection: close\r\n\r\n");
		client__expect(&client, "Content-Encoding: gzip\r\n");
		client__expect(&client, "Vary: Accept-Encoding\r\n");
		assert_unpacks(&client, fixture);
		client__done(&client);
	}

	struct client client;
	size_t len;

	fixture__exchange(fixture, &client, GET_AND_CLOSE("/shared"));
	assert_memory_equal(client__body(&client, &len), "line 0", 6);
	assert_int_equal(len, web_body__len(fixture->shared));
	client__done(&client);
}

static void test_get__compressed_and_not_shared(void **state)
{
	struct client client;
	size_t len;

	fixture__exchange(
		*state, &client,
		"GET /big HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
	client__expect(&client, "Content-Encoding: gzip\r\n");
	(void)client__body(&client, &len);
	assert_in_range(len, 20, BIG_BYTES / 100);
	client__done(&client);
}

static void test_get__not_compressed_where_the_route_forbids(void **state)
{
	struct client client;

	fixture__exchange(
		*state, &client,
		"GET /plain HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
	client__expect(&client, "line 0 of what is shared\n");
	assert_null(strstr(strbuf__text(&client.received), "Content-Encoding"));
	client__done(&client);
}

/* ---- what is refused --------------------------------------------------------------------------------- */

static void test_other_methods__are_refused(void **state)
{
	static const char *const methods[] = { "POST",  "PUT", "DELETE", "OPTIONS",
					       "TRACE", "get", "BREW" };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < array_size(methods); i++) {
		struct client client;
		char request[128];

		(void)snprintf(request, sizeof(request),
			       "%s /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
			       methods[i]);
		fixture__exchange(fixture, &client, request);
		client__expect(&client, "HTTP/1.1 405 Method Not Allowed\r\n");
		client__expect(&client, "Allow: GET, HEAD\r\n");
		client__done(&client);
	}
	assert_int_equal(fixture->runs, 0);
}

static void test_post__answers_where_the_route_allows(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	fixture__exchange(fixture, &client,
			  "POST /act?name=me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	client__expect(&client, "POST /act, hello me, -\n");
	client__done(&client);
	assert_int_equal(fixture->runs, 1);
}

static void test_get__is_refused_where_only_post_is(void **state)
{
	static const char *const methods[] = { "GET", "HEAD", "PUT" };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < array_size(methods); i++) {
		struct client client;
		char request[128];

		(void)snprintf(request, sizeof(request),
			       "%s /act HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
			       methods[i]);
		fixture__exchange(fixture, &client, request);
		client__expect(&client, "HTTP/1.1 405 Method Not Allowed\r\n");
		client__expect(&client, "Allow: POST\r\n");
		client__done(&client);
	}
	assert_int_equal(fixture->runs, 0);
}

static void test_post__is_refused_from_another_site(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	fixture__exchange(
		fixture, &client,
		"POST /act HTTP/1.1\r\nHost: x\r\nOrigin: http://y\r\nConnection: close\r\n\r\n");
	client__expect(&client, "HTTP/1.1 403 Forbidden\r\n");
	client__done(&client);
	assert_int_equal(fixture->runs, 0);
}

static void test_small_body__is_thrown_away(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	fixture__open_client(fixture, &client);
	client__say(&client, "POST /act HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n");
	for (int i = 0; i < 64; i++) {
		char bytes[1024];

		memset(bytes, 'G', sizeof(bytes));
		assert_int_equal(fixture->runs, 0);
		client__send(&client, bytes, sizeof(bytes));
	}
	client__expect(&client, "POST /act, hello nobody, -\n");
	/* What follows on the connection is the next request. */
	client__say(&client, GET("/hello"));
	client__expect(&client, "GET /hello, hello nobody, -\n");
	client__done(&client);
	assert_int_equal(fixture->runs, 2);
}

static void test_large_bodies__are_not_read(void **state)
{
	static const struct {
		const char *head, *status;
	} rows[] = {
		{ "GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 10485760\r\n\r\n", "413" },
		{ "POST /act HTTP/1.1\r\nHost: x\r\nContent-Length: 10485760\r\n\r\n", "413" },
		{ "POST /act HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", "413" },
		{ "POST /act HTTP/1.1\r\nHost: x\r\nContent-Length: 10485760\r\nExpect: 100-continue\r\n\r\n",
		  "413" },
		{ "POST /act HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "411" },
		{ "GET /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "411" },
	};
	struct fixture *fixture = *state;
	char *block = malloc(BIG_BYTES);

	memset(block, '1', BIG_BYTES);
	for (size_t i = 0; i < array_size(rows); i++) {
		struct client client;
		char status[32];

		(void)snprintf(status, sizeof(status), "HTTP/1.1 %s ", rows[i].status);
		fixture__open_client(fixture, &client);
		client__say(&client, rows[i].head);
		client__expect(&client, status);
		client__send(&client, block, BIG_BYTES);
		client__expect_close(&client);
		client__done(&client);
	}
	free(block);
	assert_int_equal(fixture->runs, 0);
	fixture__assert_serves(fixture);
}

/* A body that is announced and never comes. */
static void test_missing_body__is_not_waited_for_long(void **state)
{
	const struct web_options options = { .request_timeout_ns = 50 * NS_PER_MS };
	struct fixture *fixture = *state;
	struct client client;

	fixture__restart(fixture, &options);
	fixture__open_client(fixture, &client);
	client__say(&client, "POST /act HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
	client__expect_close(&client);
	assert_int_equal(web_server__figures(fixture->server).timed_out, 1);
	assert_int_equal(fixture->runs, 0);
	client__done(&client);
}

static void test_malformed_requests__are_answered_and_counted(void **state)
{
	static const char *const requests[] = {
		"GET /hello HTTP/9.9\r\nHost: x\r\n\r\n",
		"GET /hello HTTP/1.1\r\n\r\n", /* no Host */
		"GET /hello HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < array_size(requests); i++) {
		struct client client;

		fixture__exchange(fixture, &client, requests[i]);
		client__done(&client);
	}
	assert_int_equal(web_server__figures(fixture->server).bad_requests, array_size(requests));
	assert_int_equal(fixture->runs, 0);
	fixture__assert_serves(fixture);
}

static void test_request_line__of_one_word_ends_the_connection(void **state)
{
	struct client client;

	fixture__exchange(*state, &client, "GET\r\n\r\n");
	assert_int_equal(client.received.len, 0);
	client__done(&client);
	fixture__assert_serves(*state);
}

static void test_garbage__holds_nothing_up(void **state)
{
	struct fixture *fixture = *state;
	struct client client;
	char bytes[4096];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 + i / 256);
	fixture__open_client(fixture, &client);
	for (int i = 0; i < 64; i++)
		client__send(&client, bytes, sizeof(bytes));
	client__expect_close(&client);
	client__done(&client);
	fixture__assert_serves(fixture);
}

/* 10 MiB in the place of `part`: the connection ends long before they are all sent. */
static void send_endlessly(struct fixture *fixture, const char *before, const char *part,
			   const char *status)
{
	struct client client;
	struct strbuf text = STRBUF_INIT;

	while (text.len < BIG_BYTES)
		strbuf__add_text(&text, part);
	fixture__open_client(fixture, &client);
	client__say(&client, before);
	client__send(&client, text.data, text.len);
	client__expect_close(&client);
	/* The reply may be lost where the rest of the request was still on its way. */
	if (client.received.len > 0)
		client__expect(&client, status);
	client__done(&client);
	strbuf__done(&text);
	assert_int_equal(web_server__figures(fixture->server).bad_requests, 1);
	assert_int_equal(fixture->runs, 0);
	fixture__assert_serves(fixture);
}

static void test_endless_path__is_refused(void **state)
{
	send_endlessly(*state, "GET /", "a", "HTTP/1.1 414 ");
}

static void test_endless_header__is_refused(void **state)
{
	send_endlessly(*state, "GET /hello HTTP/1.1\r\nHost: x\r\nX: ", "a", "HTTP/1.1 431 ");
}

static void test_endless_headers__are_refused(void **state)
{
	send_endlessly(*state, "GET /hello HTTP/1.1\r\nHost: x\r\n", "X: y\r\n", "HTTP/1.1 431 ");
}

static void test_endless_arguments__are_refused(void **state)
{
	send_endlessly(*state, "GET /hello?", "a=b&", "HTTP/1.1 414 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(test_get__answers),
		server_test(test_get__of_http_1_0),
		server_test(test_get__of_an_unknown_path),
		server_test(test_get__when_the_handler_fails),
		server_test(test_get__with_a_status_of_the_handler),
		server_test(test_head__sends_the_headers_alone),
		server_test(test_get__keeps_the_connection),
		server_test(test_get__pipelined),
		server_test(test_get__after_which_the_client_stops_sending),
		server_test(test_get__compressed),
		server_test(test_get__compressed_and_not_shared),
		server_test(test_get__not_compressed_where_the_route_forbids),
		server_test(test_other_methods__are_refused),
		server_test(test_post__answers_where_the_route_allows),
		server_test(test_get__is_refused_where_only_post_is),
		server_test(test_post__is_refused_from_another_site),
		server_test(test_small_body__is_thrown_away),
		server_test(test_large_bodies__are_not_read),
		server_test(test_missing_body__is_not_waited_for_long),
		server_test(test_malformed_requests__are_answered_and_counted),
		server_test(test_request_line__of_one_word_ends_the_connection),
		server_test(test_garbage__holds_nothing_up),
		server_test(test_endless_path__is_refused),
		server_test(test_endless_header__is_refused),
		server_test(test_endless_headers__are_refused),
		server_test(test_endless_arguments__are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
