/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_SERVER_H
#define SRC_WEB_SERVER_H

/*
 * The HTTP server on the loop: exact paths to handlers, whole bodies from memory, hard bounds on everything.
 * It owns its listening sockets and connections. cmd/ makes it and gives it handlers that pipeline/ fills.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"

struct web_server;

struct web_request {
	const char *method; /* GET or HEAD; others are answered by the server */
	const char *path;
	const char *accept;	      /* or NULL */
	/* Value of a query argument, or NULL. */
	const char *(*argument)(const struct web_request *request, const char *name);
	const void *connection; /* the server's */
};

/* A body may be shared by several replies at once (concurrent scrapes of one snapshot). */
struct web_body;
struct web_body *web_body__new(struct strbuf *text); /* takes the bytes; NULL: no memory */
struct web_body *web_body__ref(struct web_body *body);
struct web_body *web_body__unref(struct web_body *body); /* returns NULL */
size_t web_body__len(const struct web_body *body);

struct web_response {
	unsigned int status;	  /* HTTP status; 0: 200 */
	const char *content_type; /* static string */
	struct web_body *body;	  /* ownership moves to the server */
	/* Called when the reply is done (sent or given up); may be NULL. */
	void (*done)(void *ctx, unsigned int status);
	void *done_ctx;
};

/* Fills the response; negative errno becomes 500 with the error's text. */
typedef int (*web_handler_fn)(void *ctx, const struct web_request *request, struct web_response *ret_response,
			      struct err *err);

struct web_route {
	const char *path; /* exact */
	web_handler_fn run;
	void *ctx;
	bool allows_gzip;
};

struct web_options {
	const struct web_route *routes; /* copied */
	size_t route_count;
	uint32_t max_connections;     /* 0: 256 */
	uint32_t max_per_address;     /* 0: no limit */
	int64_t request_timeout_ns;   /* from the first byte of a request to the last of the reply; 0: 10 s */
	int64_t idle_timeout_ns;      /* keep-alive; 0: 60 s */
};

/* Counters of the server, for self-metrics. */
struct web_figures {
	uint64_t accepted, refused, timed_out, bad_requests;
	uint32_t open;
};

int web_server__new(struct loop *loop, const struct web_options *options, struct web_server **ret_server,
		    struct err *err);
/* ":9435", "127.0.0.1:0", "[::1]:9435", "localhost:9435": listens. Several calls are allowed. */
int web_server__listen(struct web_server *server, const char *address, struct err *err);
/* A listening socket made by somebody else (socket activation); taken. */
int web_server__add_socket(struct web_server *server, int fd, struct err *err);
/* The port of the first socket, for tests and logs; 0: none. */
uint16_t web_server__port(const struct web_server *server);
const struct web_figures *web_server__figures(const struct web_server *server);
struct web_server *web_server__free(struct web_server *server);

#endif
