/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_ENRICH_IDENTITY_H
#define SRC_ENRICH_IDENTITY_H

/*
 * Who a cgroup is: one table from cgroup ids to containers, pods and systemd units, with mount and network namespace
 * ids as second keys. It owns all that it tells; what is gone stays for as long as something may still name it, within
 * bounds. Pure user space: pipeline/ feeds it with what the kernel and the runtimes say, and hands in the time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "enrich/container.h"

struct identity_table;

/* Of one cgroup. Texts are never NULL; everything is borrowed until the table is changed. */
struct identity {
	uint64_t cgroup_id;
	const char *path;
	const char *unit, *user_unit, *slice; /* of systemd, or "" */
	/* The nearest one above, or NULL. A cgroup below a container's own is that container, too. */
	const struct container *container;
	const struct pod *pod;       /* also of the pod's own cgroup, or NULL */
	uint64_t mntns_id, netns_id; /* 0: not known */
	bool is_dead;
};

/* 0: the default. */
struct identity_options {
	size_t live_limit; /* cgroups; 131,072 */
	size_t dead_limit; /* cgroups that are gone, and containers that no cgroup came for yet; 16,384 */
	int64_t dead_ns; /* how long either is remembered unasked; 10 minutes */
};

/* The functions may look things up; they must not change the table. The id of a cgroup that is gone may be another's by
 * then. */
struct identity_observer {
	void (*seen)(void *ctx,
		     const struct identity *identity); /* its container's first cgroup came */
	void (*named)(
		void *ctx,
		const struct identity *identity); /* name of container or pod came, or changed */
	void (*gone)(void *ctx,
		     const struct identity *identity); /* its container's last cgroup went */
	void *ctx;
};

struct identity_figures {
	uint64_t cgroups, dead_cgroups;
	uint64_t containers;         /* that have a cgroup */
	uint64_t dead_containers;    /* remembered */
	uint64_t waiting_containers; /* told of, no cgroup seen */
	uint64_t pods;
	uint64_t lookups, misses;
	uint64_t named_late; /* containers whose name came after their first cgroup */
	int64_t late_ns;     /* sum of how much after */
	uint64_t refused;    /* cgroups beyond live_limit */
	uint64_t forgotten;  /* dead ones that had to go before their time */
	uint64_t labels_left_out;
	uint64_t bytes; /* of the heap, all together */
};

int identity_table__new(const struct identity_options *options, struct identity_table **ret_table,
			struct err *err);
struct identity_table *identity_table__free(struct identity_table *table);

/* From the kernel or a walk, in any order and as often as wanted; an id with another path is another cgroup. Mount
 * points before the cgroup's own path do no harm. 0, -ENOSPC (counted) or -ENOMEM. */
int identity_table__add_cgroup(struct identity_table *table, uint64_t id, const char *path,
			       int64_t now_ns);
void identity_table__remove_cgroup(struct identity_table *table, uint64_t id, int64_t now_ns);
/* Namespaces of the machine's first process say nothing: everybody is in them. 0: not known. */
void identity_table__set_host_namespaces(struct identity_table *table, uint64_t mntns_id,
					 uint64_t netns_id);
bool identity_table__has_host_mntns(const struct identity_table *table);
bool identity_table__is_host_mntns(const struct identity_table *table, uint64_t mntns_id);
/* Namespaces of a process in the cgroup; 0: not known. */
void identity_table__see_namespaces(struct identity_table *table, uint64_t cgroup_id,
				    uint64_t mntns_id, uint64_t netns_id);
/* A runtime's answer, also before the container's cgroup came. 0, -EINVAL (no usable id), -E2BIG or -ENOMEM. */
int identity_table__tell(struct identity_table *table, const struct container_info *info,
			 int64_t now_ns);
/* Forgets what is old; once in a while. */
void identity_table__tidy(struct identity_table *table, int64_t now_ns);

/* Live or remembered, or NULL. */
const struct identity *identity_table__find(struct identity_table *table, uint64_t cgroup_id);
/* Of a mount namespace the container; of a network namespace one of the containers in it, which have only the pod in
 * common. */
const struct identity *identity_table__find_mntns(struct identity_table *table, uint64_t mntns_id);
const struct identity *identity_table__find_netns(struct identity_table *table, uint64_t netns_id);
/* Those that are live, one by one, from a cursor that starts at 0; NULL: that was all. The table must not be changed
 * meanwhile. */
const struct identity *identity_table__next(const struct identity_table *table, size_t *cursor);

/* seen() is called at once for every container that is there. 0 or -ENOMEM. */
int identity_table__subscribe(struct identity_table *table,
			      const struct identity_observer *observer);
/* By its ctx. */
void identity_table__unsubscribe(struct identity_table *table, const void *ctx);
struct identity_figures identity_table__figures(const struct identity_table *table);

#endif
