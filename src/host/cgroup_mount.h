/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_HOST_CGROUP_MOUNT_H
#define SRC_HOST_CGROUP_MOUNT_H

/*
 * Where the cgroup v2 hierarchy is mounted: alone at /sys/fs/cgroup, beside v1 (hybrid), or somewhere below.
 * A mount owns its directory descriptor and its texts; it reads ids as paths without any index when it may.
 * Only the cgroup tree has one.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"

struct cgroup_mount {
	int fd;       /* owned; the mount's directory */
	char *path;   /* owned; absolute, as the machine names it */
	char *prefix; /* owned; what our own paths have before that: "" unless the root is not ours */
	bool is_real;     /* the kernel's cgroup2, not a tree that looks like it (tests) */
	bool has_handles; /* file handles are ids, and we may open them */
};

#define CGROUP_MOUNT_INIT                                                                          \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* -ENOENT: no cgroup2 is mounted. */
int cgroup_mount__open(struct cgroup_mount *mount, int root_fd, struct err *err);
void cgroup_mount__close(struct cgroup_mount *mount);

/*
 * The path of an id, asked of the kernel by file handle: 0 with the text in out, -ENOENT when there is no such cgroup
 * (any more) below this mount, or another -errno when the kernel does not tell us.
 */
int cgroup_mount__resolve(const struct cgroup_mount *mount, uint64_t id, struct strbuf *out);

/* The file handle that kernfs gives a directory: its 64-bit id and nothing else. */
#define KERNFS_HANDLE_TYPE 0xfe
#define KERNFS_HANDLE_BYTES 8

#endif
