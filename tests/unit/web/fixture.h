/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_WEB_FIXTURE_H
#define TESTS_UNIT_WEB_FIXTURE_H

/*
 * A server on a loop of its own with a route for everything a handler can do. It owns both, and the body that
 * several replies share. test_router.c and test_server.c run their requests against it.
 */

#include "base/clock.h"
#include "tests/unit/web/client.h"
#include "web/server.h"

#define BIG_BYTES (10u << 20)
#define SLOW_NS (200 * NS_PER_MS) /* what /slow takes before it answers */
#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"
#define GET_AND_CLOSE(path) "GET " path " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

struct fixture {
	struct loop *loop;
	struct web_server *server;
	struct web_body *shared; /* what /shared answers with, again and again */
	unsigned int runs;       /* of any handler */
	unsigned int done_count, done_status;
	void (*while_dear)(
		struct fixture *fixture); /* called in the middle of /dear; may be NULL */
	struct client *late;              /* for it */
};

int fixture_set_up(void **state);
int fixture_tear_down(void **state);
/* The same with other options. */
void fixture__restart(struct fixture *fixture, const struct web_options *options);
void fixture__open_client(struct fixture *fixture, struct client *client);
/* One request on a connection of its own; the reply stays in the client. */
void fixture__exchange(struct fixture *fixture, struct client *client, const char *request);
void fixture__wait_until_closed(struct fixture *fixture);
/* The server still works: the last word of every test that tries to break it. */
void fixture__assert_serves(struct fixture *fixture);

#define server_test(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

#endif
