/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_INTERNAL_H
#define SRC_PIPELINE_INTERNAL_H

/*
 * What the files of pipeline/ share about the agent. Nobody outside includes it.
 */

#include "base/vec.h"
#include "pipeline/agent.h"
#include "pipeline/cost.h"
#include "pipeline/plan.h"
#include "pipeline/route.h"
#include "pipeline/span.h"

struct self_metrics;

struct agent_config {
	struct spec *spec;         /* owned */
	struct program **programs; /* owned, spec->program_count of them */
	struct route *routes;      /* owned, route_count of them (metrics) */
	uint32_t route_count;
	struct span_route *spans; /* owned, span_count of them */
	uint32_t span_count;
	struct config_cost *cost; /* owned; NULL before start */
	char *error; /* owned or NULL: why the whole config does not run */
	uint64_t
		decoder_errors; /* passes of a metric with errors: what upstream's counter counts */
	bool is_loaded;
};

/* Of expositions. */
struct scrape_figures {
	uint64_t count;
	size_t last_bytes;
	int64_t last_ns;
};

struct agent {
	struct agent_options options;
	struct host *host; /* owned */
	struct decode_env decode;
	VEC(struct agent_config *) configs;
	struct span_export *span_export; /* owned; NULL until a config has spans */
	struct registry *registry;       /* owned */
	struct self_metrics *self;       /* owned */
	const struct web_server *web;    /* borrowed; NULL: nobody serves */
	struct cost_meter *cost_meter;   /* owned; NULL: off */
	struct loop_watch *drain;        /* timer that drains event sources */
	struct loop_watch *cgroups;      /* descriptor of the cgroup tree's changes */
	uint32_t generation;             /* of the current scrape */
	struct scrape_figures scrapes;
	bool is_detached;
};

#define agent_for_each_config(agent, config)                                                       \
	for (struct agent_config **config##_at = (agent)->configs.items, *config;                  \
	     config##_at < (agent)->configs.items + (agent)->configs.len &&                        \
	     (config = *config##_at);                                                              \
	     config##_at++)

/* scrape.c: reads all tables of a config into their families. */
void scrape_config(struct agent *agent, struct agent_config *config);
/* scrape.c: forgets labels and series that are no longer there. */
void scrape_sweep(struct agent *agent);

/* exposition.c: writes all families, and notes what those of metrics take. */
void exposition_write(struct agent *agent, enum name_escaping escaping, struct strbuf *out);

/* event.c: rings of metrics and spans */
int event_open(struct route *route, struct err *err);
void event_drain(struct agent *agent);
#define EVENT_DRAIN_NS (20 * NS_PER_MS)

/* self.c */
int self_metrics__new(struct agent *agent, struct self_metrics **ret_self, struct err *err);
struct self_metrics *self_metrics__free(struct self_metrics *self);
/* Fills the agent's own families, once the tables have been read. */
void self_metrics__collect(struct self_metrics *self, struct agent *agent);
void self_metrics__note_request(struct self_metrics *self);
void self_metrics__note_reply(struct self_metrics *self, unsigned int status);

#endif
