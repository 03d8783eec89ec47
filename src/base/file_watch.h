/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_FILE_WATCH_H
#define SRC_BASE_FILE_WATCH_H

/*
 * Files that somebody may change by whatever means: in place, by another that takes their name, or by a symbolic link that
 * all of them are behind (a mounted ConfigMap has "..data"). It owns an inotify descriptor, a timer and copies of the paths.
 * cmd/session.c reads configs again when it is told.
 */

#include "base/err.h"

#define FILE_WATCH_MAX 4096 /* names and directories */

struct loop;
struct file_watch;

/* A moment after a change, so that one call tells of several that come together. */
typedef void (*file_watch_fn)(void *ctx);

/* Of what is in directories, names that end so count. */
int file_watch__new(struct loop *loop, const char *suffix, file_watch_fn changed, void *ctx,
		    struct file_watch **ret_watch, struct err *err);
/* A file or a directory, also one that is not there yet or comes back; again is harmless. -ENOSPC: there are FILE_WATCH_MAX. */
int file_watch__add(struct file_watch *watch, const char *path, struct err *err);
/* NULL is accepted, and returned. */
struct file_watch *file_watch__free(struct file_watch *watch);

#endif
