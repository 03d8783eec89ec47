/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_ENRICH_CGROUP_PATH_H
#define SRC_ENRICH_CGROUP_PATH_H

/*
 * What the path of a cgroup says by itself: which container, pod and systemd unit it is of. Pure: a path in, words out.
 * The words are slices of the path, or (a pod's uid, an unescaped name) of the caller's buffer; nothing is owned.
 * The identity table reads every new path with it; runtimes then fill in the names.
 */

#include <stdbool.h>
#include <stddef.h>

/* Who made the container, as far as the path tells. */
enum container_runtime {
	CONTAINER_RUNTIME_NONE,    /* no container */
	CONTAINER_RUNTIME_UNKNOWN, /* a container by its id, of whom the path does not say */
	CONTAINER_RUNTIME_CONTAINERD,
	CONTAINER_RUNTIME_CRIO,
	CONTAINER_RUNTIME_DOCKER,
	CONTAINER_RUNTIME_LXC,
	CONTAINER_RUNTIME_NSPAWN,
	CONTAINER_RUNTIME_PODMAN,
	CONTAINER_RUNTIME_COUNT,
};

/* "docker"; "" of NONE and UNKNOWN. */
const char *container_runtime_name(enum container_runtime runtime);

struct path_word {
	const char *at;
	size_t len; /* 0: there is none */
};

#define POD_UID_LEN                                                                                \
	36 /* 8-4-4-4-12 hexadecimal digits; static pods have 32 digits without dashes */

struct cgroup_path {
	enum container_runtime runtime;
	struct path_word container; /* id: 64 hexadecimal digits, or a name (LXC, nspawn) */
	struct path_word pod_uid;
	struct path_word unit;      /* of the system manager: "sshd.service", "session-2.scope" */
	struct path_word user_unit; /* of a user's manager below it */
	struct path_word slice;     /* the innermost slice around the unit; "system.slice" */
	char pod_uid_text[POD_UID_LEN +
			  1]; /* storage of pod_uid where the path writes it otherwise */
};

/* Of nested containers the innermost. Mount points before the cgroup's own path do no harm. */
void cgroup_path_read(const char *path, struct cgroup_path *ret_words);
/* Whether this is the directory of the container itself, not one that was made below it. */
bool cgroup_path_is_container(const struct cgroup_path *words, const char *path);

#endif
