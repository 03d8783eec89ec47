/* SPDX-License-Identifier: Apache-2.0 */
#include "web/control_client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"

#define READ_BYTES (64u << 10)
/* So much of a batch is written on the way: lines of a stream do not cost a system call each. */
#define FLUSH_BYTES (64u << 10)
/* Beyond this a buffer that is empty gives its memory back. */
#define KEEP_BYTES (256u << 10)

struct control_client *control_client__new(struct control_server *server, int fd)
{
	struct control_client *client = new_zero(struct control_client);

	if (!client) {
		fd_closep(&fd);
		return NULL;
	}
	client->server = server;
	client->fd = fd;
	client->since_ns = clock_monotonic_ns();
	client->next = server->clients;
	if (client->next)
		client->next->previous = client;
	server->clients = client;
	return client;
}

struct control_client *control_client__free(struct control_client *client)
{
	if (!client)
		return NULL;
	if (client->previous)
		client->previous->next = client->next;
	else
		client->server->clients = client->next;
	if (client->next)
		client->next->previous = client->previous;
	loop__remove(client->server->options.loop, client->watch);
	fd_closep(&client->fd);
	if (client->is_streaming)
		client->stream.closed(client->stream.ctx);
	strbuf__done(&client->in);
	strbuf__done(&client->out);
	free(client);
	return NULL;
}

size_t control_client__waiting(const struct control_client *client)
{
	return client->out.len - client->written;
}

/* ---- lines in ------------------------------------------------------------------------------------------- */

int control_client__read(struct control_client *client)
{
	size_t max = client->server->options.max_line_bytes + 1;

	while (!client->has_eof && client->in.len < max) {
		size_t want = max - client->in.len < READ_BYTES ? max - client->in.len : READ_BYTES;
		char *room = strbuf__reserve(&client->in, want);
		ssize_t len;

		if (!room)
			return -ENOMEM;
		len = recv(client->fd, room, want, MSG_DONTWAIT);
		if (len < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		if (client->in.len == 0)
			client->since_ns = clock_monotonic_ns();
		client->has_eof = len == 0;
		client->in.len += (size_t)len;
		if (len > 0 && memchr(room, '\n', (size_t)len))
			return 0;
	}
	return 0;
}

ssize_t control_client__line(struct control_client *client)
{
	const char *from = client->in.data + client->searched;
	const char *newline = client->in.len > client->searched
				      ? memchr(from, '\n', client->in.len - client->searched)
				      : NULL;

	if (newline)
		return newline - client->in.data;
	client->searched = client->in.len;
	return client->in.len > client->server->options.max_line_bytes ? -EMSGSIZE : -EAGAIN;
}

void control_client__drop_line(struct control_client *client, size_t len)
{
	size_t whole = len + 1;

	memmove(client->in.data, client->in.data + whole, client->in.len - whole);
	client->in.len -= whole;
	client->searched = 0;
	if (client->in.len == 0 && client->in.capacity > KEEP_BYTES)
		strbuf__done(&client->in);
}

/* ---- lines out ------------------------------------------------------------------------------------------ */

/* Takes away what is written, now and then. */
static void compact(struct control_client *client)
{
	if (client->written == client->out.len) {
		client->out.len = client->written = 0;
		if (client->out.capacity > KEEP_BYTES)
			strbuf__done(&client->out);
	} else if (client->written > client->out.len / 2) {
		memmove(client->out.data, client->out.data + client->written,
			client->out.len - client->written);
		client->out.len -= client->written;
		client->written = 0;
	}
}

static void write_out(struct control_client *client)
{
	while (control_client__waiting(client) > 0 && !client->is_broken) {
		ssize_t len = send(client->fd, client->out.data + client->written,
				   control_client__waiting(client), MSG_DONTWAIT | MSG_NOSIGNAL);

		if (len > 0) {
			client->written += (size_t)len;
			client->since_ns = clock_monotonic_ns();
		} else if (errno == EAGAIN) {
			break;
		} else if (errno != EINTR) {
			client->is_broken = true;
			/* The loop hears of it and ends the client; whoever sends may not. */
			(void)shutdown(client->fd, SHUT_RDWR);
		}
	}
	compact(client);
}

static void tell_dropped(struct control_client *client)
{
	if (client->untold == 0)
		return;
	strbuf__printf(&client->out, "{\"dropped\":%llu}\n", (unsigned long long)client->untold);
	client->untold = 0;
}

void control_client__flush(struct control_client *client)
{
	if (client->is_busy) /* the reply is still to come, and goes in front */
		return;
	write_out(client);
	if (control_client__waiting(client) == 0 && client->untold > 0) {
		tell_dropped(client);
		write_out(client);
	}
	control_client__watch(client);
}

bool control_client__is_full(const struct control_client *client)
{
	return client->is_broken ||
	       control_client__waiting(client) >= client->server->options.max_queue_bytes;
}

bool control_client__send(struct control_client *client, const char *line, size_t len)
{
	struct control_figures *figures = &client->server->figures;

	if (control_client__waiting(client) >= FLUSH_BYTES)
		control_client__flush(client);
	if (control_client__is_full(client) || !strbuf__reserve(&client->out, len + 64)) {
		client->out.has_failed = false;
		client->untold++;
		figures->dropped++;
		return false;
	}
	tell_dropped(client);
	strbuf__add(&client->out, line, len);
	strbuf__add_char(&client->out, '\n');
	figures->lines++;
	/* The loop writes it when it turns, unless somebody flushes before. */
	if (!client->is_busy)
		control_client__watch(client);
	return true;
}

/* ---- the stream ----------------------------------------------------------------------------------------- */

int control_client__stream(struct control_client *client, const struct control_stream *stream,
			   struct err *err)
{
	if (client->is_streaming)
		return err__set(err, -EBUSY, NULL, "this connection has a stream already");
	client->is_streaming = true;
	client->stream = *stream;
	return 0;
}

void *control_client__stream_ctx(const struct control_client *client, void (*closed)(void *ctx))
{
	return client->is_streaming && client->stream.closed == closed ? client->stream.ctx : NULL;
}

void control_client__end(struct control_client *client)
{
	tell_dropped(client);
	client->is_streaming = false;
	client->is_ending = true;
	control_client__flush(client);
}

/* ---- what it waits for ---------------------------------------------------------------------------------- */

void control_client__watch(struct control_client *client)
{
	size_t waiting = control_client__waiting(client);
	/* A line that is here already is as good as one that can be read: it is handled once it can be answered. */
	bool has_line = client->in.len > 0 && control_client__line(client) != -EAGAIN;
	bool reads = !client->has_eof && !has_line && !client->is_ending;
	bool writes = waiting > 0 || has_line || client->is_ending || client->untold > 0;
	uint32_t wanted = (reads ? EPOLLIN : 0) | (writes ? EPOLLOUT : 0);
	struct loop *loop = client->server->options.loop;

	if (client->watch && wanted == client->watched)
		return;
	client->watch = loop__remove(loop, client->watch);
	client->watched = wanted;
	/* Without a watch the timer looks after it. */
	(void)loop__add_fd(loop, client->fd, wanted, control_client_run, client, &client->watch,
			   NULL);
}

bool control_client__is_late(const struct control_client *client, int64_t now_ns)
{
	const struct control_options *options = &client->server->options;
	int64_t for_ns = now_ns - client->since_ns;

	if (control_client__waiting(client) > 0)
		return for_ns > options->reply_timeout_ns;
	if (client->in.len > 0)
		return for_ns > options->request_timeout_ns;
	return !client->is_streaming && for_ns > options->idle_timeout_ns;
}
