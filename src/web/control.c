/* SPDX-License-Identifier: Apache-2.0 */
#include "web/control.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "web/control_client.h"

#define DEFAULT_CLIENTS 32
#define DEFAULT_LINE_BYTES (2u << 20)
#define DEFAULT_QUEUE_BYTES (4u << 20)
#define DEFAULT_REQUEST_NS (10 * NS_PER_S)
#define DEFAULT_IDLE_NS (60 * NS_PER_S)
#define DEFAULT_REPLY_NS (30 * NS_PER_S)

/* Then the loop has other work, however much a client asks for. */
#define REQUESTS_PER_TURN 16
#define ACCEPTS_PER_TURN 16
/* Answers that wait before the next request is looked at. */
#define MAX_UNREAD_ANSWERS (64u << 10)
#define LOOK_NS NS_PER_S

/* ---- answers -------------------------------------------------------------------------------------------- */

static void write_error(struct strbuf *out, const struct err *err, int code)
{
	const char *name = strerrorname_np(-code);
	struct json_writer json = { .out = out };
	struct strbuf text = STRBUF_INIT;
	size_t len = err__format(err, NULL, 0);
	char *room = strbuf__reserve(&text, len + 1);

	if (room)
		text.len = err__format(err, room, len + 1);
	json__begin_object(&json, NULL);
	json__add_bool(&json, "ok", false);
	json__add_text(&json, "error", text.len > 0 ? strbuf__text(&text) : strerror(-code));
	json__add_text(&json, "code", name ? name : "EIO");
	if (err->cause)
		json__add_text(&json, "cause", err->cause);
	json__end_object(&json);
	strbuf__add_char(out, '\n');
	strbuf__done(&text);
}

static void write_result(struct strbuf *out, const struct strbuf *result)
{
	strbuf__add_text(out, "{\"ok\":true,\"result\":");
	if (result->len > 0)
		strbuf__add(out, result->data, result->len);
	else
		strbuf__add_text(out, "null");
	strbuf__add_text(out, "}\n");
}

/* Puts the bytes before what was sent while the handler ran. */
static int insert(struct control_client *client, size_t at, const struct strbuf *text)
{
	struct strbuf *out = &client->out;

	if (strbuf__status(text) < 0 || !strbuf__reserve(out, text->len))
		return -ENOMEM;
	memmove(out->data + at + text->len, out->data + at, out->len - at);
	memcpy(out->data + at, text->data, text->len);
	out->len += text->len;
	return 0;
}

static int answer_error(struct control_client *client, size_t at, const struct err *err, int code)
{
	struct strbuf text = STRBUF_INIT;
	int r;

	write_error(&text, err, code);
	r = insert(client, at, &text);
	strbuf__done(&text);
	return r;
}

/* ---- requests ------------------------------------------------------------------------------------------- */

static const struct control_verb *find_verb(const struct control_server *server, const char *name,
					    void **ret_ctx)
{
	vec_for_each(&server->tables, table) {
		for (size_t i = 0; i < table->count; i++) {
			if (!str_eq(table->verbs[i].name, name))
				continue;
			*ret_ctx = table->ctx;
			return &table->verbs[i];
		}
	}
	return NULL;
}

static int refuse_verb(const struct control_server *server, const char *name, struct err *err)
{
	VEC(const char *) names = VEC_INIT;
	const char *nearest;
	int r;

	vec_for_each(&server->tables, table)
		for (size_t i = 0; i < table->count; i++)
			(void)vec_push(&names, table->verbs[i].name); /* then it is not suggested */
	nearest = str_nearest(name, names.items, names.len);
	r = err__set(err, -EOPNOTSUPP, NULL, "there is no verb '%s'%s%s%s", name,
		     nearest ? "; did you mean '" : "", nearest ? nearest : "",
		     nearest ? "'?" : "");
	vec_done(&names);
	return r;
}

/* The request, and which verb is meant; -EPROTO, -EOPNOTSUPP: it has the wrong form. The caller owns the request. */
static int read_request(const struct control_server *server, const char *line, size_t len,
			json_t **ret_request, const struct control_verb **ret_verb, void **ret_ctx,
			struct err *err)
{
	json_error_t error;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	const char *name = request ? json_string_value(json_object_get(request, "verb")) : NULL;

	if (!request)
		return err__set(err, -EPROTO, NULL, "the request is no JSON: %s, at byte %d",
				error.text, error.position);
	*ret_verb = name ? find_verb(server, name, ret_ctx) : NULL;
	if (*ret_verb) {
		*ret_request = request;
		return 0;
	}

	int r = name ? refuse_verb(server, name, err)
		     : err__set(err, -EPROTO, NULL,
				"a request is an object with a 'verb', as {\"verb\":\"status\"}");

