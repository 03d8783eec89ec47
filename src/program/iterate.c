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
#include "program/netns.h"
#include "program/private.h"

#define READ_BYTES (64u << 10)

/* The part and its one link. -ENOENT: there is none. */
static int find_link(const struct program *program, const char *iterator,
		     const struct program_part **ret_part)
{
	const struct program_part *part = program__find_part(program, iterator);

	if (!part || part->view.state != PART_STATE_ATTACHED || part->links.links.len == 0 ||
	    !part->links.links.items[0].library)
		return -ENOENT;
	*ret_part = part;
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

struct reading {
	const char *iterator;
	int link;
	char *buffer; /* READ_BYTES */
	size_t row_bytes;
	int (*run)(void *ctx, const void *row);
	void *ctx;
};

static int create(void *ctx)
{
	const struct reading *reading = ctx;
	int fd = bpf_iter_create(reading->link);

	return fd < 0 ? -errno : fd;
}

/* Where it is opened is what it walks, wherever it is read then. */
static int read_in(struct reading *reading, int netns_fd, struct err *err)
{
	__cleanup(fd_closep) int fd = netns_fd < 0 ? create(reading)
						   : netns_run(netns_fd, create, reading, err);
	int r;

	if (fd < 0)
		return err__is_set(err)
			       ? fd
			       : err__set(err, fd, NULL, "iterator '%s' cannot be read: %s",
					  reading->iterator, strerror(-fd));
	r = read_rows(fd, reading->buffer, reading->row_bytes, reading->run, reading->ctx);
	if (r < 0)
		return err__set(err, r, NULL, "iterator '%s' cannot be read to its end: %s",
				reading->iterator, strerror(-r));
	return 0;
}

/* One place after another. A namespace that cannot be entered does not hide the others; its error is told at last. */
static int read_places(const struct program *program, const struct program_part *part,
		       struct reading *reading, bool *ret_is_following, struct err *err)
{
	int failed = 0;

	*ret_is_following = false;
	vec_for_each(&program->followed, followed) {
		if (followed->part != part)
			continue;
		vec_for_each(&followed->places, place) {
			int r = read_in(reading, (*place)->place.fd, failed < 0 ? NULL : err);

			*ret_is_following = true;
			if (r < 0)
				failed = r;
		}
	}
	return failed;
}

int program__iterate(struct program *program, const char *iterator, size_t row_bytes,
		     int (*run)(void *ctx, const void *row), void *ctx, struct err *err)
{
	__cleanup(x_freep) char *buffer = new_array(char, READ_BYTES);
	const struct program_part *part = NULL;
	struct reading reading = { .iterator = iterator,
				   .link = find_link(program, iterator, &part),
				   .buffer = buffer,
				   .row_bytes = row_bytes,
				   .run = run,
				   .ctx = ctx };
	bool is_following;
	int r;

	if (reading.link < 0)
		return err__set(err, reading.link, NULL, "iterator '%s' is not attached", iterator);
	if (!buffer)
		return err__set(err, -ENOMEM, NULL, "no memory to read iterator '%s'", iterator);
	if (row_bytes == 0 || row_bytes > READ_BYTES)
		return err__set(err, -EINVAL, NULL, "iterator '%s' has rows of %zu bytes", iterator,
				row_bytes);
	r = read_places(program, part, &reading, &is_following, err);
	return is_following ? r : read_in(&reading, -1, err);
}
