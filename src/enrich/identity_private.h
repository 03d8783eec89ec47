/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_ENRICH_IDENTITY_PRIVATE_H
#define SRC_ENRICH_IDENTITY_PRIVATE_H

/*
 * The inside of the table of identities, shared by the files identity*.c; nobody else includes it.
 * The table owns its entries; what leads to them by namespaces is borrowed from those.
 */

#include "base/map.h"
#include "base/vec.h"
#include "enrich/identity.h"

struct cgroup_entry {
	struct identity shown;
	struct container_entry *container; /* or NULL */
	struct pod_entry *pod;             /* of a pod's own cgroup: referenced; or NULL */
	struct cgroup_entry *next_of_container;
	struct cgroup_entry *older, *newer; /* dead: neighbours by used_ns */
	int64_t used_ns;                    /* dead: when somebody asked last */
	size_t size;                        /* of this, with its texts */
	bool is_top;                        /* the container's own cgroup, none below it */
	char texts[];                       /* path, unit, user unit, slice */
};

struct identity_table {
	struct identity_options options;
	struct map cgroups;      /* id → owned struct cgroup_entry */
	struct map mntns, netns; /* id → struct cgroup_entry, borrowed from cgroups */
	uint64_t host_mntns_id, host_netns_id; /* 0: not known */
	struct container_set containers;
	struct cgroup_entry *oldest, *newest; /* dead */
	size_t live_count, dead_count;
	size_t entry_bytes;
	VEC(struct identity_observer) observers;
	int64_t now_ns;                  /* the latest time that somebody handed in */
	struct identity_figures figures; /* those that are counted on the way */
};

/* identity_namespaces.c */
enum key_kind { KEY_MNTNS, KEY_NETNS };
/* The entry has that namespace now; 0: nothing is known, and nothing changes. */
void identity_table__set_key(struct identity_table *table, struct cgroup_entry *entry,
			     enum key_kind kind, uint64_t id);
/* The entry goes: somebody else in the same namespace takes over, if there is one. */
void identity_table__drop_key(struct identity_table *table, struct cgroup_entry *entry,
			      enum key_kind kind);

#endif
