/* SPDX-License-Identifier: Apache-2.0 */
#include "web/connection.h"

#include <stddef.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "web/tls.h"

/* libmicrohttpd sees the end of the stream, or cannot write any more, and closes. */
static void cut(struct connection *connection)
{
	(void)shutdown(connection->fd, SHUT_RDWR);
	connection->is_cut = true;
}

static void arm(struct connection_list *list, int64_t when_ns, int64_t now_ns)
{
	if (list->armed_ns && list->armed_ns <= when_ns)
		return;
	/* Cannot fail: the timer is there and the times are in range. */
	(void)loop__set_timer(list->timer, when_ns > now_ns ? when_ns - now_ns : 0, 0);
	list->armed_ns = when_ns;
}

static void on_timer(void *ctx)
{
	struct connection_list *list = ctx;

	list->armed_ns = 0;
	list->catch_up(list->ctx);

	int64_t now_ns = clock_monotonic_ns();

	for (struct connection *connection = list->first; connection;
	     connection = connection->next) {
		if (connection->is_cut || connection->pass == CONNECTION_HELD)
			continue;
		if (connection->deadline_ns > now_ns) {
			arm(list, connection->deadline_ns, now_ns);
			continue;
		}
		if (!connection->idle_since_ns)
			list->timed_out++;
		cut(connection);
	}
}

static void set_deadline(struct connection *connection, int64_t time_ns)
{
	int64_t now_ns = clock_monotonic_ns();

	connection->deadline_ns = now_ns + time_ns;
	arm(connection->list, connection->deadline_ns, now_ns);
}

int connection_list__init(struct connection_list *list, struct loop *loop,
			  void (*catch_up)(void *ctx), void *ctx, struct err *err)
{
	*list = (struct connection_list){ .loop = loop, .catch_up = catch_up, .ctx = ctx };
	return loop__add_timer(loop, -1, 0, on_timer, list, &list->timer, err);
}

void connection_list__done(struct connection_list *list)
{
	list->timer = loop__remove(list->loop, list->timer);
	while (list->first)
		connection__free(list->first);
}

struct connection *connection_list__add(struct connection_list *list, int fd, int64_t time_ns)
{
	struct connection *connection = new_zero(struct connection);

	if (!connection)
		return NULL;
	connection->list = list;
	connection->fd = fd;
	connection->next = list->first;
	if (connection->next)
		connection->next->previous = connection;
	list->first = connection;
	list->len++;
	set_deadline(connection, time_ns);
	return connection;
}

void connection__free(struct connection *connection)
{
	if (!connection)
		return;

	struct connection_list *list = connection->list;

	if (connection->previous)
		connection->previous->next = connection->next;
	else
		list->first = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	list->len--;
	tls__unref(connection->tls);
	free(connection);
}

void connection__begin(struct connection *connection, int64_t time_ns)
{
	/* The first request has had its time since the connection was made. */
	if (connection->idle_since_ns)
		set_deadline(connection, time_ns);
	connection->idle_since_ns = 0;
	connection->status = 0;
	connection->has_asked = true;
	connection->pass = CONNECTION_FRESH;
}

void connection__hold(struct connection *connection)
{
	connection->deadline_ns = INT64_MAX;
}

void connection__answer(struct connection *connection, int64_t time_ns)
{
	set_deadline(connection, time_ns);
}

void connection__end(struct connection *connection, int64_t time_ns)
{
	if (connection->done)
		connection->done(connection->done_ctx, connection->status);
	connection->done = NULL;
	connection->waits_since = 0;
	connection->idle_since_ns = clock_monotonic_ns();
	set_deadline(connection, time_ns);
}

bool connection_list__cut_idle(struct connection_list *list)
{
	struct connection *oldest = NULL;

	for (struct connection *connection = list->first; connection; connection = connection->next)
		if (connection->idle_since_ns && !connection->is_cut &&
		    (!oldest || connection->idle_since_ns < oldest->idle_since_ns))
			oldest = connection;
	if (oldest)
		cut(oldest);
	return oldest;
}
