/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_WHO_MNTNS_H
#define SRC_PIPELINE_WHO_MNTNS_H

/*
 * The mount namespaces of those who are wanted, as gadgets filter by them: one map that has these and no others.
 * It owns the map and knows by which cgroups each namespace is there, for a container may have several.
 * who_wanted.c keeps one for each filter that such a program was lent.
 */

#include <stdint.h>
#include "base/err.h"

struct shared_map;
struct who_mntns;

int who_mntns__new(uint32_t max_entries, struct who_mntns **ret_set, struct err *err);
struct who_mntns *who_mntns__free(struct who_mntns *set);

/* The cgroup's namespace is in it from now on, and the one that it brought before is not; 0: it brings none. 0, -E2BIG
 * (no room) or another -errno. */
int who_mntns__set(struct who_mntns *set, uint64_t cgroup_id, uint32_t mntns_id);
/* The namespace is gone, and its number will be another's. */
void who_mntns__forget(struct who_mntns *set, uint32_t mntns_id);
uint32_t who_mntns__count(const struct who_mntns *set);
/* To lend it to programs. Borrowed. */
const struct shared_map *who_mntns__map(const struct who_mntns *set);

#endif
