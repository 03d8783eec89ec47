/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_PLAN_H
#define SRC_PIPELINE_PLAN_H

/*
 * The plan: a spec resolved against its opened object: key layouts, decoder chains, buckets, families.
 * It fills routes that the agent owns; nothing is loaded or attached. Also prints what was resolved.
 */

#include "base/str.h"
#include "pipeline/route.h"

struct record_filters;
struct stream;

struct plan_env {
	const struct decode_env *decode;
	struct registry *registry;
	const struct object_facts *facts;     /* of the stream's object */
	struct stream *stream;                /* NULL: its rows are no records */
	const struct record_filters *filters; /* or NULL */
	uint64_t series_limit;                /* per family; 0: the default */
	uint32_t label_cache_keys;            /* per route; 0: the default */
};

/*
 * Resolves one metric. 0: the route runs, or route->error says why it is left out while the rest goes on. Negative:
 * the whole config is impossible (a name that is taken, no such map).
 */
int plan_route(const struct spec *spec, const struct metric_spec *metric,
	       const struct plan_env *env, struct route *ret_route, struct err *err);

#endif
