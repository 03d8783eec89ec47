/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_CONTROL_H
#define SRC_WEB_CONTROL_H

/*
 * The control socket: requests of people at this machine to the agent that runs, one JSON object a line, over a unix socket
 * for root and the agent's own user. The server owns the socket, its clients and what waits for them; loop and verbs are
 * borrowed. pipeline/ hands in the verbs; remote/control_link.h is the other end, docs/reference/control.md the protocol.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"

struct control_client; /* one connection */
struct control_server;
struct json_t; /* jansson's */

/* ---- verbs ---- */

struct control_verb {
	const char *name; /* "policy.add" */
	/*
	 * The request is the whole object. 0: `reply` is one JSON value without newlines, empty for null. A negative errno: the
	 * error is what the client gets. The client may be kept by control_client__stream() only.
	 */
	int (*handle)(void *ctx, struct control_client *client, const struct json_t *request,
		      struct strbuf *reply, struct err *err);
};

/* ---- streams: lines that follow a reply ---- */

struct control_stream {
	/* The client has left, was cut, or the server ends: it is not to be used any more. */
	void (*closed)(void *ctx);
	/* It has taken all that waited. May be NULL. */
	void (*drained)(void *ctx);
	void *ctx;
};

/*
 * In a handler: the connection stays after the reply, until one of both ends it. What is sent before the handler returns
 * goes out behind the reply; a handler that fails has no stream. -EBUSY: the client has one already.
 */
int control_client__stream(struct control_client *client, const struct control_stream *stream,
			   struct err *err);
/* What the stream of this client was given; NULL: it has none, or closed() is not that one. So a later request on the same
 * connection finds what an earlier one began. */
void *control_client__stream_ctx(const struct control_client *client, void (*closed)(void *ctx));
/*
 * Appends a line: JSON, without newlines. False: too much waits already; the line is dropped and counted, and before the
 * next one that fits the client is told of it: {"dropped":N}.
 */
bool control_client__send(struct control_client *client, const char *line, size_t len);
/* At the end of a batch: writes what the client takes now, instead of when the loop turns. */
void control_client__flush(struct control_client *client);
/* The next line would be dropped. */
bool control_client__is_full(const struct control_client *client);
/* No more lines; what waits is still written. Without closed(); the client is not to be used any more. */
void control_client__end(struct control_client *client);

/* ---- the server ---- */

struct control_options {
	struct loop *loop;
	/* A folder that is not there is made, unless its parent is not there either; a socket nobody listens to is replaced. */
	const char *path;
	/* 0: the default that docs/reference/control.md tells */
	uint32_t max_clients;       /* 32 */
	size_t max_line_bytes;      /* of a request: 2 MiB */
	size_t max_queue_bytes;     /* of lines that wait for a client: 4 MiB */
	int64_t request_timeout_ns; /* from its first byte to its newline: 10 s */
	int64_t idle_timeout_ns;    /* without a request or a stream: 60 s */
	int64_t reply_timeout_ns;   /* a client that takes nothing for so long is cut: 30 s */
};

/* For self-metrics. */
struct control_figures {
	uint32_t clients, streams; /* now */
	size_t queue_bytes;        /* that wait for clients now */
	uint64_t accepted;
	uint64_t refused;           /* over the limit of clients */
	uint64_t denied;            /* neither root nor the agent's own user */
	uint64_t timed_out;         /* clients cut at one of their deadlines */
	uint64_t succeeded, failed; /* requests, as their verb had it */
	uint64_t malformed;         /* no object, no such verb, too long */
	uint64_t lines;             /* of streams */
	uint64_t dropped;           /* likewise, for which a client was too slow */
};

int control_server__new(const struct control_options *options, struct control_server **ret_server,
			struct err *err);
/* The table is borrowed; a name that is there already is -EEXIST. */
int control_server__add_verbs(struct control_server *server, const struct control_verb *verbs,
			      size_t count, void *ctx, struct err *err);
/* A connected stream socket, as if it had been accepted; taken in any case. For tests. */
void control_server__add_connection(struct control_server *server, int fd);
const char *control_server__path(const struct control_server *server);
struct control_figures control_server__figures(const struct control_server *server);
/* Ends all streams and removes the socket. */
struct control_server *control_server__free(struct control_server *server);

#endif
