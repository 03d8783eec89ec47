/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_HOST_CGROUP_INDEX_H
#define SRC_HOST_CGROUP_INDEX_H

/*
 * What is known about cgroups: id to path, of those that are there and, for a while, of those that are gone.
 * It owns the entries; both kinds are bounded by number, the dead also by the time since somebody asked for them.
 * The cgroup tree fills it from walks, handles and events; time is handed in, so that tests need not wait.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/map.h"
#include "host/cgroup.h"

#define CGROUP_INDEX_MAX_LIVE (1u << 17)
#define CGROUP_INDEX_MAX_DEAD (1u << 14)
#define CGROUP_INDEX_DEAD_NS (600 * 1000000000LL) /* dead that long unasked: forgotten */

struct cgroup_entry;

struct cgroup_index {
	struct map entries;          /* id -> struct cgroup_entry, owned */
	struct cgroup_entry *oldest; /* of the dead, in the order of their last use */
	struct cgroup_entry *newest;
	size_t live_count, dead_count;
	uint32_t generation;             /* of the current or last walk */
	struct cgroup_observer listener; /* told of every change; may not change the index */
};

void cgroup_index__init(struct cgroup_index *index, const struct cgroup_observer *listener);
void cgroup_index__done(struct cgroup_index *index);

/* The cgroup is there, at this path. -ENOSPC: there are too many; -ENOMEM. */
int cgroup_index__add(struct cgroup_index *index, uint64_t id, const char *path, int64_t now_ns);
/* It is gone; remembered from now on as dead. Unknown ids are no matter. */
void cgroup_index__remove(struct cgroup_index *index, uint64_t id, int64_t now_ns);
/* It was there and is gone already: remembered as dead, nobody is told. No matter if the id is known. */
int cgroup_index__add_dead(struct cgroup_index *index, uint64_t id, const char *path,
			   int64_t now_ns);
/* Path of the live or dead, or NULL. Asking keeps the dead. Borrowed until the next change. */
const char *cgroup_index__find(struct cgroup_index *index, uint64_t id, int64_t now_ns);
bool cgroup_index__is_live(const struct cgroup_index *index, uint64_t id);
/* Forgets the dead that nobody asked for, and the oldest of too many. */
void cgroup_index__collect(struct cgroup_index *index, int64_t now_ns);

/* A walk over all cgroups: begin, add each, end; whatever was not added in between is gone. */
void cgroup_index__begin_walk(struct cgroup_index *index);
void cgroup_index__end_walk(struct cgroup_index *index, int64_t now_ns);
/* Tells the observer of everything live. */
void cgroup_index__tell_all(const struct cgroup_index *index,
			    const struct cgroup_observer *observer);

#endif
