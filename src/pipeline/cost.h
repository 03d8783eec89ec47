/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_COST_H
#define SRC_PIPELINE_COST_H

/*
 * What the programs of a config cost, and whose cost that is: run time from the kernel's statistics, kernel memory, both
 * apportioned to the config's outputs. The meter of the agent owns the timer and, while a window is open, the kernel's
 * switch; the cost of a config owns its figures and borrows the programs. agent.c makes both, self_cost.c and view.c read.
 */

#include <stdbool.h>
#include "pipeline/sample.h"
#include "program/program.h"

struct agent;
struct agent_config;
struct cost_meter;

/* ---- the meter: when it is looked ---- */

struct cost_options {
	int64_t interval_ns; /* from window to window; 0: statistics are never switched on */
	int64_t window_ns;
};

enum cost_mode {
	COST_OFF,      /* nobody wants it */
	COST_STARTING, /* no window is over yet */
	COST_SAMPLED,
	COST_EXACT,   /* the kernel keeps statistics all the time, for somebody else */
	COST_REFUSED, /* the kernel does not let us */
};

const char *cost_mode_name(enum cost_mode mode);

/* Begins with a window. The agent outlives the meter. */
int cost_meter__start(struct agent *agent, const struct cost_options *options,
		      struct cost_meter **ret_meter, struct err *err);
struct cost_meter *cost_meter__stop(struct cost_meter *meter);
/* All functions below take NULL, which is off. */
enum cost_mode cost_meter__mode(const struct cost_meter *meter);
const char *cost_meter__reason(const struct cost_meter *meter); /* "": there is none */
/* A scrape is coming: figures that are exact are brought up to now. */
void cost_meter__refresh(struct cost_meter *meter);

/* ---- the cost of a config ---- */

struct part_cost {
	const struct part *part;
	const struct program *program; /* it is part `index` of */
	uint32_t index;
	bool is_loaded;
	uint64_t memory_bytes;
	struct part_figures last; /* as last read */
	struct sample time_ns, runs;
	uint32_t payers; /* of its memory, in equal parts */
};

struct map_cost {
	const struct program *program; /* it is map `index` of */
	uint32_t index;
	struct map_figures figures;
	uint32_t payers;
};

/* Of a metric or a span. */
struct output_samples {
	struct sample time_ns, runs; /* its parts of those of programs */
	struct sample agent_ns;
	uint64_t last_agent_ns, last_seen; /* of its ledger, when the interval began */
};

struct config_cost {
	struct sample_clock clock;
	bool is_in_window;       /* it was there when the window began */
	struct part_cost *parts; /* owned */
	uint32_t part_count;
	struct map_cost *maps; /* owned */
	uint32_t map_count;
	struct output_samples *outputs; /* owned; routes, then spans */
	uint32_t output_count;
	double *scratch;                   /* owned; of the interval that ends */
	bool *part_marks;                  /* owned; parts × outputs: who pays */
	bool *map_marks;                   /* owned; maps × outputs */
	const struct agent_config *config; /* borrowed */
};

/* Of a config that is loaded; the totals of the one before it go on. */
int config_cost__new(const struct agent_config *config, struct config_cost **ret_cost,
		     struct err *err);
struct config_cost *config_cost__free(struct config_cost *cost);
/* The meter's: figures at the begin of a window, before it or at once after it; and at the end of the interval, of which
 * so much was a window (0: nothing is known of it). */
void config_cost__begin_window(struct config_cost *cost);
void config_cost__end_interval(struct config_cost *cost, int64_t window_ns, int64_t now_ns);
/* Asks the kernel for what changes while running: missed runs, memory of maps. */
void config_cost__refresh(struct config_cost *cost);
uint64_t config_cost__map_memory(const struct config_cost *cost);

/* The share of one output (routes, then spans). */
struct output_cost {
	double kernel_seconds;  /* of all time; estimated when sampled */
	double kernel_ns_per_s; /* NAN: no window yet */
	double runs_per_s;      /* of the programs that it shares; NAN likewise */
	double agent_ns_per_s;  /* sonde's own CPU time; NAN: no interval yet */
	double memory_bytes;
};
struct output_cost config_cost__output(const struct config_cost *cost, uint32_t output);

#endif
