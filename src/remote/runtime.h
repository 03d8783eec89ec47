/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_REMOTE_RUNTIME_H
#define SRC_REMOTE_RUNTIME_H

/*
 * Asks a container runtime what it calls its containers: containerd and CRI-O by CRI, Docker and podman by their HTTP
 * API, over a unix socket and on the one loop. It owns the questions that wait and the connection; answers are lent to
 * the observer for the call. pipeline/ has one for each socket. Nobody ever waits for it: a runtime that is slow, gone
 * or talks nonsense makes names late or leaves them out, and is counted.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/loop.h"

struct runtime_client;

enum runtime_kind {
	RUNTIME_KIND_CRI,    /* gRPC: containerd, CRI-O and whoever else serves a kubelet */
	RUNTIME_KIND_DOCKER, /* the Docker API; podman speaks it as well and is told by its own name */
	RUNTIME_KIND_PODMAN,
};

struct runtime_socket {
	enum runtime_kind kind;
	const char *path; /* absolute, as the host sees it */
};

/* Where runtimes listen when nobody says otherwise, in the order in which they are worth asking. All are in folders
 * that only root can write to; a rootless runtime is asked only when its socket is named. */
const struct runtime_socket *runtime_default_sockets(size_t *ret_count);

struct runtime_label {
	const char *key, *value;
};

/* What is not known is NULL or 0. */
struct runtime_container {
	const char *id;      /* whole */
	const char *name;    /* of a pod's container as its spec calls it */
	const char *runtime; /* "containerd", "cri-o", "docker", "podman", … */
	const char *image;
	const char *image_digest; /* "sha256:…": the manifest's where known, else the config's */
	const char *pod_name, *pod_namespace, *pod_uid;
	const struct runtime_label *labels; /* the container's own, then those of its pod */
	uint32_t label_count, own_label_count;
	uint32_t pid;       /* of its first process, where the runtime is */
	int64_t started_ns; /* since the epoch */
	bool is_sandbox;    /* not a container of the pod but what holds its namespaces */
	bool is_host_network;
};

enum runtime_state {
	RUNTIME_STATE_ABSENT, /* there is no such socket, and none was seen yet */
	RUNTIME_STATE_DOWN,   /* the last try failed */
	RUNTIME_STATE_UP,
};

struct runtime_observer {
	/* May come more than once for a container: from a list, once it has started, when it was asked for again. */
	void (*found)(void *ctx, const struct runtime_container *container);
	/* The runtime does not know such a container, or did not say in time. May be NULL. */
	void (*unknown)(void *ctx, const char *container_id);
	/* It came or went. err: why it is down; NULL when it is up. May be NULL. */
	void (*changed)(void *ctx, enum runtime_state state, const struct err *err);
	void *ctx;
};

/* Of one request; whoever takes longer may as well be gone. */
#define RUNTIME_DEADLINE_MAX_NS (600LL * 1000 * 1000 * 1000)

struct runtime_options {
	enum runtime_kind kind;
	const char *root; /* where the host's root is mounted (HOST_ROOT); NULL: "/" */
	const char *socket_path;
	bool is_required; /* somebody named it: an error when nobody listens there now */
	struct loop *loop;
	struct runtime_observer observer; /* it may ask and list, but not free the client */
	/* The rest: 0 for the defaults of docs/reference/runtimes.md. */
	uint32_t queue_max;
	size_t reply_max_bytes;
	int64_t deadline_ns; /* of one request */
	int64_t give_up_ns;  /* of a container, after it was asked for; grows with the deadline */
	int64_t missing_ns;  /* a runtime may know of a container that much later than the kernel */
	int64_t first_wait_ns, longest_wait_ns; /* before another try; they double */
};

enum runtime_failure {
	RUNTIME_FAILURE_CONNECTION, /* nobody listens, or the connection broke */
	RUNTIME_FAILURE_TIMEOUT,
	RUNTIME_FAILURE_TOO_LARGE,
	RUNTIME_FAILURE_MALFORMED,
	RUNTIME_FAILURE_REFUSED, /* it answered with an error */
	RUNTIME_FAILURE_COUNT,
};

/* Counted since the client was made, but for the first four. */
struct runtime_figures {
	enum runtime_state state;
	const char *runtime, *version; /* as it says itself, "" until then; the client's */
	uint32_t queued;               /* containers that wait for an answer */
	uint64_t asked;                /* containers that somebody asked for */
	uint64_t coalesced;            /* of those: while the same one waited already */
	uint64_t dropped;    /* of those: the queue was full, no socket there, or the id was none */
	uint64_t found;      /* calls of found() */
	uint64_t unknown;    /* containers that it did not know */
	uint64_t given_up;   /* containers that it said nothing about in time */
	uint64_t lists;      /* lists that were answered */
	uint64_t requests;   /* HTTP requests, a container takes one to four */
	uint64_t request_ns; /* their time together */
	uint64_t retried;
	uint64_t failures[RUNTIME_FAILURE_COUNT]; /* requests that failed, by cause */
	uint64_t truncated; /* containers whose labels or texts were longer than their bounds */
};

/* "connection", "timeout", …: the values of the label `cause`. */
const char *runtime_failure_name(enum runtime_failure failure);

/* -ENOENT, -ECONNREFUSED, -EACCES …: it is required and does not listen; -ENAMETOOLONG; -EINVAL: no absolute path. */
int runtime_client__new(const struct runtime_options *options, struct runtime_client **ret_client,
			struct err *err);
struct runtime_client *runtime_client__free(struct runtime_client *client);

/* One container by its whole id; the answer comes to the observer, never during this call. What cannot be asked for is
 * counted as dropped. A client whose socket was not there looks for it now, at most once a second. */
void runtime_client__ask(struct runtime_client *client, const char *container_id);
/* Everything that runs; again after every time in which questions were lost. */
void runtime_client__list(struct runtime_client *client);
void runtime_client__figures(const struct runtime_client *client,
			     struct runtime_figures *ret_figures);

#endif
