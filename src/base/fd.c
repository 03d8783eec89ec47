/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "base/mem.h"

#define FIRST_READ_BYTES 4096

void fd_closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd); /* the descriptor is gone whatever it says */
	*fd = -1;
	errno = saved;
}

int fd_open_read(int dir_fd, const char *path)
{
	int fd;

	do {
		fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

/* Until the end of the file or until size bytes are there. Number of bytes or -errno. */
static ssize_t read_up_to(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t got = read(fd, buf + len, size - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}

int fd_read_all(int dir_fd, const char *path, size_t max, char **ret_text, size_t *ret_len)
{
	__cleanup(fd_closep) int fd = fd_open_read(dir_fd, path);
	__cleanup(x_freep) char *text = NULL;
	size_t capacity = 0;
	size_t len = 0;

	if (fd < 0)
		return fd;
	if (max >= PTRDIFF_MAX)
		max = PTRDIFF_MAX - 1;

	/* stat() says 0 for /proc: read until the end, and one byte further to see what is too
	 * long. */
	for (;;) {
		size_t room;
		ssize_t got;

		if (mem_grow((void **)(void *)&text, &capacity, len + FIRST_READ_BYTES, 1) < 0)
			return -ENOMEM;
		room = capacity - 1 - len;
		if (room > max + 1 - len)
			room = max + 1 - len;
		got = read_up_to(fd, text + len, room);
		if (got < 0)
			return (int)got;
		len += (size_t)got;
		if (len > max)
			return -EFBIG;
		if ((size_t)got < room)
			break;
	}
	text[len] = '\0';
	*ret_text = take_ptr(text);
	if (ret_len)
		*ret_len = len;
	return 0;
}

ssize_t fd_read_small(int dir_fd, const char *path, char *buf, size_t size)
{
	__cleanup(fd_closep) int fd = -1;
	ssize_t len;

	if (size == 0)
		return -EINVAL;
	fd = fd_open_read(dir_fd, path);
	if (fd < 0)
		return fd;
	len = read_up_to(fd, buf, size - 1);
	if (len >= 0)
		buf[len] = '\0';
	return len;
}

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *bytes = data;

	while (len) {
		ssize_t done = write(fd, bytes, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		bytes += done;
		len -= (size_t)done;
	}
	return 0;
}
