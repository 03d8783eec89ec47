/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: whatever a client sends, in whatever pieces, the server neither breaks nor keeps the connection once
 * the client has gone; streams that it began are told. A byte 0xff in the input ends a piece.
 */
#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "feed.h"
#include "web/control.h"

#define MAX_ROUNDS 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct loop *loop;
static struct control_server *server;
static struct control_client *streaming;

static int run_echo(void *ctx, struct control_client *client, const json_t *request,
		    struct strbuf *reply, struct err *err)
{
	char *text = json_dumps(request, JSON_COMPACT);

	(void)ctx;
	(void)client;
	(void)err;
	strbuf__add_text(reply, text ? text : "0");
	free(text);
	return 0;
}

static int run_fail(void *ctx, struct control_client *client, const json_t *request,
		    struct strbuf *reply, struct err *err)
{
	(void)ctx;
	(void)client;
	(void)reply;
	return err__set(err, -EINVAL, NULL, "%s",
			json_string_value(json_object_get(request, "why")) ? "why" : "no");
}

static void on_closed(void *ctx)
{
	(void)ctx;
	streaming = NULL;
}

static int run_stream(void *ctx, struct control_client *client, const json_t *request,
		      struct strbuf *reply, struct err *err)
{
	const struct control_stream stream = { .closed = on_closed };
	int r = control_client__stream(client, &stream, err);

	(void)ctx;
	(void)reply;
	if (r < 0)
		return r;
	(void)control_client__send(client, "1", 1);
	if (json_object_get(request, "fails"))
		return -EIO;
	streaming = client;
	return 0;
}

static int run_end(void *ctx, struct control_client *client, const json_t *request,
		   struct strbuf *reply, struct err *err)
{
	(void)ctx;
	(void)request;
	(void)reply;
	if (streaming != client)
		return err__set(err, -ENOENT, NULL, "there is no stream");
	streaming = NULL;
	control_client__end(client);
	return 0;
}

static void start(void)
{
	static const struct control_verb verbs[] = {
		{ "echo", run_echo },
		{ "end", run_end },
		{ "fail", run_fail },
		{ "stream", run_stream },
	};
	static char path[64];
	struct control_options options = { .path = path,
					   .max_line_bytes = 4096,
					   .max_queue_bytes = 8192 };

	(void)snprintf(path, sizeof(path), "/tmp/fuzz-control.%d", (int)getpid());
	if (loop__new(&loop, NULL) < 0)
		abort();
	options.loop = loop;
	if (control_server__new(&options, &server, NULL) < 0 ||
	    control_server__add_verbs(server, verbs, array_size(verbs), NULL, NULL) < 0)
		abort();
	(void)unlink(path); /* connections are made without it */
}

static void run_server(void)
{
	if (streaming) {
		(void)control_client__send(streaming, "{\"line\":1}", 10);
		control_client__flush(streaming);
	}
	(void)loop__run_once(loop, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int pair[2];

	if (!server)
		start();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	control_server__add_connection(server, pair[1]);
	feed_pieces(pair[0], data, len, run_server);
	close(pair[0]);
	for (int i = 0; control_server__figures(server).clients > 0; i++) {
		(void)loop__run_once(loop, 0);
		if (i == MAX_ROUNDS)
			abort();
	}
	if (streaming)
		abort();
	return 0;
}
