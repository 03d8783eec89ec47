/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP request path: whatever a client sends, in whatever pieces, the server neither breaks nor keeps the
 * connection once the client has said its last word. A byte 0xff in the input ends a piece.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "feed.h"
#include "web/server.h"

#define MAX_ROUNDS 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct loop *loop;
static struct web_server *server;

static int run_echo(void *ctx, const struct web_request *request, struct web_response *ret_response,
		    struct err *err)
{
	struct strbuf text = STRBUF_INIT;
	const char *name = request->argument(request, "name");

	(void)ctx;
	(void)err;
	strbuf__printf(&text, "%s %s %s %s\n", request->method, request->path, name ? name : "",
		       request->accept ? request->accept : "");
	ret_response->body = web_body__new(&text);
	return 0;
}

static void start(void)
{
	static const struct web_route routes[] = {
		{ "/", run_echo, NULL, .allows_gzip = false },
		{ "/metrics", run_echo, NULL, .allows_gzip = true },
		{ "/act", run_echo, NULL, .methods = WEB_METHODS_POST },
	};
	const struct web_options options = { .routes = routes, .route_count = array_size(routes) };

	if (loop__new(&loop, NULL) < 0 || web_server__new(loop, &options, &server, NULL) < 0)
		abort();
}

static void run_server(void)
{
	(void)loop__run_once(loop, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int pair[2];

	if (!server)
		start();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	web_server__add_connection(server, pair[1]);
	feed_pieces(pair[0], data, len, run_server);
	(void)shutdown(pair[0], SHUT_WR);
	for (int i = 0; feed_round(pair[0], run_server); i++)
		if (i == MAX_ROUNDS)
			abort();
	close(pair[0]);
	(void)loop__run_once(loop, 0);
	if (web_server__figures(server).open != 0)
		abort();
	return 0;
}
