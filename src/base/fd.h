/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_FD_H
#define SRC_BASE_FD_H

/*
 * File descriptors: cleanup, hand-over, bounded reading. It owns nothing. Everything is opened with
 * O_CLOEXEC.
 */

#include <stddef.h>
#include <sys/types.h>

void fd_closep(int *fd); /* closes when >= 0, keeps errno, leaves -1 */

/* take_fd(fd): returns fd and sets it to -1: ownership moves to the receiver. */
#define take_fd(fd)                                                                                \
	({                                                                                         \
		int *take_fd_from = &(fd);                                                         \
		int take_fd_value = *take_fd_from;                                                 \
		*take_fd_from = -1;                                                                \
		take_fd_value;                                                                     \
	})

/* Opens path relative to dir_fd (AT_FDCWD: as usual), read-only. fd or -errno. */
int fd_open_read(int dir_fd, const char *path);
/* The whole file, NUL-terminated, at most max bytes (-EFBIG beyond). For /proc files too. Caller
 * frees *ret_text. */
int fd_read_all(int dir_fd, const char *path, size_t max, char **ret_text, size_t *ret_len);
/* Reads at most size-1 bytes into buf and terminates: for small files, without allocation. Length
 * or -errno. */
ssize_t fd_read_small(int dir_fd, const char *path, char *buf, size_t size);
int fd_write_all(int fd, const void *data, size_t len);

#endif
