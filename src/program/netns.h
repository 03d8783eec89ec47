/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_NETNS_H
#define SRC_PROGRAM_NETNS_H

/*
 * Doing something inside another network namespace, and finding the interfaces that lead to it.
 * It owns nothing after a call. The attach families of sockets and interfaces and the iterators call it.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

/*
 * Runs run(ctx) in that namespace and returns what it returns; what it opens stays there. It runs on a thread of its
 * own, which ends before this returns: a thread that could not get back would be in the wrong namespace for ever.
 * -EPERM: that wants CAP_SYS_ADMIN.
 */
int netns_run(int netns_fd, int (*run)(void *ctx), void *ctx, struct err *err);

/* Indexes, in our own namespace, of the interfaces whose other end is in that one: of a container's veth pairs our side.
 * How many, at most max, or -errno. */
int netns_find_peers(int netns_fd, uint32_t *indexes, size_t max, struct err *err);

#endif
