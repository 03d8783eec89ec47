/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_WHO_WANTED_H
#define SRC_PIPELINE_WHO_WANTED_H

/*
 * The filters by who, as programs see them: one map from cgroup ids to bits, of those that somebody wants.
 * It owns the map and the list of cgroups that are there; the filter is borrowed. who.c tells it of cgroups as they come,
 * get their names and go; programs are lent the map before they are loaded.
 */

#include <stdint.h>
#include "base/err.h"
#include "pipeline/who_filter.h"

struct host;
struct identity;
struct identity_table;
struct program;
struct who_wanted;

/* Of a cgroup's mask. Others are for filters of single configs and policies, once there are any. */
#define WHO_WANTED_BY_COMMAND_LINE (1ull << 0)

#define WHO_WANTED_MAX 16384 /* cgroups that are wanted at once */

struct who_wanted_figures {
	uint64_t wanted;  /* cgroups that are now */
	uint64_t refused; /* cgroups that should be, but found no room */
};

int who_wanted__new(const struct who_filter *filter, struct host *host, struct who_wanted **ret,
		    struct err *err);
struct who_wanted *who_wanted__free(struct who_wanted *wanted);

/* It is there, or something of it has changed. */
void who_wanted__see(struct who_wanted *wanted, const struct identity *identity);
void who_wanted__remove(struct who_wanted *wanted, uint64_t cgroup_id);
/* Names of containers came: looks at all again whose container has changed. */
void who_wanted__review(struct who_wanted *wanted, struct identity_table *table);

/* Before load. -EOPNOTSUPP: the program does not ask who somebody is; the reason says so. */
int who_wanted__lend(struct who_wanted *wanted, struct program *program, const char *config,
		     struct err *err);
struct who_wanted_figures who_wanted__figures(const struct who_wanted *wanted);

#endif
