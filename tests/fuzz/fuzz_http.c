/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP request path: whatever a client sends, in whatever pieces, the server neither breaks nor keeps the
 * connection once the client has said its last word. A byte 0xff in the input ends a piece.
 */
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "web/server.h"

#define PIECE_END 0xff
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

/* Takes what the server has to say. False: it has closed. */
static bool take_replies(int fd)
{
	char buffer[65536];

	for (;;) {
		ssize_t len = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);

		if (len <= 0)
			return len < 0;
	}
}

static bool run_round(int fd)
{
	(void)loop__run_once(loop, 0);
	return take_replies(fd);
}

/* False: the server has closed. */
static bool send_piece(int fd, const uint8_t *piece, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, piece, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent > 0) {
			piece += sent;
			len -= (size_t)sent;
		}
		if (!run_round(fd))
			return false;
	}
	return run_round(fd);
}

static void send_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		const uint8_t *end = memchr(data, PIECE_END, len);
		size_t piece_len = end ? (size_t)(end - data) : len;

		if (!send_piece(fd, data, piece_len))
			return;
		data += piece_len + (end ? 1 : 0);
		len -= piece_len + (end ? 1 : 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int pair[2];

	if (!server)
		start();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	web_server__add_connection(server, pair[1]);
	send_all(pair[0], data, len);
	(void)shutdown(pair[0], SHUT_WR);
	for (int i = 0; run_round(pair[0]); i++)
		if (i == MAX_ROUNDS)
			abort();
	close(pair[0]);
	(void)loop__run_once(loop, 0);
	if (web_server__figures(server).open != 0)
		abort();
	return 0;
}
