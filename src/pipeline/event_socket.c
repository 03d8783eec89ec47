/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/event_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "pipeline/policies.h"
#include "sink/process_json.h"
#include "web/control_socket.h"

#define FLUSH_NS (20 * NS_PER_MS)
#define FLUSH_BYTES (64u << 10)  /* or when so much waits */
#define KEPT_BYTES (256u << 10)  /* of a buffer that is empty */
#define SINK_BYTES ((size_t)256) /* of what clients send, at a time: nobody reads it */

struct client {
	struct event_socket *socket; /* borrowed */
	int fd;                      /* owned */
	struct loop_watch *watch;
	struct strbuf waiting;
	size_t taken;     /* of that */
	uint64_t dropped; /* that it has not been told of */
	bool has_left;
};

struct event_socket {
	struct event_socket_options options;
	struct process_export *export; /* owned */
	struct control_socket socket;
	struct loop_watch *watch, *timer;
	VEC(struct client *) clients; /* owned */
	bool is_subscribed;
	struct strbuf line; /* of the event at hand */
	struct event_socket_figures figures;
};

/* ---- one client ----------------------------------------------------------------------------------------- */

static size_t waiting_of(const struct client *client)
{
	return client->waiting.len - client->taken;
}

/* What it takes now. */
static void flush(struct client *client)
{
	while (!client->has_left && waiting_of(client) > 0) {
		ssize_t len = send(client->fd, client->waiting.data + client->taken,
				   waiting_of(client), MSG_DONTWAIT | MSG_NOSIGNAL);

		if (len >= 0)
			client->taken += (size_t)len;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			client->has_left = true;
	}
	if (waiting_of(client) > 0)
		return;
	client->taken = 0;
	if (client->waiting.capacity > KEPT_BYTES)
		strbuf__done(&client->waiting);
	else
		strbuf__reset(&client->waiting);
}

/* What was taken makes room; moving it costs less than what is moved was long. */
static void compact(struct client *client)
{
	size_t left = waiting_of(client);

	if (client->taken < EVENT_SOCKET_WAITING_MAX / 2)
		return;
	memmove(client->waiting.data, client->waiting.data + client->taken, left);
	client->waiting.len = left;
	client->taken = 0;
}

static bool has_room(const struct client *client, size_t len)
{
	return waiting_of(client) + len <= EVENT_SOCKET_WAITING_MAX;
}

static bool append(struct client *client, const struct strbuf *line)
{
	compact(client);
	if (!has_room(client, line->len))
		return false;
	strbuf__add(&client->waiting, line->data, line->len);
	if (strbuf__status(&client->waiting) == 0)
		return true;
	client->waiting.has_failed = false; /* what was there still is */
	return false;
}

/* In the place of the lines that it missed; false: not even that has room. */
static bool tell_dropped(struct client *client)
{
	struct process_event event = policies__own_event(client->socket->options.policies,
							 PROCESS_EVENT_RATE_LIMIT_INFO);
	struct strbuf line = STRBUF_INIT;
	bool is_told;

	if (client->dropped == 0)
		return true;
	event.dropped = client->dropped;
	is_told = process_json__write(&event, NULL, &line) >= 0 && append(client, &line);
	if (is_told)
		client->dropped = 0;
	strbuf__done(&line);
	return is_told;
}

static void give(struct client *client, const struct strbuf *line)
{
	struct event_socket *socket = client->socket;

	if (waiting_of(client) >= FLUSH_BYTES)
		flush(client);
	if (client->has_left)
		return;
	if (tell_dropped(client) && append(client, line)) {
		socket->figures.written++;
		policies__note_export(socket->options.policies, POLICY_EXPORT_WRITTEN, line->len);
		return;
	}
	client->dropped++;
	socket->figures.dropped++;
	policies__note_export(socket->options.policies, POLICY_EXPORT_OVERFLOWED, 0);
}

static void free_client(struct client *client)
{
	loop__remove(client->socket->options.loop, client->watch);
	fd_closep(&client->fd);
	strbuf__done(&client->waiting);
	free(client);
}

/* ---- events --------------------------------------------------------------------------------------------- */

static void on_event(void *ctx, const struct process_event *event)
{
	struct event_socket *socket = ctx;
	enum process_verdict verdict = process_export__run(socket->export, event,
							   clock_monotonic_ns());

	if (verdict == PROCESS_VERDICT_LIMITED)
		policies__note_export(socket->options.policies, POLICY_EXPORT_LIMITED, 0);
	if (verdict != PROCESS_VERDICT_KEEP)
		return;
	strbuf__reset(&socket->line);
	if (process_json__write(event, process_export__mask(socket->export), &socket->line) < 0) {
		socket->line.has_failed = false;
		return;
	}
	vec_for_each(&socket->clients, client)
		give(*client, &socket->line);
}

static bool wants(void *ctx, enum process_event_kind kind, const char *policy)
{
	const struct event_socket *socket = ctx;

	return process_export__may_admit(socket->export, kind, policy);
}

static int subscribe(struct event_socket *socket, struct err *err)
{
	const struct policy_subscriber subscriber = { on_event, wants, socket };
	int r = 0;

	if (!socket->is_subscribed)
		r = policies__subscribe(socket->options.policies, &subscriber, err);
	if (r == 0)
		r = loop__set_timer(socket->timer, FLUSH_NS, FLUSH_NS);
	socket->is_subscribed |= r == 0;
	return r;
}

static void unsubscribe(struct event_socket *socket)
{
	if (socket->is_subscribed)
		policies__unsubscribe(socket->options.policies, socket);
	socket->is_subscribed = false;
	if (socket->timer)
		(void)loop__set_timer(socket->timer, -1, 0); /* one tick more does nothing */
}

