/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_HOST_CGROUP_H
#define SRC_HOST_CGROUP_H

/*
 * The cgroup v2 hierarchy: id (inode) to absolute path, on pure v2, hybrid and nested mounts.
 * It owns the index, the remembered dead (bounded by number and age) and a fanotify descriptor when the kernel
 * gives one. Decoders look up; feeds subscribe; pipeline/ puts event_fd on the loop.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct cgroup_tree;
struct cgroup_watch;

/* The functions may call __find() and __open_dir(), which then look no further than at what is known; nothing else. */
struct cgroup_observer {
	/* Called for every cgroup that is there at subscription, and for every later one. */
	void (*added)(void *ctx, uint64_t id, const char *path);
	void (*removed)(void *ctx, uint64_t id, const char *path);
	void *ctx;
};

int cgroup_tree__open(int root_fd, struct cgroup_tree **ret_tree, struct err *err);
struct cgroup_tree *cgroup_tree__close(struct cgroup_tree *tree);

/* Absolute path ("/sys/fs/cgroup/..."; of a directory that is gone, for as long as it is remembered), or NULL.
 * A miss re-walks the tree, rate-limited. Borrowed until the next call. */
const char *cgroup_tree__find(struct cgroup_tree *tree, uint64_t id);
/* Whether creation and removal are told by the kernel (fanotify); otherwise names are found on demand. */
bool cgroup_tree__is_live(const struct cgroup_tree *tree);
/* Descriptor to poll for changes, -1 when not live; then call __run(). */
int cgroup_tree__event_fd(const struct cgroup_tree *tree);
void cgroup_tree__run(struct cgroup_tree *tree);
/* -EOPNOTSUPP with a reason when not live. */
int cgroup_tree__subscribe(struct cgroup_tree *tree, const struct cgroup_observer *observer,
			   struct cgroup_watch **ret_watch, struct err *err);
/* Also where it is not live: then changes are told when a walk or a question finds them. -ENOMEM. */
int cgroup_tree__subscribe_anyway(struct cgroup_tree *tree, const struct cgroup_observer *observer,
				  struct cgroup_watch **ret_watch, struct err *err);
/* Walks, for those who subscribed anyway. */
void cgroup_tree__look_around(struct cgroup_tree *tree);
/* Where the hierarchy is mounted: what all paths begin with. */
const char *cgroup_tree__mount_path(const struct cgroup_tree *tree);
struct cgroup_watch *cgroup_tree__unsubscribe(struct cgroup_tree *tree, struct cgroup_watch *watch);
/* An open directory descriptor of the cgroup (for maps keyed by descriptor), or -errno. Caller closes. */
int cgroup_tree__open_dir(struct cgroup_tree *tree, uint64_t id);
size_t cgroup_tree__count(const struct cgroup_tree *tree);

#endif