	json_decref(request);
	return r;
}

/* The error is the answer, and no stream begins. */
static int answer_failure(struct control_client *client, bool was_streaming, size_t at,
			  const struct err *err, int code)
{
	client->is_streaming = was_streaming;
	if (!was_streaming)
		client->out.len = at;
	client->server->figures.failed++;
	return answer_error(client, at, err, code);
}

static int run_verb(struct control_client *client, const struct control_verb *verb, void *ctx,
		    const json_t *request)
{
	bool was_streaming = client->is_streaming;
	struct strbuf reply = STRBUF_INIT, text = STRBUF_INIT;
	struct err err = ERR_INIT;
	size_t at = client->out.len;
	int r;

	client->is_busy = true;
	r = verb->handle(ctx, client, request, &reply, &err);
	client->is_busy = false;
	if (r == 0 && strbuf__status(&reply) < 0)
		r = -ENOMEM;
	if (r < 0) {
		r = answer_failure(client, was_streaming, at, &err, r);
	} else {
		client->server->figures.succeeded++;
		write_result(&text, &reply);
		r = insert(client, at, &text);
	}
	strbuf__done(&reply);
	strbuf__done(&text);
	err__done(&err);
	return r;
}

static int handle_line(struct control_client *client, size_t len)
{
	const struct control_verb *verb = NULL;
	struct err err = ERR_INIT;
	json_t *request = NULL;
	void *ctx = NULL;
	int r = read_request(client->server, client->in.data, len, &request, &verb, &ctx, &err);

	control_client__drop_line(client, len);
	if (r < 0) {
		client->server->figures.malformed++;
		r = answer_error(client, client->out.len, &err, r);
	} else {
		r = run_verb(client, verb, ctx, request);
	}
	json_decref(request);
	err__done(&err);
	client->since_ns = clock_monotonic_ns();
	return r;
}

static int refuse_long_line(struct control_client *client)
{
	struct err err = ERR_INIT;
	int r;

	(void)err__set(&err, -EMSGSIZE, NULL, "a request has at most %zu bytes",
		       client->server->options.max_line_bytes);
	client->server->figures.malformed++;
	client->is_ending = true;
	strbuf__reset(&client->in);
	client->searched = 0;
	r = answer_error(client, client->out.len, &err, -EMSGSIZE);
	err__done(&err);
	return r;
}

static int handle_lines(struct control_client *client)
{
	for (int i = 0; i < REQUESTS_PER_TURN && !client->is_ending; i++) {
		ssize_t len = control_client__line(client);
		int r;

		if (len == -EAGAIN || control_client__waiting(client) > MAX_UNREAD_ANSWERS)
			return 0;
		r = len < 0 ? refuse_long_line(client) : handle_line(client, (size_t)len);
		if (r < 0)
			return r;
	}
	return 0;
}

/* It says nothing more, nothing is to be said to it, and it may want to know no more: a stream goes on. */
static bool is_over(const struct control_client *client)
{
	if (client->is_broken)
		return true;
	if (control_client__waiting(client) > 0)
		return false;
	return client->is_ending || (client->has_eof && !client->is_streaming);
}

static bool has_line(struct control_client *client)
{
	return client->in.len > 0 && control_client__line(client) != -EAGAIN;
}

/* True: it is still there. */
static bool serve(struct control_client *client)
{
	int r = has_line(client) ? 0 : control_client__read(client);

	if (r == 0)
		r = handle_lines(client);
	if (r < 0)
		return false;

	bool had_waiting = control_client__waiting(client) > 0;

	control_client__flush(client);
	if (had_waiting && control_client__waiting(client) == 0 && client->is_streaming &&
	    client->stream.drained)
		client->stream.drained(client->stream.ctx);
	return !is_over(client) || has_line(client);
}

void control_client_run(void *ctx, int fd, uint32_t events)
{
	struct control_client *client = ctx;

	(void)fd;
	if (client->is_busy) /* its handler runs the loop: it is served when that returns */
		return;
	if (!serve(client) || (events & (EPOLLERR | EPOLLHUP)))
		control_client__free(client);
}

/* ---- the server ----------------------------------------------------------------------------------------- */

static void refuse(int fd, uint64_t *figure, const char *why)
{
	++*figure;
	/* Its buffer is empty and takes so little. */
	(void)send(fd, why, strlen(why), MSG_DONTWAIT | MSG_NOSIGNAL);
	fd_closep(&fd);
}

static void on_timer(void *ctx);
static void on_connection(void *ctx, int fd, uint32_t events);

static void start_timer(struct control_server *server)
{
	if (!server->timer) /* without one nobody is cut: no reason to turn anybody away */
		(void)loop__add_timer(server->options.loop, LOOK_NS, LOOK_NS, on_timer, server,
				      &server->timer, NULL);
}

