/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_REMOTE_RUNTIME_PROTOCOL_H
#define SRC_REMOTE_RUNTIME_PROTOCOL_H

/*
 * What a runtime is asked and how its answers are read, without sockets and time: a conversation of one to four
 * requests about one subject. It owns nothing; the talk is the client's. runtime.c talks, cri.c and docker.c know the
 * words, and fuzzers hand them answers.
 */

#include "base/err.h"
#include "base/str.h"
#include "remote/runtime_draft.h"

#define RUNTIME_NAME_MAX 64

enum runtime_subject {
	RUNTIME_SUBJECT_HELLO, /* who is there */
	RUNTIME_SUBJECT_LIST,
	RUNTIME_SUBJECT_CONTAINER,
};

struct runtime_talk {
	enum runtime_subject subject;
	const char *
		id; /* of the container; the client's, and checked: it can stand in a path as it is */
	uint32_t step; /* the protocol's own; 0 at the beginning */
	struct runtime_draft draft;
	/* What hello brings. */
	char runtime[RUNTIME_NAME_MAX], version[RUNTIME_NAME_MAX];
	bool is_old_api;
	/* Called for each container of a list, its draft finished. */
	void (*listed)(void *ctx, const struct runtime_draft *draft);
	void *ctx;
};

struct runtime_reply {
	long status; /* HTTP's; gRPC: 200 and the next */
	uint32_t grpc_status;
	const char *data; /* not terminated */
	size_t len;
};

enum runtime_next {
	RUNTIME_NEXT_REQUEST = 1, /* of the same talk: step has moved */
	RUNTIME_NEXT_DONE,
	RUNTIME_NEXT_UNKNOWN, /* there is no such container */
};

struct runtime_protocol {
	bool is_grpc;
	/* The request of the talk's step; a body only with gRPC. strbufs remember what failed. */
	void (*write)(const struct runtime_talk *talk, struct strbuf *path, struct strbuf *body);
	/* An enum runtime_next, or an error: -EBADMSG (it is no such answer), -EREMOTEIO (it says no), -ENOMEM,
	 * -EPROTONOSUPPORT (it does not speak this at all). */
	int (*read)(struct runtime_talk *talk, const struct runtime_reply *reply, struct err *err);
};

extern const struct runtime_protocol cri_protocol, docker_protocol;

#endif
