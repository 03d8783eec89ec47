/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_GATE_H
#define SRC_WEB_GATE_H

/*
 * Whether a request may be answered: not more of them than are allowed, and from somebody who is known. It owns the
 * users and the requests' bucket; connections whose password is being checked are held until the verdict is there.
 * server.c asks it for each whole request.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct auth;
struct connection;
struct connection_list;
struct loop;
struct web_security;

enum gate_answer {
	GATE_OPEN,
	GATE_HELD,         /* ask again when the connection is let go */
	GATE_UNAUTHORIZED, /* no valid credentials */
	GATE_TOO_MANY,     /* requests */
	GATE_BUSY,         /* too many checks wait */
};

struct gate {
	struct loop *loop;
	struct connection_list *connections; /* borrowed */
	void (*let_go)(void *ctx, struct connection *connection);
	void *ctx;
	struct auth *auth; /* owned; NULL until there are users */
	bool needs_user;
	int64_t interval_ns; /* 0: no limit */
	uint32_t burst;
	int64_t next_ns; /* when the bucket would be full again */
	uint64_t unauthorized, limited;
};

void gate__done(struct gate *gate);
/* Either all of it holds from now on, or what held before. */
int gate__secure(struct gate *gate, const struct web_security *security, struct err *err);

/* authorization: the header or NULL. */
enum gate_answer gate__check(struct gate *gate, struct connection *connection,
			     const char *authorization);

#endif