static uint32_t count_clients(const struct control_server *server)
{
	uint32_t count = 0;

	for (const struct control_client *client = server->clients; client; client = client->next)
		count++;
	return count;
}

void control_server__add_connection(struct control_server *server, int fd)
{
	struct control_client *client;

	if (!control_peer_is_trusted(fd)) {
		refuse(fd, &server->figures.denied,
		       "{\"ok\":false,\"error\":\"only root and the agent's own user may ask\",\"code\":\"EPERM\"}\n");
		return;
	}
	if (count_clients(server) >= server->options.max_clients) {
		refuse(fd, &server->figures.refused,
		       "{\"ok\":false,\"error\":\"too many clients are connected\",\"code\":\"EBUSY\"}\n");
		return;
	}
	client = control_client__new(server, fd);
	if (!client)
		return;
	server->figures.accepted++;
	control_client__watch(client);
	start_timer(server);
}

static int listen_again(struct control_server *server, struct err *err)
{
	return loop__add_fd(server->options.loop, server->socket.fd, EPOLLIN, on_connection, server,
			    &server->listener, err);
}

static void on_timer(void *ctx)
{
	struct control_server *server = ctx;
	int64_t now_ns = clock_monotonic_ns();
	struct control_client *next;

	for (struct control_client *client = server->clients; client; client = next) {
		next = client->next;
		if (client->is_busy)
			continue;
		if (control_client__is_late(client, now_ns)) {
			/* Somebody who is just idle has done nothing wrong. */
			server->figures.timed_out += control_client__waiting(client) > 0 ||
						     client->in.len > 0;
			control_client__free(client);
		} else if (!client->watch) {
			control_client__watch(client);
		}
	}
	if (!server->listener)
		(void)listen_again(server, NULL);
	if (!server->clients && server->listener)
		server->timer = loop__remove(server->options.loop, server->timer);
}

static void on_connection(void *ctx, int fd, uint32_t events)
{
	struct control_server *server = ctx;

	(void)events;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (connection >= 0) {
			control_server__add_connection(server, connection);
			continue;
		}
		/* Without descriptors the loop would be called again and again: later, then. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			server->listener = loop__remove(server->options.loop, server->listener);
			start_timer(server);
		}
		return;
	}
}

static void fill_in(struct control_options *options)
{
	if (options->max_clients == 0)
		options->max_clients = DEFAULT_CLIENTS;
	if (options->max_line_bytes == 0)
		options->max_line_bytes = DEFAULT_LINE_BYTES;
	if (options->max_queue_bytes == 0)
		options->max_queue_bytes = DEFAULT_QUEUE_BYTES;
	if (options->request_timeout_ns == 0)
		options->request_timeout_ns = DEFAULT_REQUEST_NS;
	if (options->idle_timeout_ns == 0)
		options->idle_timeout_ns = DEFAULT_IDLE_NS;
	if (options->reply_timeout_ns == 0)
		options->reply_timeout_ns = DEFAULT_REPLY_NS;
}

int control_server__new(const struct control_options *options, struct control_server **ret_server,
			struct err *err)
{
	struct control_server *server = new_zero(struct control_server);
	int r;

	if (!server)
		return err__set(err, -ENOMEM, NULL, "no memory for the control socket");
	server->options = *options;
	fill_in(&server->options);
	r = control_socket__open(&server->socket, options->path, err);
	if (r == 0)
		r = listen_again(server, err);
	if (r < 0) {
		control_server__free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

int control_server__add_verbs(struct control_server *server, const struct control_verb *verbs,
			      size_t count, void *ctx, struct err *err)
{
	const struct control_table table = { .verbs = verbs, .count = count, .ctx = ctx };
	void *other;

	for (size_t i = 0; i < count; i++)
		if (find_verb(server, verbs[i].name, &other))
			return err__set(err, -EEXIST, NULL, "verb '%s' is there twice",
					verbs[i].name);
	return vec_push(&server->tables, table);
}

const char *control_server__path(const struct control_server *server)
{
	return server->socket.path;
}

struct control_figures control_server__figures(const struct control_server *server)
{
	struct control_figures figures = server->figures;

	for (const struct control_client *client = server->clients; client; client = client->next) {
		figures.clients++;
		figures.streams += client->is_streaming;
		figures.queue_bytes += control_client__waiting(client);
	}
	return figures;
}

struct control_server *control_server__free(struct control_server *server)
{
	if (!server)
		return NULL;
	while (server->clients)
		control_client__free(server->clients);
	loop__remove(server->options.loop, server->timer);
	loop__remove(server->options.loop, server->listener);
	control_socket__close(&server->socket);
	vec_done(&server->tables);
	free(server);
	return NULL;
}
