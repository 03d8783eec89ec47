/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_WHO_WANTED_H
#define SRC_PIPELINE_WHO_WANTED_H

/*
 * The filters by who, as programs see them: one map from cgroup ids to bits, a bit for each filter that wants the cgroup;
 * and for gadgets, which ask by mount namespace, a set of those. There is the filter of the command line, which holds for
 * all, and a wish of a config beyond that. It owns the maps and the wishes; the command line's filter is borrowed.
 * who.c tells it of cgroups as they come, get their names and go; programs are lent a map before they are loaded.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "pipeline/who_filter.h"

struct host;
struct identity;
struct identity_table;
struct program;
struct who_wanted;
struct who_wish;

#define WHO_WANTED_MAX 16384 /* cgroups that are wanted at once, and mount namespaces */

struct who_wanted_options {
	const struct who_filter *filter; /* of the command line; may be empty */
	struct host *host;
	const struct identity_table *table; /* of all that are there; borrowed */
	uint32_t max;                       /* 0: WHO_WANTED_MAX */
};

struct who_wanted_figures {
	uint64_t wanted; /* cgroups that are now */
	uint64_t mntns;  /* mount namespaces that are, for gadgets */
	uint64_t
		left_out; /* cgroups that should be, but found no room, or their namespace did not */
	uint64_t refused; /* how many ever were that */
};

int who_wanted__new(const struct who_wanted_options *options, struct who_wanted **ret,
		    struct err *err);
struct who_wanted *who_wanted__free(struct who_wanted *wanted);

/* What a config wants, within what the command line does; count 0: the same as that. Wishes that are equal are one.
 * -ENOSPC: there are too many that differ. */
int who_wanted__wish(struct who_wanted *wanted, const struct wanted_spec *specs, uint32_t count,
		     struct who_wish **ret_wish, struct err *err);
/* Takes it back, as often as it was made; after its programs have ended. Before who_wanted__free(). Returns NULL. */
struct who_wish *who_wish__drop(struct who_wish *wish);

/* It is there, or something of it has changed. */
void who_wanted__see(struct who_wanted *wanted, const struct identity *identity);
void who_wanted__remove(struct who_wanted *wanted, uint64_t cgroup_id);
/* A mount namespace went with its first process. */
void who_wanted__forget_mntns(struct who_wanted *wanted, uint32_t mntns_id);
/* Names of containers came: looks at all again that are in one. */
void who_wanted__review(struct who_wanted *wanted);

/* Those that were left out get the room of others that went since; once in a while. */
void who_wanted__retry(struct who_wanted *wanted);

/* Whether that program asks by mount namespace: then it takes that processes are told, too. */
bool who_wanted_needs_processes(const struct program *program);
/* Between plan and load. -EOPNOTSUPP: the program does not ask who somebody is, or not so that it could tell; the reason
 * says so. */
int who_wanted__lend(struct who_wanted *wanted, struct who_wish *wish, struct program *program,
		     const char *config, struct err *err);
/* The engine, which lets a container's namespace in at its first exec, before anybody up here could. */
int who_wanted__lend_engine(struct who_wanted *wanted, struct program *engine, struct err *err);
struct who_wanted_figures who_wanted__figures(const struct who_wanted *wanted);

#endif
