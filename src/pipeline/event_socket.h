/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_EVENT_SOCKET_H
#define SRC_PIPELINE_EVENT_SOCKET_H

/*
 * Events of policies for whoever connects to a unix socket: lines of JSON, from the moment of connecting until the client
 * leaves. It owns the socket, its filters and what clients have not taken yet; policies and loop are borrowed. While nobody is
 * connected it wants nothing, and hooks only count. `sonde policy` and `sonde agent` make one.
 */

#include <stdint.h>
#include "base/err.h"
#include "filter/process_export.h"

struct event_socket;
struct loop;
struct policies;

#define EVENT_SOCKET_CLIENTS_MAX 32u
/* What waits for a client; what comes then is left out, and told in its place as `rate_limit_info`. */
#define EVENT_SOCKET_WAITING_MAX (1u << 20)

struct event_socket_options {
	struct policies *policies;
	struct loop *loop;
	const char *path; /* mode 0600, for root and the user that this process runs as */
	struct process_export_options export; /* one for all clients */
};

struct event_socket_figures {
	uint32_t clients;   /* now */
	uint64_t connected; /* since it was made */
	uint64_t refused;   /* too many at once, or somebody else's */
	uint64_t written;   /* lines, of each client */
	uint64_t dropped;   /* likewise, for a client was behind */
};

/* -EINVAL: a filter is wrong; -EADDRINUSE: somebody listens there. */
int event_socket__new(const struct event_socket_options *options, struct event_socket **ret_socket,
		      struct err *err);
/* Before the policies. */
struct event_socket *event_socket__free(struct event_socket *socket);
void event_socket__figures(const struct event_socket *socket,
			   struct event_socket_figures *ret_figures);

#endif
