/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_ENRICH_CONTAINER_H
#define SRC_ENRICH_CONTAINER_H

/*
 * Containers and pods by their ids, with the names that runtimes tell of them, sooner or later.
 * The set owns all texts; a container stays for as long as a cgroup of it is remembered, or waits a while for its first
 * one. Only the identity table has a set; what others see of a container are the two structs at the top.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/map.h"

struct label_pair {
	const char *key, *value;
};

/* What a runtime tells. Everything is borrowed for the call; NULL and 0: it does not say. */
struct container_info {
	const char *id, *name, *runtime, *image, *image_digest;
	const char *pod_uid, *pod_name, *pod_namespace;
	const struct label_pair *labels;
	uint32_t label_count;
	uint32_t pid;
	int64_t started_ns; /* since the epoch */
	uint64_t mntns_id, netns_id;
	bool is_sandbox; /* of a pod: holds its namespaces and does nothing */
	bool is_host_network;
};

struct pod {
	const char *uid;              /* "" when nobody says */
	const char *name, *namespace; /* NULL: not known yet */
};

/* Texts live until the table is told of the same container again, or forgets it. */
struct container {
	const char *id;
	const char *name;                 /* NULL: not known yet */
	const char *runtime;              /* "" when nobody says */
	const char *image, *image_digest; /* NULL: not known (yet, unless is_told) */
	const struct pod *pod;            /* or NULL */
	const struct label_pair *labels;
	uint32_t label_count;
	uint32_t pid;
	int64_t started_ns;
	uint64_t mntns_id, netns_id;
	bool is_told; /* a runtime has answered */
	bool is_sandbox, is_host_network;
};

/* One of its containers that a runtime has told of, with whose labels come those of the pod; NULL: there is none. */
const struct container *pod__told_container(const struct pod *pod);

/* ---- the set: of the identity table ---- */

#define CONTAINER_MAX_TEXT_BYTES (32u << 10) /* of one; labels that do not fit are left out */
#define CONTAINER_MAX_ID_BYTES 256

struct cgroup_entry; /* identity.c */

struct pod_entry {
	struct pod shown;
	char *name, *namespace;             /* owned */
	struct container_entry *containers; /* by next_of_pod */
	uint32_t references;                /* containers, and cgroups of the pod itself */
	size_t key_len;
	char key[]; /* its uid, or "namespace/name" of one without */
};

struct container_entry {
	struct container shown;
	struct pod_entry *pod; /* referenced, or NULL */
	struct container_entry *next_of_pod;
	struct cgroup_entry *cgroups;          /* remembered ones, by the table */
	uint32_t live_cgroups;                 /* of these */
	struct container_entry *older, *newer; /* while it waits for its first cgroup */
	bool is_waiting;
	int64_t seen_ns; /* when its first cgroup came; of a waiting one when it was told */
	void *told;      /* owned: texts and labels of shown */
	size_t told_bytes;
	char id[];
};

struct container_set {
	struct map containers;                   /* id → owned struct container_entry */
	struct map pods;                         /* key → owned struct pod_entry */
	struct container_entry *oldest, *newest; /* waiting */
	size_t waiting;
	uint64_t labels_left_out;
	size_t bytes; /* of containers and pods, with their texts */
};

/* A container by what its cgroup's path says; made if there is none. pod_uid may be "". NULL: no memory. */
struct container_entry *container_set__get(struct container_set *set, const char *id,
					   const char *runtime, const char *pod_uid);
/* Merges an answer; what it does not say stays. -EINVAL: it has no usable id; -ENOMEM. The container then waits unless
 * it has cgroups. */
int container_set__tell(struct container_set *set, const struct container_info *info,
			int64_t now_ns, struct container_entry **ret_entry);
struct container_entry *container_set__find(const struct container_set *set, const char *id);
/* It has a cgroup now. */
void container_set__stop_waiting(struct container_set *set, struct container_entry *entry);
/* Of one without cgroups. */
void container_set__drop(struct container_set *set, struct container_entry *entry);
/* A reference to the pod with this uid; NULL: no memory. */
struct pod_entry *container_set__get_pod(struct container_set *set, const char *uid);
void container_set__put_pod(struct container_set *set, struct pod_entry *pod);
/* What all takes of the heap. */
size_t container_set__bytes(const struct container_set *set);
/* All of them; nobody may look at any afterwards. */
void container_set__done(struct container_set *set);

#endif
