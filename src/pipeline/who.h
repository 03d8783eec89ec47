/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_WHO_H
#define SRC_PIPELINE_WHO_H

/*
 * Who is behind the numbers: the engine's programs that tell of cgroups and processes, the tables that are made of what
 * they tell, and the filters. It owns all of these; the host and the loop are borrowed.
 * The agent makes one and starts it once something asks for identity, before that thing's programs are attached; while
 * nobody asks nothing is loaded and nothing costs anything.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "enrich/identity.h"
#include "enrich/process.h"
#include "pipeline/who_engine.h"
#include "pipeline/who_filter.h"
#include "pipeline/who_runtimes.h"
#include "pipeline/who_wanted.h"

struct loop;
struct who;

struct who_options {
	struct host *host;
	struct loop *loop;                  /* NULL: nobody waits for anything */
	const struct who_filter *filter;    /* borrowed; NULL or empty: everybody is wanted */
	const char *const *runtime_sockets; /* named ones, KIND:PATH; borrowed */
	size_t runtime_socket_count;
	int64_t runtime_timeout_ns;     /* of one question; 0: the default */
	struct program_options program; /* how to open the engine's object */
	bool wants_environment;         /* processes have theirs: it is long, and full of secrets */
	const char *node;         /* of ids of executions; borrowed. NULL: the machine's name */
	void (*named)(void *ctx); /* names came: what shows placeholders may look again */
	/* Or NULL: a process was there at start, or executes something; NULL for a cgroup that nobody knows. */
	void (*seen)(void *ctx, const struct identity *identity, uint32_t pid, uint64_t mntns_id);
	/* Or NULL: a container's last cgroup went. */
	void (*gone)(void *ctx, const struct identity *identity);
	/* The first process of a container ended: the numbers of its namespaces may be another's soon. May be NULL. */
	void (*left)(void *ctx);
	void *ctx;
};

/* Opens nothing. -EINVAL: a socket is named that is none; -ERANGE: too short or too long a time. */
int who__new(const struct who_options *options, struct who **ret_who, struct err *err);
struct who *who__free(struct who *who);

/* There is a filter for all: programs have to ask it. */
bool who__has_filter(const struct who *who);
/* Before anything that needs it is attached; again is harmless, also with another level: the highest counts. Where the
 * engine cannot run, cgroups are followed as the host can, and the log says so. Negative only when there is no memory,
 * or no map for the filters. */
int who__start(struct who *who, enum who_level level, struct err *err);
bool who__is_running(const struct who *who);
/* Takes in what the kernel has told; before labels are made. */
void who__drain(struct who *who);
/* Of that only the kernel's records; false: some that were there stay for the next time. */
bool who__drain_records(struct who *who);
/* Ends the engine; what is known stays. */
void who__detach(struct who *who);

/* By cgroup id; of namespaces the id is the inode number. NULL: nobody knows, or it does not run. */
const struct identity *who__find(struct who *who, uint64_t cgroup_id);
const struct identity *who__find_mntns(struct who *who, uint64_t mntns_id);
bool who__is_host_mntns(const struct who *who, uint64_t mntns_id);
const struct identity *who__find_netns(struct who *who, uint64_t netns_id);
/* By the number of a process in the first pid namespace. NULL also where processes are not told. */
const struct identity *who__find_pid(struct who *who, uint32_t tgid);
/* NULL: processes are not told here. Borrowed. */
const struct process_table *who__processes(const struct who *who);
/* What happens to processes, once the table knows it; of those that were there before nothing is told. */
struct who_process_observer {
	void (*exec)(void *ctx, const struct process *process);
	void (*exit)(void *ctx, const struct process *process);
	void *ctx;
};
/* One at most; NULL: nobody any more. */
void who__observe_processes(struct who *who, const struct who_process_observer *observer);
/* Told of cgroups (v2) as they come, are named and go. `named`: of one that stands for its container. */
struct who_cgroup_observer {
	void (*added)(void *ctx, const struct identity *identity);
	void (*named)(void *ctx, const struct identity *identity);
	void (*removed)(void *ctx, uint64_t cgroup_id);
	void *ctx;
};
/* One at most, from now on; NULL: nobody any more. */
void who__observe_cgroups(struct who *who, const struct who_cgroup_observer *observer);
/* Those that are there, one by one; see identity_table__next(). */
const struct identity *who__next_cgroup(const struct who *who, size_t *cursor);
/* There is a hierarchy of version 2, by which processes are told apart. */
bool who__has_cgroups(const struct who *who);
/* bpf/who.bpf.c as it runs, whose table of processes may be lent. NULL: it does not tell of processes. Borrowed. */
const struct program *who__program(const struct who *who);
/* NULL: it does not run, or nobody could wait for answers. Borrowed. */
const struct who_runtimes *who__runtimes(const struct who *who);

/* What a config wants beyond the filter for all; NULL: neither wants anything. Starts it if there is something; see
 * who_wanted__wish(). */
int who__wish(struct who *who, const struct spec *spec, struct who_wish **ret_wish,
	      struct err *err);
/* Between plan and load of a program; see who_wanted__lend(). */
int who__filter_program(struct who *who, struct who_wish *wish, struct program *program,
			const char *config, struct err *err);

struct who_report {
	bool has_engine; /* otherwise the engine's figures are all 0 */
	struct who_engine_figures engine;
	bool has_processes; /* it tells of processes, too */
	struct process_table_figures processes;
	uint64_t unattributed; /* execs in a cgroup that was not known */
	struct identity_figures identity;
	bool has_filter;                  /* of anybody */
	struct who_wanted_figures wanted; /* then */
};

void who__report(const struct who *who, struct who_report *ret_report);

#endif
