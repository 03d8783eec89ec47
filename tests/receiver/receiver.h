/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_RECEIVER_RECEIVER_H
#define TESTS_RECEIVER_RECEIVER_H

/*
 * An OTLP receiver of the tests' own, on loopback, in a thread: it keeps every request and answers as a script says.
 * It owns the thread and the requests. Failures of its set-up end the test through cmocka.
 */

#include <stddef.h>
#include <stdint.h>

enum receiver_manner {
	RECEIVER_ANSWERS,
	RECEIVER_HANGS_UP,  /* reads the request and closes */
	RECEIVER_IS_SILENT, /* reads the request and never answers it */
};

struct receiver_step {
	enum receiver_manner manner;
	int status;          /* RECEIVER_ANSWERS */
	const char *headers; /* further ones, each ended by CRLF; or NULL */
	const char *body;    /* or NULL */
	size_t body_len;
};

struct received {
	char *head; /* owned by the receiver; request line and headers */
	char *body; /* likewise; unpacked when it came as gzip */
	size_t body_len;
};

struct receiver;

/* Answers the first requests as the steps say, all others with 200. port 0: any that is free. */
struct receiver *receiver__start(uint16_t port, const struct receiver_step *steps, size_t count);
uint16_t receiver__port(const struct receiver *receiver);
/* Waits until so many requests have come, half a minute at most; how many there are. */
size_t receiver__wait(struct receiver *receiver, size_t count);
/* The request of that number; it must have come. Valid until the receiver is stopped. */
const struct received *receiver__get(struct receiver *receiver, size_t index);
void receiver__stop(struct receiver *receiver);

#endif
