/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_HOST_CGROUP_EVENTS_H
#define SRC_HOST_CGROUP_EVENTS_H

/*
 * Creation and removal of cgroups as the kernel tells them, by fanotify on the hierarchy's own filesystem.
 * It owns nothing: the descriptor is the caller's. Only the cgroup tree reads one.
 */

#include <stdint.h>
#include "base/err.h"
#include "host/cgroup_mount.h"

/* A directory, by its parent's id and its name there. */
struct cgroup_event {
	uint64_t parent_id;
	uint64_t
		id; /* 0: not told, which is so for creation on all kernels so far (seen up to 6.18) */
	const char *name;
};

struct cgroup_event_handler {
	void (*created)(void *ctx, const struct cgroup_event *event);
	void (*removed)(void *ctx, const struct cgroup_event *event);
	void (*overflowed)(void *ctx); /* the kernel dropped events: look at everything again */
	void *ctx;
};

/* A descriptor, or -EOPNOTSUPP with the reason in err. */
int cgroup_events__open(const struct cgroup_mount *mount, struct err *err);
/* Reads what is there, without waiting. 0 or -errno. */
int cgroup_events__read(int fd, const struct cgroup_event_handler *handler);

#endif