static void forget_those_that_left(struct event_socket *socket)
{
	size_t kept = 0;

	vec_for_each(&socket->clients, client) {
		if ((*client)->has_left)
			free_client(*client);
		else
			socket->clients.items[kept++] = *client;
	}
	socket->clients.len = kept;
	if (kept == 0)
		unsubscribe(socket);
}

static void tell_limited(struct event_socket *socket)
{
	uint64_t dropped = process_export__take_dropped(socket->export, clock_monotonic_ns());
	struct process_event event = policies__own_event(socket->options.policies,
							 PROCESS_EVENT_RATE_LIMIT_INFO);

	if (dropped == 0)
		return;
	event.dropped = dropped;
	strbuf__reset(&socket->line);
	if (process_json__write(&event, NULL, &socket->line) >= 0)
		vec_for_each(&socket->clients, client)
			give(*client, &socket->line);
}

static void on_timer(void *ctx)
{
	struct event_socket *socket = ctx;

	tell_limited(socket);
	vec_for_each(&socket->clients, client) {
		flush(*client);
		(void)tell_dropped(*client); /* or the next time */
	}
	forget_those_that_left(socket);
}

/* ---- coming and leaving --------------------------------------------------------------------------------- */

static void on_client(void *ctx, int fd, uint32_t epoll_events);

/* -ENOMEM and the like: the client cannot be told from one that left. */
static int watch(struct client *client, uint32_t epoll_events, struct err *err)
{
	struct loop *loop = client->socket->options.loop;

	client->watch = loop__remove(loop, client->watch);
	return loop__add_fd(loop, client->fd, epoll_events, on_client, client, &client->watch, err);
}

/* Nobody listens to clients; that they left is seen here, and they are forgotten at the next tick. */
static void on_client(void *ctx, int fd, uint32_t epoll_events)
{
	struct client *client = ctx;
	char bytes[SINK_BYTES];
	ssize_t len = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if ((epoll_events & (EPOLLHUP | EPOLLERR)) ||
	    (len < 0 && errno != EAGAIN && errno != EINTR))
		client->has_left = true;
	/* Whoever has nothing to say may shut down that side, and read on: the rest of it is told without being asked for. */
	if (!client->has_left && len == 0)
		client->has_left = watch(client, 0, NULL) < 0;
	if (client->has_left)
		client->watch = loop__remove(client->socket->options.loop, client->watch);
}

static int add_client(struct event_socket *socket, int fd, struct err *err)
{
	struct client *client = new_zero(struct client);
	int r;

	if (!client) {
		fd_closep(&fd);
		return -ENOMEM;
	}
	client->socket = socket;
	client->fd = fd;
	r = watch(client, EPOLLIN, err);
	if (r == 0)
		r = vec_push(&socket->clients, client);
	if (r < 0) {
		free_client(client);
		return r;
	}
	r = subscribe(socket, err);
	client->has_left = r < 0;
	return r;
}

static void on_connect(void *ctx, int fd, uint32_t epoll_events)
{
	struct event_socket *socket = ctx;
	struct err err = ERR_INIT;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)epoll_events;
	if (client < 0)
		return;
	if (socket->clients.len >= EVENT_SOCKET_CLIENTS_MAX || !control_peer_is_trusted(client)) {
		socket->figures.refused++;
		fd_closep(&client);
	} else if (add_client(socket, client, &err) < 0) {
		socket->figures.refused++;
	} else {
		socket->figures.connected++;
	}
	err__done(&err);
	forget_those_that_left(socket);
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

static int open_socket(struct event_socket *socket, struct err *err)
{
	const struct event_socket_options *options = &socket->options;
	int r = process_export__new(&options->export, clock_monotonic_ns(), &socket->export, err);

	if (r == 0)
		r = control_socket__open(&socket->socket, options->path, err);
	if (r == 0)
		r = loop__add_fd(options->loop, socket->socket.fd, EPOLLIN, on_connect, socket,
				 &socket->watch, err);
	if (r == 0)
		r = loop__add_timer(options->loop, FLUSH_NS, FLUSH_NS, on_timer, socket,
				    &socket->timer, err);
	return r < 0 ? r : loop__set_timer(socket->timer, -1, 0);
}

int event_socket__new(const struct event_socket_options *options, struct event_socket **ret_socket,
		      struct err *err)
{
	struct event_socket *socket = new_zero(struct event_socket);
	int r;

	if (!socket)
		return err__set(err, -ENOMEM, NULL, "no memory for a socket of events");
	socket->options = *options;
	socket->socket.fd = -1;
	r = open_socket(socket, err);
	socket->options.path = NULL; /* it was the caller's */
	if (r < 0) {
		event_socket__free(socket);
		return r;
	}
	*ret_socket = socket;
	return 0;
}

struct event_socket *event_socket__free(struct event_socket *socket)
{
	if (!socket)
		return NULL;
	unsubscribe(socket);
	loop__remove(socket->options.loop, socket->watch);
	loop__remove(socket->options.loop, socket->timer);
	vec_for_each(&socket->clients, client) {
		flush(*client);
		free_client(*client);
	}
	vec_done(&socket->clients);
	control_socket__close(&socket->socket);
	process_export__free(socket->export);
	strbuf__done(&socket->line);
	free(socket);
	return NULL;
}

void event_socket__figures(const struct event_socket *socket,
			   struct event_socket_figures *ret_figures)
{
	*ret_figures = socket->figures;
	ret_figures->clients = (uint32_t)socket->clients.len;
}
