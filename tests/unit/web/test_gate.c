/* SPDX-License-Identifier: Apache-2.0 */
#include "web/gate.h"

#include <crypt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/unit/web/fixture.h"
#include "web/security.h"

#define ASK(path, header) "GET " path " HTTP/1.1\r\nHost: x\r\n" header "Connection: close\r\n\r\n"
#define BOB_RIGHT "Authorization: Basic Ym9iOmh1bnRlcjI=\r\n" /* bob:hunter2 */
#define BOB_WRONG "Authorization: Basic Ym9iOmh1bnRlcjM=\r\n" /* bob:hunter3 */
#define EVE_RIGHT "Authorization: Basic ZXZlOmh1bnRlcjI=\r\n" /* eve:hunter2 */

static char hash[HASHER_HASH_BYTES];

static int make_hash(void **state)
{
	struct crypt_data *scratch = new_zero(struct crypt_data);

	(void)state;
	(void)snprintf(hash, sizeof(hash), "%s",
		       crypt_r("hunter2", "$2y$04$abcdefghijklmnopqrstuu", scratch));
	free(scratch);
	return 0;
}

static void restart(struct fixture *fixture, const struct web_security *security)
{
	const struct web_options options = { .security = security };

	fixture__restart(fixture, &options);
}

static void restart_with_bob(struct fixture *fixture)
{
	const struct auth_user bob = { "bob", hash, 4 };
	const struct web_security security = { .users = &bob, .user_count = 1 };

	restart(fixture, &security);
}

static void expect_status(struct fixture *fixture, const char *request, const char *status)
{
	struct client client;

	fixture__exchange(fixture, &client, request);
	client__expect(&client, status);
	client__done(&client);
}

/* ---- users ------------------------------------------------------------------------------------------- */

static void test_users__are_asked_for_their_password(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	restart_with_bob(fixture);
	expect_status(fixture, ASK("/hello", BOB_RIGHT), "HTTP/1.1 200 OK\r\n");
	expect_status(fixture, ASK("/hello", BOB_WRONG), "HTTP/1.1 401 Unauthorized\r\n");
	expect_status(fixture, ASK("/hello", EVE_RIGHT), "HTTP/1.1 401 Unauthorized\r\n");
	fixture__exchange(fixture, &client, ASK("/hello", ""));
	client__expect(&client, "HTTP/1.1 401 Unauthorized\r\n");
	client__expect(&client, "WWW-Authenticate: Basic realm=\"sonde\", charset=\"UTF-8\"\r\n");
	client__done(&client);
	assert_int_equal(fixture->runs, 1);
	assert_int_equal(web_server__figures(fixture->server).unauthorized, 3);
	assert_int_equal(web_server__figures(fixture->server).checks, 3);
}

