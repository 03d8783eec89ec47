/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_WHO_H
#define SRC_PIPELINE_WHO_H

/*
 * Who is behind the numbers: the table of cgroups, kept true as they come and go, and the filters.
 * It owns both; the host and the loop are borrowed.
 * The agent makes one and starts it once something asks for identity, before that thing's programs are attached; while
 * nobody asks nothing is loaded and nothing costs anything.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "enrich/identity.h"
#include "pipeline/who_filter.h"
#include "pipeline/who_wanted.h"
#include "program/program.h"

struct loop;
struct who;

struct who_options {
	struct host *host;
	struct loop *loop;               /* NULL: nobody waits for anything */
	const struct who_filter *filter; /* borrowed; NULL or empty: everybody is wanted */
	void (*named)(void *ctx);        /* names came: what shows placeholders may look again */
	void *ctx;
};

/* Opens nothing. */
int who__new(const struct who_options *options, struct who **ret_who, struct err *err);
struct who *who__free(struct who *who);

/* There is a filter: programs have to ask it. */
bool who__has_filter(const struct who *who);
/* Before anything that needs it is attached; again is harmless. Where the kernel does not tell of cgroups they are
 * looked for, and the log says so. Negative only when there is no memory, or no map for the filters. */
int who__start(struct who *who, struct err *err);
bool who__is_running(const struct who *who);
/* Takes in what the kernel has told; before labels are made. */
void who__drain(struct who *who);
/* By cgroup id; of namespaces the id is the inode number. NULL: nobody knows, or it does not run. */
const struct identity *who__find(struct who *who, uint64_t cgroup_id);
const struct identity *who__find_mntns(struct who *who, uint64_t mntns_id);
const struct identity *who__find_netns(struct who *who, uint64_t netns_id);

/* Between open and load of a program, when there is a filter; see who_wanted__lend(). */
int who__filter_program(struct who *who, struct program *program, const char *config,
			struct err *err);

struct who_figures {
	struct identity_figures identity;
	struct who_wanted_figures wanted; /* with a filter */
};

void who__figures(const struct who *who, struct who_figures *ret_figures);

#endif
