/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_INTERNAL_H
#define SRC_PIPELINE_INTERNAL_H

/*
 * What the files of pipeline/ share about the agent. Nobody outside includes it.
 */

#include "base/clock.h"
#include "base/vec.h"
#include "pipeline/agent.h"
#include "pipeline/cost.h"
#include "pipeline/follow.h"
#include "pipeline/plan.h"
#include "pipeline/route.h"
#include "pipeline/sockets.h"
#include "pipeline/span.h"
#include "pipeline/who.h"
#include "pipeline/who_words.h"

struct self_metrics;

struct agent_config {
	struct spec *spec;         /* owned */
	uint64_t spec_hash;        /* of the spec as it was read, before its object completed it */
	struct program **programs; /* owned, spec->program_count of them */
	struct spec
		*program_spec; /* owned or NULL: what programs of before a reload still refer to */
	struct who_wish *wish; /* owned; NULL: whoever it is */
	struct route *routes;  /* owned, route_count of them (metrics) */
	uint32_t route_count;
	struct span_route *spans; /* owned, span_count of them */
	uint32_t span_count;
	struct stream **streams; /* owned; by stream of the spec, NULL: its rows are no records */
	uint32_t stream_count;
	struct policies *policies; /* borrowed from the agent; NULL: it has none that were loaded */
	struct config_cost *cost;  /* owned; NULL before start */
	char *error;               /* owned or NULL: why the whole config does not run */
	uint64_t
		decoder_errors; /* passes of a metric with errors: what upstream's counter counts */
	bool is_loaded;
	int64_t detached_ns; /* how long reloads had its programs detached */

	/* while a reload is under way */
	struct agent_config *before; /* borrowed; the config of this name that runs */
	bool shares_programs;        /* programs are those of `before`, and still its own */
	bool is_kept;                /* nothing of it changed: it stays as it is */
};

struct agent_configs { /* VEC() with a name */
	struct agent_config **items;
	size_t len, capacity;
};

/* What became of reloads, for self-metrics. */
struct reload_figures {
	uint64_t succeeded, failed;
	bool is_last_good;
	double good_since_s; /* when the set that runs was taken over (Unix time) */
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
	struct wall_offset wall; /* of its decoders */
	struct agent_configs configs;
	struct follower *follower;               /* owned */
	struct sockets *sockets;                 /* owned */
	struct policies *policies;               /* owned */
	struct who *who;                         /* owned */
	struct identity_source words;            /* what decoders ask it */
	struct span_export *span_export;         /* owned; NULL until a config has spans */
	struct registry *registry;               /* owned */
	struct self_metrics *self;               /* owned */
	const struct web_server *web;            /* borrowed; NULL: nobody serves */
	const struct event_file *event_file;     /* borrowed; NULL: there is none */
	const struct event_socket *event_socket; /* likewise */
	const struct control_server *control;    /* borrowed; NULL: there is no such socket */
	struct cost_meter *cost_meter;           /* owned; NULL: off */
	bool awaits_containers; /* records name namespaces, which are somebody's once there is one */
	struct loop_watch *drain;  /* timer that drains event sources */
	int64_t drain_interval_ns; /* of it now */
	int64_t busy_until_ns; /* events came: for so long it is drained more often (monotonic) */
	struct loop_watch *cgroups; /* descriptor of the cgroup tree's changes */
	uint32_t generation;        /* of the current scrape */
	struct scrape_figures scrapes;
	bool is_detached;
	bool has_left; /* a container ended in the drain at hand */
	struct reload_figures reloads;
};

