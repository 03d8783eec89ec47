/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_WHO_RUNTIMES_H
#define SRC_PIPELINE_WHO_RUNTIMES_H

/*
 * The container runtimes of this machine, asked for the names of containers as those are seen; answers go to the
 * identity table. It owns a client for each socket; the table and the loop are borrowed.
 * who.c makes it and passes containers on.
 */

#include "base/err.h"
#include "base/loop.h"
#include "remote/runtime.h"

struct container;
struct identity_table;
struct who_runtimes;

struct who_runtimes_options {
	struct loop *loop;
	const char *root; /* where the host's root is mounted */
	struct identity_table *table;
	/* Named ones, "cri:/run/x.sock": borrowed, and checked by who_runtimes_check(). */
	const char *const *sockets;
	size_t socket_count;
	int64_t timeout_ns; /* of one question; 0: the default */
};

/* Whether that names a socket: KIND:PATH, of cri, docker or podman. */
int who_runtimes_check(const char *text, struct err *err);
/* Whether a runtime can be waited for that long: 0, or 1 ms to 10 minutes. */
int who_runtimes_check_timeout(int64_t timeout_ns, struct err *err);
/* The named sockets, of which one where nobody listens is an error, then the default ones: those that are not there are
 * looked for when a container comes that may be theirs. */
int who_runtimes__new(const struct who_runtimes_options *options, struct who_runtimes **ret,
		      struct err *err);
struct who_runtimes *who_runtimes__free(struct who_runtimes *runtimes);

/* Somebody may know its name: of runtimes that its path speaks of that one, else all. */
void who_runtimes__ask(struct who_runtimes *runtimes, const struct container *container);

uint32_t who_runtimes__count(const struct who_runtimes *runtimes);
/* Socket and figures of one; the path is borrowed. */
const char *who_runtimes__socket(const struct who_runtimes *runtimes, uint32_t index);
void who_runtimes__figures(const struct who_runtimes *runtimes, uint32_t index,
			   struct runtime_figures *ret_figures);

#endif
