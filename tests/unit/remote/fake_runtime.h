/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_REMOTE_FAKE_RUNTIME_H
#define TESTS_UNIT_REMOTE_FAKE_RUNTIME_H

/*
 * A container runtime of the tests' own on a unix socket, in a thread: HTTP/1.1, or as much of HTTP/2 as gRPC with one
 * request at a time needs. It answers as a script says, and keeps what it was asked. Failures of its set-up end the
 * test through cmocka.
 */

#include <stdbool.h>
#include <stddef.h>

enum fake_manner {
	FAKE_ANSWERS,
	FAKE_HANGS_UP,  /* reads the request and closes */
	FAKE_IS_SILENT, /* reads the request and never answers it */
	FAKE_IS_ENDLESS,
	FAKE_IS_CUT_OFF,    /* closes after half of the body */
	FAKE_IS_GARBAGE,    /* the body as it is, without HTTP, then it closes */
	FAKE_HAS_NO_STATUS, /* gRPC without its trailer */
};

struct fake_step {
	enum fake_manner manner;
	int status; /* HTTP's, or gRPC's */
	const char *body;
	size_t body_len; /* 0: of the text */
};

struct fake_runtime;

/* The steps are lent until it stops; the last one answers all further requests. */
struct fake_runtime *fake_runtime__start(const char *path, bool is_grpc,
					 const struct fake_step *steps, size_t count);
size_t fake_runtime__count(struct fake_runtime *fake);
/* The first line of the request of that number, or with gRPC the bytes of its message. */
const char *fake_runtime__get(struct fake_runtime *fake, size_t index, size_t *ret_len);
/* The socket's file stays, as that of a runtime that was killed. */
void fake_runtime__stop(struct fake_runtime *fake);

#endif
