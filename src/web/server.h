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

struct web_security;
struct web_server;

struct web_request {
	const char *method; /* one that the route allows; others are answered by the server */
	const char *path;
	const char *accept; /* or NULL */
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

/*
 * For handlers whose bodies cost much: who had asked before a body was ready may share it. The variant tells bodies of
 * one route apart. NULL: there is none; make one, and share it with those who wait meanwhile.
 */
struct web_body *web_request__shared_body(const struct web_request *request, unsigned int variant);
void web_request__share_body(const struct web_request *request, unsigned int variant,
			     struct web_body *body);

struct web_response {
	unsigned int status;      /* HTTP status; 0: 200 */
	const char *content_type; /* static string */
	struct web_body *body;    /* ownership moves to the server */
	/* Called once when the reply is done (sent, given up, or the server freed), with what was answered,
	 * also when the handler failed; may be NULL. */
	void (*done)(void *ctx, unsigned int status);
	void *done_ctx;
};

/* Fills the response; negative errno becomes 500 with the error's text. */
typedef int (*web_handler_fn)(void *ctx, const struct web_request *request,
			      struct web_response *ret_response, struct err *err);

enum web_methods {
	WEB_METHODS_READ, /* GET and HEAD */
	WEB_METHODS_POST, /* for what changes something; not from a page in a browser (Origin) */
};

struct web_route {
	const char *path; /* exact */
	web_handler_fn run;
	void *ctx;
	bool allows_gzip;
	enum web_methods methods;
};

struct web_options {
	const struct web_route *routes; /* copied */
	size_t route_count;
	uint32_t max_connections; /* 0: 256 */
	uint32_t max_per_address; /* 0: no limit */
	/* For the whole request, from the connection for the first and from the request line for each that follows;
	 * and again for the whole reply, from its being there; 0: 10 s. */
	int64_t request_timeout_ns;
	int64_t idle_timeout_ns; /* from a reply to the next request line; 0: 60 s */
	/* While replies on their way hold more, routes that allow gzip answer 503; 0: 64 MiB. */
	size_t max_reply_bytes;
	const struct web_security *security; /* NULL: everybody may ask, without TLS, for ever */
	/* Called before a connection is taken or a request looked at: time to secure anew. May be NULL. */
	void (*before_use)(void *ctx);
	void *before_use_ctx;
};

/* Counters of the server, for self-metrics. */
struct web_figures {
	uint64_t accepted;
	uint64_t refused;   /* over a limit of connections */
	uint64_t timed_out; /* requests cut at their deadline */
	uint64_t
		bad_requests; /* answered with 4xx for their form or size; a line that is no request line ends silently */
	uint32_t open;
	size_t reply_bytes; /* of replies on their way, shared bodies once */
	uint64_t crowded;   /* requests refused because that was too much: 503 */
	uint64_t
		shared; /* replies with a body that was made for another request, which waited as well */
	bool is_secured;       /* there is a security: what follows has a meaning */
	uint64_t unauthorized; /* requests without valid credentials: 401 */
	uint64_t limited;      /* requests over the allowed rate: 429 */
	uint64_t unchecked;    /* requests for which too many checks of passwords waited: 503 */
	uint64_t checks;       /* passwords that were checked */
	uint64_t check_ns;
	uint32_t checks_waiting;
	uint64_t security_taken, security_refused; /* readings of its files after the first */
	bool is_security_current;                  /* the last reading was taken */
	uint64_t unfinished_tls; /* TLS connections that ended before their first request */
};

int web_server__new(struct loop *loop, const struct web_options *options,
		    struct web_server **ret_server, struct err *err);
/*
 * Replaces all of the security, for new connections (TLS) and for requests from now on (the rest): 0, or what was
 * demanded before still is. Only for a server that was made with one; TLS can be changed, neither begun nor given up.
 */
int web_server__secure(struct web_server *server, const struct web_security *security,
		       struct err *err);
/* For the figures: the files of the security were read again, and taken or not. */
void web_server__note_security(struct web_server *server, bool is_taken);
bool web_server__has_tls(const struct web_server *server);
/* ":9435", "127.0.0.1:0", "[::1]:9435", "localhost:9435": listens. Several calls are allowed. */
int web_server__listen(struct web_server *server, const char *address, struct err *err);
/* A listening socket made by somebody else (socket activation); taken in any case. */
int web_server__add_socket(struct web_server *server, int fd, struct err *err);
/* A connected stream socket, as if it had been accepted; taken in any case. */
void web_server__add_connection(struct web_server *server, int fd);
/* The port of the first socket, for tests and logs; 0: none. */
uint16_t web_server__port(const struct web_server *server);
struct web_figures web_server__figures(const struct web_server *server);
struct web_server *web_server__free(struct web_server *server);

#endif
