/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what the iterators of an object write. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "program/private.h"

#define READ_BYTES (64u << 10)

/* Its one link. -ENOENT: there is none. */
static int find_link(const struct program *program, const char *iterator)
{
	const struct program_part *part = program__find_part(program, iterator);

	if (!part || part->view.state != PART_STATE_ATTACHED || part->links.links.len == 0 ||
	    !part->links.links.items[0].library)
		return -ENOENT;
	return bpf_link__fd(part->links.links.items[0].library);
}

/* A read may end within a row: what is left of it goes to the beginning of the buffer. */
static int read_rows(int fd, char *buffer, size_t row_bytes, int (*run)(void *ctx, const void *row),
		     void *ctx)
{
	size_t len = 0;

	for (;;) {
		ssize_t got = read(fd, buffer + len, READ_BYTES - len);
		size_t at = 0;

		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue; /* EAGAIN: the kernel has other things to do in between */
		if (got < 0)
			return -errno;
		if (got == 0)
			return len ? -EPROTO : 0;
		for (len += (size_t)got; len - at >= row_bytes; at += row_bytes) {
			int r = run(ctx, buffer + at);

			if (r < 0)
				return r;
		}
		len -= at;
		memmove(buffer, buffer + at, len);
	}
}

int program__iterate(struct program *program, const char *iterator, size_t row_bytes,
		     int (*run)(void *ctx, const void *row), void *ctx, struct err *err)
{
	__cleanup(x_freep) char *buffer = new_array(char, READ_BYTES);
	__cleanup(fd_closep) int fd = -1;
	int link = find_link(program, iterator);
	int r;

	if (link < 0)
		return err__set(err, link, NULL, "iterator '%s' is not attached", iterator);
	if (!buffer)
		return err__set(err, -ENOMEM, NULL, "no memory to read iterator '%s'", iterator);
	if (row_bytes == 0 || row_bytes > READ_BYTES)
		return err__set(err, -EINVAL, NULL, "iterator '%s' has rows of %zu bytes", iterator,
				row_bytes);
	fd = bpf_iter_create(link);
	if (fd < 0) {
		r = fd;
		fd = -1;
		return err__set(err, r, NULL, "iterator '%s' cannot be read: %s", iterator,
				strerror(-r));
	}
	r = read_rows(fd, buffer, row_bytes, run, ctx);
	if (r < 0)
		return err__set(err, r, NULL, "iterator '%s' cannot be read to its end: %s",
				iterator, strerror(-r));
	return 0;
}
