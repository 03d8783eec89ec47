/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_OVERFLOW_H
#define SRC_PIPELINE_OVERFLOW_H

/*
 * What has no room in a metric's map: who counts it, and how it gets into the metric's overflow series.
 * A route owns its overflow. plan.c's caller plans it beside the route, scrape.c reads it after the route's rows.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct program;
struct route;
struct table_source;

enum overflow_kind {
	OVERFLOW_NONE,       /* nobody counts it: why_none */
	OVERFLOW_REDIRECTED, /* programs were rewritten to add it to a map beside theirs */
	OVERFLOW_OF_OBJECT,  /* the object has a map for it: the config says which */
	OVERFLOW_OF_COUNTS,  /* whoever counts records has a value for it */
};

struct route_overflow {
	enum overflow_kind kind;
	struct table_source *table; /* owned; NULL: nothing to read */
	char *why_none;             /* owned or NULL: there is nothing to count; for a person */
	uint64_t
		total; /* of the last pass: the value of a counter, the observations of a histogram */
};

/* Between plan and load of the program. A route that does without is no error: why_none. -ENOMEM. */
int route__plan_overflow(struct route *route, struct program *program, bool may_rewrite,
			 struct err *err);
/* After load. */
int route__open_overflow(struct route *route, const struct program *program, uint32_t possible_cpus,
			 struct err *err);
/* Adds it to the overflow series; errors are the route's (route__note_error). */
void route__read_overflow(struct route *route);
void route__close_overflow(struct route *route);

/* For a person: who counts it, or why nobody does. NULL: there is room for all keys. */
const char *route__overflow_text(const struct route *route);

#endif
