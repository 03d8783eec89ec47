/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_REMOTE_RUNTIME_TRANSPORT_H
#define SRC_REMOTE_RUNTIME_TRANSPORT_H

/*
 * One HTTP request after the other over a unix socket: HTTP/1.1, or gRPC over HTTP/2 without TLS. It owns libcurl's
 * handles, the connection and the bytes of an answer, which it bounds in size and time. Only runtime.c has one.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/loop.h"
#include "remote/runtime.h"
#include "remote/runtime_protocol.h"

struct runtime_transport;

struct runtime_transport_options {
	struct loop *loop;
	const char *socket_path; /* borrowed as long as the transport lives */
	bool is_grpc;
	size_t reply_max_bytes;
	int64_t deadline_ns;
	/* The request is over; the next may be sent. reply NULL: it failed, by this cause. */
	void (*done)(void *ctx, const struct runtime_reply *reply, enum runtime_failure failure,
		     const struct err *err);
	void *ctx;
};

int runtime_transport__new(const struct runtime_transport_options *options,
			   struct runtime_transport **ret_transport, struct err *err);
/* Ends what is on its way without a word. */
struct runtime_transport *runtime_transport__free(struct runtime_transport *transport);
/* A GET, or with gRPC the method and its message. 0 or -ENOMEM. */
int runtime_transport__send(struct runtime_transport *transport, struct strbuf *path,
			    const struct strbuf *message);

/* Whether somebody listens on a unix socket: 0 or -errno of connecting to it. */
int runtime_socket_probe(const char *path);

#endif
