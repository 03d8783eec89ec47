/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_WHO_ENGINE_H
#define SRC_PIPELINE_WHO_ENGINE_H

/*
 * The engine's programs that tell of cgroups and processes (bpf/who.bpf.c), and the way of their records up here.
 * It owns the loaded object and the ring. who.c opens one, takes the records and asks for those who were there before.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "bpf/abi/who.h"
#include "program/program.h"

struct who_engine;
struct who_wanted;

/* How much it tells: what nobody needs is not attached and costs nothing. */
enum who_level {
	WHO_LEVEL_CGROUPS,   /* which cgroups come and go: who it is by cgroup */
	WHO_LEVEL_PROCESSES, /* processes, too: also by mount or network namespace, and by process */
};

struct who_engine_options {
	struct program_options program;
	enum who_level level;
	struct who_wanted *wanted; /* borrowed; whose maps it shares; NULL: everybody is wanted */
	uint32_t possible_cpus;
	bool wants_environment; /* of every exec */
	/* A record whose header has been checked; len is its whole size. */
	void (*take)(void *ctx, const struct who_header *header, const void *record, size_t len);
	void *ctx;
};

struct who_engine_figures {
	uint64_t records[WHO_RECORD_COUNT]; /* that came up, by kind */
	uint64_t lost[WHO_RECORD_COUNT];    /* that found no room in the ring */
	uint64_t malformed;
	uint64_t processes_full; /* processes that found no room in the kernel's table */
};

/* Loaded and attached: from now on nothing is missed. Negative: it cannot tell of cgroups here. */
int who_engine__open(const struct who_engine_options *options, struct who_engine **ret_engine,
		     struct err *err);
struct who_engine *who_engine__close(struct who_engine *engine);

/* Whether it tells of all that happens to processes as well. */
bool who_engine__has_processes(const struct who_engine *engine);
/* For those who lend its table of processes; borrowed. */
const struct program *who_engine__program(const struct who_engine *engine);
/* Processes that were there before, a WHO_RECORD_SEED each. */
int who_engine__seed(struct who_engine *engine, struct err *err);
/* All that is in the ring. */
void who_engine__drain(struct who_engine *engine);
/* The same; false: something that was there stays for the next time, behind a record that a CPU has not finished. */
bool who_engine__drain_all(struct who_engine *engine);
/* Becomes readable as soon as there is a new cgroup; -1 when it does not. */
int who_engine__event_fd(const struct who_engine *engine);
void who_engine__figures(struct who_engine *engine, struct who_engine_figures *ret_figures);

#endif
