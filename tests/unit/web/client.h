/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_WEB_CLIENT_H
#define TESTS_UNIT_WEB_CLIENT_H

/*
 * An HTTP client made of a raw socket, on the same loop and thread as the server under test: it sends what it is
 * told, byte for byte, and collects what comes. It owns its socket and its buffer. test_server.c uses it.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/loop.h"
#include "base/str.h"

struct client {
	struct loop *loop;
	int fd;
	struct strbuf received;
	bool is_closed;   /* by the server */
	bool is_too_late; /* the server would not take what was sent */
};

/* To 127.0.0.1; the socket does not block. */
void client__open(struct client *client, struct loop *loop, uint16_t port);
/* Sends all of it, running the loop while the server is busy; gives up when the server closes. */
void client__send(struct client *client, const char *bytes, size_t len);
void client__say(struct client *client, const char *text);
/* Runs the loop once and takes what is there. */
void client__run(struct client *client);
/* Until the text has been received, or the server has closed; fails the test when neither comes. */
void client__expect(struct client *client, const char *text);
void client__expect_close(struct client *client);
/* The bytes after the headers of the last reply in the buffer. */
const char *client__body(struct client *client, size_t *ret_len);
void client__done(struct client *client);

#endif
