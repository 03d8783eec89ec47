/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_ROUTER_H
#define SRC_WEB_ROUTER_H

/*
 * One request to one reply: which methods and paths are served, by whom, and in which encoding.
 * It owns its copy of the routes and the compressor. server.c asks it for every request that libmicrohttpd hands up.
 */

#include <microhttpd.h>
#include "web/server.h"
#include "web/share.h"

struct connection;
struct web_header;
struct libdeflate_compressor;

struct router {
	struct web_route *routes; /* owned */
	size_t route_count;
	struct libdeflate_compressor *compressor; /* owned; NULL until somebody asks for gzip */
	struct router_header *headers;            /* owned; of every reply */
	size_t header_count;
	struct share share;
	size_t reply_bytes;     /* of bodies that are on their way */
	size_t max_reply_bytes; /* while there are more, nothing large is made */
	uint64_t crowded;       /* requests that were refused for it */
};

int router__init(struct router *router, const struct web_route *routes, size_t route_count);
void router__done(struct router *router);
/* Replaces the headers that every reply has (copied). 0 or -ENOMEM, then those before stay. */
int router__set_headers(struct router *router, const struct web_header *headers, size_t count);

/*
 * To be called when the headers of a request are there: a reply now ends the connection without reading on, so that
 * a body that is too large, or of unknown size, is never waited for. MHD_NO: the connection is to be closed.
 */
enum MHD_Result router__check_head(struct router *router, struct MHD_Connection *mhd,
				   struct connection *connection);
/* To be called when the request is whole, for one that is not to be answered: 401, 429 or 503 (passwords). */
enum MHD_Result router__refuse(struct router *router, struct MHD_Connection *mhd,
			       struct connection *connection, unsigned int status);
/* To be called when the request is whole; its body was thrown away. MHD_NO: the connection is to be closed. */
enum MHD_Result router__answer(struct router *router, struct MHD_Connection *mhd,
			       struct connection *connection, const char *method, const char *path);

#endif
