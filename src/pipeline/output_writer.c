/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/output_writer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "pipeline/output.h"

/* What waits for a reader before nothing more is made. */
#define FULL_BYTES (1u << 20)
/* What is kept of a buffer that is empty: a table of all files may have needed many times that. */
#define KEPT_BYTES ((size_t)1 << 20)

struct output_writer {
	struct output_writer_options options;
	struct strbuf text;
	size_t written; /* of the text */
	bool is_file;   /* it never makes anybody wait, and cannot be waited for */
	bool is_closed;
	struct loop_watch *watch; /* while there is more than the reader takes */
};

int output_writer__new(const struct output_writer_options *options,
		       struct output_writer **ret_writer, struct err *err)
{
	struct output_writer *writer = new_zero(struct output_writer);
	struct stat status;

	if (!writer)
		return err__set(err, -ENOMEM, NULL, "no memory for the output");
	writer->options = *options;
	writer->is_file = !options->port && fstat(options->fd, &status) == 0 &&
			  S_ISREG(status.st_mode);
	*ret_writer = writer;
	return 0;
}

struct output_writer *output_writer__free(struct output_writer *writer)
{
	if (!writer)
		return NULL;
	loop__remove(writer->options.loop, writer->watch);
	strbuf__done(&writer->text);
	free(writer);
	return NULL;
}

struct strbuf *output_writer__buffer(struct output_writer *writer)
{
	return &writer->text;
}

bool output_writer__is_full(const struct output_writer *writer)
{
	const struct output_port *port = writer->options.port;

	if (port && port->is_full(port->ctx))
		return true;
	return writer->text.len - writer->written >= FULL_BYTES;
}

/* Nobody reads, or nothing can be written: what comes is forgotten. */
static void close_it(struct output_writer *writer, int error)
{
	bool was_closed = writer->is_closed;

	writer->is_closed = true;
	writer->watch = loop__remove(writer->options.loop, writer->watch);
	if (!was_closed && writer->options.closed)
		writer->options.closed(writer->options.closed_ctx, error == -EPIPE ? 0 : error);
}

static bool takes_more(const struct output_writer *writer, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = writer->options.fd, .events = POLLOUT };

	return writer->is_file || (poll(&poll_fd, 1, timeout_ms) == 1 && poll_fd.revents != 0);
}

/*
 * A pipe or terminal that can be written to takes PIPE_BUF bytes at once without anybody having to wait (pipe(7));
 * of more it might not.
 */
static int write_some(struct output_writer *writer)
{
	size_t len = writer->text.len - writer->written;
	ssize_t put;

	if (!writer->is_file && len > PIPE_BUF)
		len = PIPE_BUF;
	put = write(writer->options.fd, writer->text.data + writer->written, len);
	if (put < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	writer->written += (size_t)put;
	return 0;
}

static void hand_over(struct output_writer *writer)
{
	const struct output_port *port = writer->options.port;

	if (writer->text.len > 0)
		port->put(port->ctx, writer->text.data, writer->text.len);
	strbuf__reset(&writer->text);
}

/* True: all of it is out. */
static bool write_out(struct output_writer *writer, int timeout_ms)
{
	if (writer->options.port) {
		hand_over(writer);
		return true;
	}
	while (!writer->is_closed && writer->written < writer->text.len) {
		int r;

		if (!takes_more(writer, timeout_ms))
			return false;
		r = write_some(writer);
		if (r < 0)
			close_it(writer, r);
	}
	if (writer->text.capacity > KEPT_BYTES)
		strbuf__done(&writer->text);
	strbuf__reset(&writer->text);
	writer->written = 0;
	return true;
}

static void on_room(void *ctx, int fd, uint32_t events)
{
	struct output_writer *writer = ctx;

	(void)fd;
	(void)events;
	output_writer__flush(writer);
	writer->options.room(writer->options.ctx);
}

void output_writer__flush(struct output_writer *writer)
{
	if (write_out(writer, 0)) {
		writer->watch = loop__remove(writer->options.loop, writer->watch);
		return;
	}
	/* What is out makes room for what comes. */
	if (writer->written > FULL_BYTES) {
		memmove(writer->text.data, writer->text.data + writer->written,
			writer->text.len - writer->written);
		writer->text.len -= writer->written;
		writer->written = 0;
	}
	/* Without a watch the next drain tries again. */
	if (!writer->watch)
		(void)loop__add_fd(writer->options.loop, writer->options.fd, EPOLLOUT, on_room,
				   writer, &writer->watch, NULL);
}

void output_writer__finish(struct output_writer *writer, int64_t timeout_ns)
{
	int64_t end_ns = clock_monotonic_ns() + timeout_ns;
	int64_t left_ns = timeout_ns;

	while (left_ns >= 0 && !write_out(writer, (int)(left_ns / NS_PER_MS)))
		left_ns = end_ns - clock_monotonic_ns();
}
