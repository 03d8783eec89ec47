/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_CONTROL_CLIENT_H
#define SRC_WEB_CONTROL_CLIENT_H

/*
 * One client of the control socket: the line that it is at, what waits for it, how much time it has. A client owns its
 * descriptor and both buffers; it is in its server's list until control_client__free(). Only control*.c look in here.
 */

#include <sys/types.h>
#include "base/loop.h"
#include "base/str.h"
#include "base/vec.h"
#include "web/control.h"
#include "web/control_socket.h"

struct control_table { /* of verbs */
	const struct control_verb *verbs;
	size_t count;
	void *ctx;
};

struct control_client {
	struct control_client *next, *previous;
	struct control_server *server;
	int fd; /* owned */
	struct loop_watch *watch;
	uint32_t watched;  /* epoll events */
	struct strbuf in;  /* of lines that are not handled yet */
	size_t searched;   /* of `in`: there is no newline */
	struct strbuf out; /* what it has not taken, behind what it has */
	size_t written;    /* of `out` */
	int64_t since_ns; /* its last progress: a byte of an answer, a request's first byte, an answer's end */
	bool is_busy;   /* its handler runs */
	bool has_eof;   /* it says nothing more */
	bool is_ending; /* it is closed once all is written */
	bool is_broken; /* it can neither be read nor written */
	bool is_streaming;
	struct control_stream stream;
	uint64_t untold; /* lines dropped that it was not told of */
};

/* Puts it into the server's list, and the descriptor with it. NULL: no memory, the descriptor is closed. */
struct control_client *control_client__new(struct control_server *server, int fd);
/* Tells its stream. Returns NULL. */
struct control_client *control_client__free(struct control_client *client);

size_t control_client__waiting(const struct control_client *client);
/* Reads what is there, up to one line over the limit. Negative: it has gone. */
int control_client__read(struct control_client *client);
/* Length of the first whole line, without its newline; -EAGAIN: there is none yet; -EMSGSIZE: it is too long. */
ssize_t control_client__line(struct control_client *client);
void control_client__drop_line(struct control_client *client, size_t len);
/* Has the loop call for what it waits for. */
void control_client__watch(struct control_client *client);
/* Whether one of its times is over. */
bool control_client__is_late(const struct control_client *client, int64_t now_ns);

/* control.c: the loop's callback, for the client as ctx */
void control_client_run(void *ctx, int fd, uint32_t events);

/* The server, as its clients see it. */
struct control_server {
	struct control_options options; /* with defaults filled in */
	struct control_socket socket;
	struct loop_watch *listener; /* NULL: no descriptors were left for more clients */
	struct loop_watch *timer;    /* NULL: there are no clients */
	VEC(struct control_table) tables;
	struct control_client *clients; /* owned */
	struct control_figures figures; /* those that only grow */
};

#endif
