/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_CONNECTION_H
#define SRC_WEB_CONNECTION_H

/*
 * The open connections of a server and the time each of them has left: libmicrohttpd forgives whoever sends a
 * byte now and then, we do not. The list owns its entries and one timer; the sockets stay libmicrohttpd's, a
 * connection is ended by shutting its socket down. server.c keeps it.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/loop.h"
#include "web/hasher.h"

struct MHD_Connection;
struct connection_list;
struct tls;

/* How far the gate is with the request at hand. */
enum connection_pass {
	CONNECTION_FRESH,
	CONNECTION_COUNTED, /* against the rate of requests */
	CONNECTION_HELD,    /* a password is being checked; libmicrohttpd has it suspended */
	CONNECTION_ALLOWED,
	CONNECTION_REFUSED,
};

struct connection {
	struct connection *next, *previous;
	struct connection_list *list;
	int fd; /* borrowed */
	int64_t deadline_ns;
	int64_t idle_since_ns; /* 0: in a request, or before its first */
	bool is_cut;
	struct MHD_Connection *mhd; /* borrowed */
	struct tls *tls;            /* owned by count: what its session needs; NULL: none */
	bool has_asked;             /* a request line has come */
	/* of the request at hand */
	unsigned int status; /* 0: nothing queued yet */
	enum connection_pass pass;
	uint64_t
		waits_since; /* for share.c: the body that was ready when this request was seen; 0: not seen */
	struct hash_key key; /* of the credentials that are being checked */
	void (*done)(void *ctx, unsigned int status);
	void *done_ctx;
};

struct connection_list {
	struct connection *first;
	uint32_t len;
	uint64_t
		timed_out; /* requests that were cut; idle connections that ended are not among them */
	struct loop *loop;
	struct loop_watch *timer;
	int64_t armed_ns; /* when the timer fires; 0: it does not */
	void (*catch_up)(void *ctx);
	void *ctx;
};

/* catch_up() reads and writes what can be: it is called before anybody is cut, since a handler that took its time may
 * have kept the loop from what a client did in time. */
int connection_list__init(struct connection_list *list, struct loop *loop,
			  void (*catch_up)(void *ctx), void *ctx, struct err *err);
void connection_list__done(struct connection_list *list);

/* NULL: no memory. The connection is before its first request and has time_ns for it. */
struct connection *connection_list__add(struct connection_list *list, int fd, int64_t time_ns);
void connection__free(struct connection *connection);
/* A request has begun: it has to be over in time_ns. */
void connection__begin(struct connection *connection, int64_t time_ns);
/* It waits for us: the client's time stands still until connection__answer(). */
void connection__hold(struct connection *connection);
/* Its reply is there: our own time does not count, the client has time_ns to take it. */
void connection__answer(struct connection *connection, int64_t time_ns);
/* It is over; the next one has to begin in time_ns. Tells whoever waits for the end of the reply. */
void connection__end(struct connection *connection, int64_t time_ns);
/* Ends the connection that has been idle longest, to make room. False: none is idle. */
bool connection_list__cut_idle(struct connection_list *list);

#endif
