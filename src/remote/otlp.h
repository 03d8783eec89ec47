/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_REMOTE_OTLP_H
#define SRC_REMOTE_OTLP_H

/*
 * The sending end of OTLP over HTTP: requests that somebody encoded are posted one after the other, retried while that
 * can help, and told of when they are gone. It owns the requests that wait and the connection; the loop and the
 * settings are borrowed. pipeline/ has one, and bounds what waits in it.
 */

#include <stdint.h>
#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"
#include "remote/otlp_env.h"

struct otlp_client;

enum otlp_outcome {
	OTLP_OUTCOME_EXPORTED,
	OTLP_OUTCOME_REFUSED,     /* the receiver does not want them, and would not later */
	OTLP_OUTCOME_UNREACHABLE, /* nobody took them for too long */
	OTLP_OUTCOME_SHUTDOWN,    /* there was no more time */
	OTLP_OUTCOME_COUNT,
};

struct otlp_client_options {
	struct loop *loop;
	const struct otlp_settings *settings; /* borrowed as long as the client lives */
	const char *user_agent;
	/* Waits before a retry double from the first on; 0: the defaults, 1 s and 30 s. */
	int64_t first_wait_ns, longest_wait_ns;
	/* A request is given up this long after its first try; 0: the default, a minute. */
	int64_t give_up_ns;
	/* A request is gone. err: why, when it was not exported. */
	void (*done)(void *ctx, uint32_t spans, enum otlp_outcome outcome, const struct err *err);
	/* A try failed and another one follows. */
	void (*retrying)(void *ctx, const struct err *err);
	void *ctx;
};

int otlp_client__new(const struct otlp_client_options *options, struct otlp_client **ret_client,
		     struct err *err);
/* What still waits is told as OTLP_OUTCOME_SHUTDOWN. */
struct otlp_client *otlp_client__free(struct otlp_client *client);

/* Takes the bytes of a request with so many spans; *body is empty afterwards in any case. 0 or -ENOMEM (then they are
 * lost without being told). */
int otlp_client__send(struct otlp_client *client, struct strbuf *body, uint32_t spans);
/* Spans that wait or are on their way. */
uint32_t otlp_client__pending(const struct otlp_client *client);
/* Runs the loop until everything is gone or the time is over. */
void otlp_client__finish(struct otlp_client *client, int64_t timeout_ns);

#endif
