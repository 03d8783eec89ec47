/* SPDX-License-Identifier: Apache-2.0 */
#include "web/gate.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "web/connection.h"
#include "web/security.h"

static void on_told(void *ctx, const struct hash_key *key, enum auth_verdict verdict)
{
	static const enum connection_pass passes[] = {
		[AUTH_YES] = CONNECTION_ALLOWED,
		[AUTH_NO] = CONNECTION_REFUSED,
		[AUTH_AGAIN] = CONNECTION_COUNTED,
	};
	struct gate *gate = ctx;

	for (struct connection *connection = gate->connections->first; connection;
	     connection = connection->next) {
		if (connection->pass != CONNECTION_HELD ||
		    memcmp(&connection->key, key, sizeof(*key)) != 0)
			continue;
		connection->pass = passes[verdict];
		gate->let_go(gate->ctx, connection);
	}
}

void gate__done(struct gate *gate)
{
	gate->auth = auth__free(gate->auth);
}

int gate__secure(struct gate *gate, const struct web_security *security, struct err *err)
{
	int r = 0;

	/* The thread of the checks is there once there is somebody to check. */
	if (!gate->auth && security->user_count > 0)
		r = auth__new(gate->loop, on_told, gate, &gate->auth, err);
	if (r < 0)
		return r;
	if (gate->auth)
		r = auth__set_users(gate->auth, security->users, security->user_count);
	if (r < 0)
		return err__set(err, r, NULL, "cannot take the users");
	gate->needs_user = security->user_count > 0;
	gate->interval_ns = security->rate_interval_ns;
	gate->burst = security->rate_burst;
	gate->next_ns = 0;
	return 0;
}

/*
 * The bucket of `burst` tokens, one more each interval, kept as the time at which it would be full again: a request
 * fits when that is no further away than all tokens but one take to come.
 */
static bool take_token(struct gate *gate)
{
	int64_t now_ns = clock_monotonic_ns(), room_ns;

	if (gate->interval_ns == 0)
		return true;
	if (gate->next_ns < now_ns)
		gate->next_ns = now_ns;
	if (__builtin_mul_overflow(gate->interval_ns, (int64_t)gate->burst - 1, &room_ns))
		room_ns = INT64_MAX;
	if (gate->next_ns - now_ns > room_ns)
		return false;
	if (__builtin_add_overflow(gate->next_ns, gate->interval_ns, &gate->next_ns))
		gate->next_ns = INT64_MAX;
	return true;
}

static enum gate_answer check_user(struct gate *gate, struct connection *connection,
				   const char *authorization)
{
	switch (auth__check(gate->auth, authorization, &connection->key)) {
	case AUTH_YES:
		connection->pass = CONNECTION_ALLOWED;
		return GATE_OPEN;
	case AUTH_WAIT:
	case AUTH_AGAIN:
		connection->pass = CONNECTION_HELD;
		return GATE_HELD;
	case AUTH_BUSY:
		return GATE_BUSY;
	case AUTH_NO:
		break;
	}
	gate->unauthorized++;
	return GATE_UNAUTHORIZED;
}

enum gate_answer gate__check(struct gate *gate, struct connection *connection,
			     const char *authorization)
{
	switch (connection->pass) {
	case CONNECTION_FRESH:
		if (!take_token(gate)) {
			gate->limited++;
			return GATE_TOO_MANY;
		}
		connection->pass = CONNECTION_COUNTED;
		break;
	case CONNECTION_COUNTED:
		break;
	case CONNECTION_HELD:
		return GATE_HELD;
	case CONNECTION_ALLOWED:
		return GATE_OPEN;
	case CONNECTION_REFUSED:
		gate->unauthorized++;
		return GATE_UNAUTHORIZED;
	}
	return gate->needs_user ? check_user(gate, connection, authorization) : GATE_OPEN;
}
