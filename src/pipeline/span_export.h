/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SPAN_EXPORT_H
#define SRC_PIPELINE_SPAN_EXPORT_H

/*
 * Where spans of all configs go: a batch that is sent when it is full or old, a bound on what waits, and the count of
 * what was lost on the way. It owns the settings of the environment, the batch and the client; the loop is borrowed.
 * The agent has one as soon as a config has spans.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/loop.h"
#include "remote/otlp_env.h"
#include "sink/otlp.h"

struct span_export;

enum span_drop {
	SPAN_DROP_QUEUE_FULL,
	SPAN_DROP_REFUSED,
	SPAN_DROP_UNREACHABLE,
	SPAN_DROP_SHUTDOWN,
	SPAN_DROP_NO_MEMORY,
	SPAN_DROP_COUNT,
};

struct span_figures {
	uint64_t exported;
	uint64_t retries;
	uint64_t dropped[SPAN_DROP_COUNT];
	uint32_t queued; /* encoded and not gone yet */
};

struct span_export_options {
	struct loop *loop; /* NULL: for plans, nothing is sent */
	const char *user_agent;
	otlp_env_fn get_env; /* NULL: the process' environment */
	void *env_ctx;
};

/* Reads the settings. That spans are off, or that the settings are wrong, is no error: ask __why_off(). */
int span_export__new(const struct span_export_options *options, struct span_export **ret_export,
		     struct err *err);
struct span_export *span_export__free(struct span_export *export);

/* NULL: they are on. Otherwise the reason; on purpose: the environment says so in words. */
const char *span_export__why_off(const struct span_export *export, bool *ret_is_on_purpose);
/* "stdout", or the URL. */
const char *span_export__target(const struct span_export *export);
/* Gets ready to send, while there are still the privileges for it. When that fails spans are off, with the reason. */
void span_export__start(struct span_export *export);

/* The number under which spans of this service are added, or -ENOMEM. NULL: the environment's service. */
int span_export__service(struct span_export *export, const char *service);
/* Takes a copy. What cannot be kept is counted. */
void span_export__add(struct span_export *export, uint32_t service, const struct otlp_span *span);
/* Sends what is left and waits for it, within bounds. */
void span_export__finish(struct span_export *export);

struct span_figures span_export__figures(const struct span_export *export);
const char *span_drop_name(enum span_drop drop);

#endif
