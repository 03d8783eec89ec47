/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_REMOTE_CONTROL_LINK_H
#define SRC_REMOTE_CONTROL_LINK_H

/*
 * The other end of the control socket (web/control.h): a command asks the agent that runs, and reads the lines that may
 * follow. A link owns its connection and what it has read. Commands use it, which have nothing else to do meanwhile: calls
 * wait for the agent.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct control_link;
struct json_t; /* jansson's */

/* -ENOENT, -ECONNREFUSED: no agent listens there; -EACCES: this user may not ask. */
int control_link__open(const char *path, struct control_link **ret_link, struct err *err);
struct control_link *control_link__free(struct control_link *link);

/*
 * Sends a request and waits for its reply, which is handed to the caller, who ends it with json_decref(). What the agent
 * refuses is an error with its words. Lines of a stream that come before the reply are kept.
 */
int control_link__call(struct control_link *link, const struct json_t *request,
		       struct json_t **ret_result, struct err *err);

/* Sends one whose reply nobody waits for: it comes among the lines of the stream. */
int control_link__send(struct control_link *link, const struct json_t *request, struct err *err);

/*
 * The next line of a stream, with its length and without its newline; borrowed until the next call. 1: there is one; 0: the
 * agent has ended the stream; -EAGAIN: none came within the time (-1: waits for ever). EINTR comes back, so that a signal is
 * seen.
 */
int control_link__next(struct control_link *link, int timeout_ms, const char **ret_line,
		       size_t *ret_len, struct err *err);
/* Whether a line is here already: control_link__next() does not wait. */
bool control_link__has_line(const struct control_link *link);
/* To wait for it beside others; borrowed. */
int control_link__fd(const struct control_link *link);

#endif