#define agent_for_each_config(agent, config)                                                       \
	for (struct agent_config **config##_at = (agent)->configs.items, *config;                  \
	     config##_at < (agent)->configs.items + (agent)->configs.len &&                        \
	     (config = *config##_at);                                                              \
	     config##_at++)

/* view.c: without an error, and some program of it is attached */
bool agent_config_is_running(const struct agent_config *config);
/* view.c: "counter" */
const char *metric_kind_name(enum metric_kind kind);
/* agent.c: of the spec's canonical text; 0: no memory */
uint64_t agent_spec_hash(const struct spec *spec);
/* agent.c, agent_sources.c: the steps of agent__add() and agent__start() that a reload takes one by one */
int agent_add_config(struct agent *agent, struct spec *spec, struct agent_config *before,
		     struct err_list *errors);
int agent_open_sources(struct agent *agent, struct agent_config *config, enum stream_mode mode,
		       struct err *err);
int agent_open_spans(struct agent *agent, struct agent_config *config, struct err *err);
/* agent.c: once there is a container, processes are told of. */
int agent_look_for_containers(struct agent *agent, struct err *err);
/* Events came: drains, and drains more often for a while. */
void agent_drain_busy(struct agent *agent);
/* Timers and descriptors that somebody needs now; more than once is harmless. */
int agent_watch(struct agent *agent, struct err *err);
void agent_config__close_events(struct agent_config *config);
/* registry: the one its families are of. */
void agent_config__free(struct agent_config *config, struct registry *registry);

/* scrape.c: reads all tables of a config into their families. */
void scrape_config(struct agent *agent, struct agent_config *config);
/* scrape.c: the same where labels say whose events are, by the kernel or else here; they are asked for again when there
 * are more. */
void agent_settle_counts(struct agent *agent, bool is_in_kernel);
/* scrape.c: what was counted of events since the last scrape; for the last time of a config. */
void scrape_counts(struct agent_config *config);
/* scrape.c: forgets labels and series that are no longer there. */
void scrape_sweep(struct agent *agent);

/* agent_policies.c: what ids of executions call this node; NULL: as the machine is called */
const char *agent_node_of_ids(const struct agent *agent);
/* agent_policies.c: the agent's, and those of one config, which come with it and go with it */
int agent_make_policies(struct agent *agent, const struct program_options *program,
			struct err *err);
int agent_load_policies(struct agent *agent, struct agent_config *config, struct err *err);
void agent_remove_policies(struct agent_config *config);
/* A config that takes its place is there already, or is not after all. */
void agent_note_policies_leaving(const struct agent_config *config, bool are_leaving);

/* agent_counts.c: asks programs to count in the kernel what can be */
int agent_plan_counts(struct agent *agent, struct agent_config *config, struct err_list *errors);

/* agent_streams.c: the streams of a config on the agent's way */
int agent_plan_streams(struct agent *agent, struct agent_config *config, struct err_list *errors);
int agent_start_streams(struct agent_config *config, struct err *err);
bool agent_streams_need_who(const struct agent_config *config);
bool agent_streams_run(const struct agent_config *config);
/* How full the fullest ring was at the last run. */
uint32_t agent_fill_percent(const struct agent_config *config);
/* Whether rings of streams wake the loop up; again and again is harmless. */
void agent_watch_streams(struct agent *agent, bool is_watched);
/* What the next run takes is what is there now. */
void agent_note_ends_of_streams(struct agent_config *config);
void agent_run_streams(struct agent_config *config, int64_t now_ns);
void agent_stop_streams(struct agent_config *config);
void agent_free_streams(struct agent_config *config);

/* exposition.c: writes all families, or those of a language, and notes what those of metrics take. */
void exposition_write(struct agent *agent, const char *dialect, const struct exposition *exposition,
		      struct strbuf *out);
/* exposition.c: how many there are of the family; none of the agent's own. */
uint32_t agent_count_routes(const struct agent *agent, const struct family *family);
/* reload.c: whether the programs that run are what this spec asks for, feeds included */
bool reload_keeps_programs(const struct spec *spec, const struct agent_config *before);
/* agent_counts.c: programs count for these very metrics, and cannot for others */
bool agent_counts_in_programs(const struct agent_config *config);

/* event.c: rings of metrics and spans */
int event_open(struct route *route, struct err *err);
void event_drain(struct agent *agent);
/* Of a route that has a map for it: what the program counts as lost. */
void event_read_losses(struct route *route);
void event_drain_config(struct agent_config *config);
#define EVENT_DRAIN_NS (20 * NS_PER_MS)
#define EVENT_BUSY_NS NS_PER_S /* after the last event it is drained more often for so long */

/* self.c */
int self_metrics__new(struct agent *agent, struct self_metrics **ret_self, struct err *err);
struct self_metrics *self_metrics__free(struct self_metrics *self);
/* Fills the agent's own families, once the tables have been read. */
void self_metrics__collect(struct self_metrics *self, struct agent *agent);
/* The same families again, from the agent's registry of now. */
int self_metrics__reopen(struct self_metrics *self, struct agent *agent, struct err *err);
void self_metrics__note_request(struct self_metrics *self);
void self_metrics__note_reply(struct self_metrics *self, unsigned int status);

#endif