/* Nothing tells those who are not known what there is. */
static void test_users__are_asked_for_every_path_and_method(void **state)
{
	static const char *const requests[] = {
		ASK("/", ""),
		ASK("/nothing", ""),
		"HEAD /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"POST /act HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"POST /act HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
		"BREW /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	};
	struct fixture *fixture = *state;

	restart_with_bob(fixture);
	for (size_t i = 0; i < array_size(requests); i++)
		expect_status(fixture, requests[i], "HTTP/1.1 401 Unauthorized\r\n");
	assert_int_equal(fixture->runs, 0);
}

/* One connection, one request behind the other: each is asked anew. */
static void test_users__on_one_connection(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	restart_with_bob(fixture);
	fixture__open_client(fixture, &client);
	client__say(&client, "GET /hello?name=1 HTTP/1.1\r\nHost: x\r\n" BOB_RIGHT "\r\n"
			     "GET /hello?name=2 HTTP/1.1\r\nHost: x\r\n\r\n"
			     "GET /hello?name=3 HTTP/1.1\r\nHost: x\r\n" BOB_WRONG "\r\n"
			     "GET /hello?name=4 HTTP/1.1\r\nHost: x\r\n" BOB_RIGHT
			     "Connection: close\r\n\r\n");
	client__expect_close(&client);
	client__expect(&client, "hello 1");
	client__expect(&client, "hello 4");
	assert_null(strstr(strbuf__text(&client.received), "hello 2"));
	assert_null(strstr(strbuf__text(&client.received), "hello 3"));
	assert_int_equal(fixture->runs, 2);
	client__done(&client);
}

static void test_users__many_at_once_cost_one_check(void **state)
{
	struct fixture *fixture = *state;
	struct client clients[50];

	restart_with_bob(fixture);
	for (size_t i = 0; i < array_size(clients); i++) {
		fixture__open_client(fixture, &clients[i]);
		client__say(&clients[i], ASK("/hello", BOB_RIGHT));
	}
	for (size_t i = 0; i < array_size(clients); i++) {
		client__expect(&clients[i], "GET /hello, hello nobody, -\n");
		client__done(&clients[i]);
	}
	assert_int_equal(web_server__figures(fixture->server).checks, 1);
}

/* Whoever cannot wait loses nothing but the reply, and who is not checked at all is served meanwhile. */
static void test_users__that_leave_while_they_are_checked(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	restart_with_bob(fixture);
	fixture__open_client(fixture, &client);
	assert_int_equal(send(client.fd, ASK("/hello", BOB_RIGHT), strlen(ASK("/hello", BOB_RIGHT)),
			      MSG_NOSIGNAL),
			 strlen(ASK("/hello", BOB_RIGHT)));
	for (int i = 0; i < 3000 && web_server__figures(fixture->server).checks_waiting == 0; i++)
		loop__run_once(fixture->loop, 10);
	client__done(&client);
	fixture__wait_until_closed(fixture);
	expect_status(fixture, ASK("/hello", BOB_RIGHT), "HTTP/1.1 200 OK\r\n");
}

static void test_free__while_passwords_are_checked(void **state)
{
	struct fixture *fixture = *state;
	struct client clients[3];

	restart_with_bob(fixture);
	for (size_t i = 0; i < array_size(clients); i++) {
		fixture__open_client(fixture, &clients[i]);
		client__say(&clients[i],
			    i == 0 ? ASK("/hello", BOB_WRONG) : ASK("/hello", BOB_RIGHT));
	}
	fixture->server = web_server__free(fixture->server);
	for (size_t i = 0; i < array_size(clients); i++) {
		client__expect_close(&clients[i]);
		client__done(&clients[i]);
	}
}

static void test_secure__changes_users(void **state)
{
	struct fixture *fixture = *state;
	const struct auth_user eve = { "eve", hash, 4 };
	const struct web_security for_eve = { .users = &eve, .user_count = 1 }, for_all = { 0 };

	restart_with_bob(fixture);
	expect_status(fixture, ASK("/hello", BOB_RIGHT), "HTTP/1.1 200 OK\r\n");
	assert_int_equal(web_server__secure(fixture->server, &for_eve, NULL), 0);
	expect_status(fixture, ASK("/hello", BOB_RIGHT), "HTTP/1.1 401 Unauthorized\r\n");
	expect_status(fixture, ASK("/hello", EVE_RIGHT), "HTTP/1.1 200 OK\r\n");
	assert_int_equal(web_server__secure(fixture->server, &for_all, NULL), 0);
	fixture__assert_serves(fixture);
}

/* The first users of a server come while it runs. */
static void test_secure__begins_to_ask(void **state)
{
	struct fixture *fixture = *state;
	const struct auth_user bob = { "bob", hash, 4 };
	const struct web_security for_bob = { .users = &bob, .user_count = 1 }, for_all = { 0 };

	restart(fixture, &for_all);
	fixture__assert_serves(fixture);
	assert_int_equal(web_server__secure(fixture->server, &for_bob, NULL), 0);
	expect_status(fixture, ASK("/hello", ""), "HTTP/1.1 401 Unauthorized\r\n");
	expect_status(fixture, ASK("/hello", BOB_RIGHT), "HTTP/1.1 200 OK\r\n");
}

/* ---- rate and headers -------------------------------------------------------------------------------- */

static void test_rate__is_limited(void **state)
{
	const struct web_security security = { .rate_interval_ns = 3600 * NS_PER_S,
					       .rate_burst = 3 };
	struct fixture *fixture = *state;
	struct client client;

	restart(fixture, &security);
	for (int i = 0; i < 3; i++)
		fixture__assert_serves(fixture);
	fixture__exchange(fixture, &client, GET_AND_CLOSE("/hello"));
	client__expect(&client, "HTTP/1.1 429 Too Many Requests\r\n");
	client__expect(&client, "Retry-After: 1\r\n");
	client__done(&client);
	assert_int_equal(fixture->runs, 3);
	assert_int_equal(web_server__figures(fixture->server).limited, 1);
}

static void test_rate__lets_pass_what_comes_slowly(void **state)
{
	const struct web_security security = { .rate_interval_ns = NS_PER_MS, .rate_burst = 1 };
	struct fixture *fixture = *state;
	unsigned int served = 0;

	restart(fixture, &security);
	/* Half a minute for what takes a millisecond each. */
	for (int i = 0; i < 3000 && served < 5; i++) {
		struct client client;

		fixture__exchange(fixture, &client, GET_AND_CLOSE("/hello"));
		served += strstr(strbuf__text(&client.received), "200 OK") != NULL;
		client__done(&client);
		loop__run_once(fixture->loop, 10);
	}
	assert_int_equal(served, 5);
}

static void test_rate__of_the_largest_numbers(void **state)
{
	const struct web_security security = { .rate_interval_ns = INT64_MAX,
					       .rate_burst = UINT32_MAX };

	restart(*state, &security);
	fixture__assert_serves(*state);
	fixture__assert_serves(*state);
}

static void test_headers__are_sent_with_every_reply(void **state)
{
	static const char *const requests[] = { GET_AND_CLOSE("/hello"), GET_AND_CLOSE("/nothing"),
						GET_AND_CLOSE("/failing"), GET_AND_CLOSE("/act") };
	const struct web_header headers[] = {
		{ "X-Frame-Options", "deny" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Strict-Transport-Security", "max-age=1" },
	};
	const struct web_security security = { .headers = headers, .header_count = 3 };

	restart(*state, &security);
	for (size_t i = 0; i < array_size(requests); i++) {
		struct client client;
		const char *text;

		fixture__exchange(*state, &client, requests[i]);
		client__expect(&client, "X-Frame-Options: deny\r\n");
		client__expect(&client, "Strict-Transport-Security: max-age=1\r\n");
		/* Ours anyway, and once. */
		text = strstr(strbuf__text(&client.received),
			      "X-Content-Type-Options: nosniff\r\n");
		assert_non_null(text);
		assert_null(strstr(text + 1, "X-Content-Type-Options"));
		client__done(&client);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(test_users__are_asked_for_their_password),
		server_test(test_users__are_asked_for_every_path_and_method),
		server_test(test_users__on_one_connection),
		server_test(test_users__many_at_once_cost_one_check),
		server_test(test_users__that_leave_while_they_are_checked),
		server_test(test_free__while_passwords_are_checked),
		server_test(test_secure__changes_users),
		server_test(test_secure__begins_to_ask),
		server_test(test_rate__is_limited),
		server_test(test_rate__lets_pass_what_comes_slowly),
		server_test(test_rate__of_the_largest_numbers),
		server_test(test_headers__are_sent_with_every_reply),
	};

	return cmocka_run_group_tests(tests, make_hash, NULL);
}
