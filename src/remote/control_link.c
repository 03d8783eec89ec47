/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/control_link.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

/* An agent that loads a large object or reads many policies takes its time. */
#define ANSWER_TIMEOUT_NS (60 * NS_PER_S)
#define SEND_TIMEOUT_S 10
/* Of a line that the agent sends; it sends shorter ones. */
#define MAX_LINE_BYTES (64u << 20)
#define READ_BYTES (64u << 10)

struct control_link {
	int fd; /* owned */
	char *path;
	struct strbuf in;
	size_t taken;       /* of `in`: lines that were handed out */
	size_t searched;    /* likewise: there is no newline */
	struct strbuf kept; /* lines of a stream that came before a reply */
	size_t kept_taken;
};

int control_link__open(const char *path, struct control_link **ret_link, struct err *err)
{
	const struct timeval send_timeout = { .tv_sec = SEND_TIMEOUT_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	__cleanup(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct control_link *link;
	size_t len = strlen(path);

	if (fd < 0)
		return err__set(err, -errno, NULL, "cannot make a socket: %s", strerror(errno));
	if (len >= sizeof(address.sun_path))
		return err__set(err, -ENAMETOOLONG, NULL, "'%s' is too long for a socket", path);
	memcpy(address.sun_path, path, len);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return err__set(err, -errno, NULL, "no agent can be asked at '%s': %s", path,
				strerror(errno));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send_timeout, sizeof(send_timeout));
	link = new_zero(struct control_link);
	if (!link || !(link->path = strdup(path))) {
		free(link);
		return err__set(err, -ENOMEM, NULL, "no memory for a connection");
	}
	link->fd = take_fd(fd);
	*ret_link = link;
	return 0;
}

struct control_link *control_link__free(struct control_link *link)
{
	if (!link)
		return NULL;
	fd_closep(&link->fd);
	free(link->path);
	strbuf__done(&link->in);
	strbuf__done(&link->kept);
	free(link);
	return NULL;
}

int control_link__fd(const struct control_link *link)
{
	return link->fd;
}

/* ---- lines ---------------------------------------------------------------------------------------------- */

static int send_all(struct control_link *link, const char *text, size_t len, struct err *err)
{
	while (len > 0) {
		ssize_t sent = send(link->fd, text, len, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EPIPE) /* it may have said why */
			return 0;
		if (sent < 0)
			return err__set(err, -errno, NULL, "cannot ask the agent at '%s': %s",
					link->path, strerror(errno));
		text += sent;
		len -= (size_t)sent;
	}
	return 0;
}

/* Moves what is left to the front. */
static void forget_taken(struct control_link *link)
{
	if (link->taken == 0)
		return;
	memmove(link->in.data, link->in.data + link->taken, link->in.len - link->taken);
	link->in.len -= link->taken;
	link->searched -= link->taken;
	link->taken = 0;
}

/* 1: something came; 0: the agent has hung up. */
static int read_more(struct control_link *link, int timeout_ms, struct err *err)
{
	struct pollfd wanted = { .fd = link->fd, .events = POLLIN };
	int ready = poll(&wanted, 1, timeout_ms);
	ssize_t len;
	char *room;

	if (ready < 0)
		return -errno;
	if (ready == 0)
		return -EAGAIN;
	if (link->in.len >= MAX_LINE_BYTES)
		return err__set(err, -EMSGSIZE, NULL, "a line of the agent has no end");
	room = strbuf__reserve(&link->in, READ_BYTES);
	if (!room)
		return err__set(err, -ENOMEM, NULL, "no memory for what the agent says");
	len = recv(link->fd, room, READ_BYTES, MSG_DONTWAIT);
	if (len < 0)
		return errno == EAGAIN || errno == EINTR
			       ? -EAGAIN
			       : err__set(err, -errno, NULL, "cannot hear the agent at '%s': %s",
					  link->path, strerror(errno));
	link->in.len += (size_t)len;
	return len > 0;
}

/* The end of the first line in the buffer; NULL: there is none. */
static const char *find_end(const struct control_link *link)
{
	return link->in.len > link->searched
		       ? memchr(link->in.data + link->searched, '\n', link->in.len - link->searched)
		       : NULL;
}

/* As control_link__next() does, without what was kept. */
static int read_line(struct control_link *link, int timeout_ms, const char **ret_line,
		     size_t *ret_len, struct err *err)
{
	int64_t end_ns = clock_monotonic_ns() + timeout_ms * NS_PER_MS;
	const char *end;

	forget_taken(link);
	while (!(end = find_end(link))) {
		int64_t left_ns = end_ns - clock_monotonic_ns();
		int r;

		link->searched = link->in.len;
		r = read_more(link,
			      timeout_ms < 0 ? -1
			      : left_ns > 0  ? (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS)
					     : 0,
			      err);
		if (r == -EAGAIN && (timeout_ms < 0 || clock_monotonic_ns() < end_ns))
			continue;
		if (r <= 0)
			return r;
	}
	*ret_line = link->in.data;
	*ret_len = (size_t)(end - link->in.data);
	link->taken = link->searched = *ret_len + 1;
	return 1;
}

bool control_link__has_line(const struct control_link *link)
{
	return link->kept_taken < link->kept.len || find_end(link);
}

int control_link__next(struct control_link *link, int timeout_ms, const char **ret_line,
		       size_t *ret_len, struct err *err)
{
	if (link->kept_taken < link->kept.len) {
		const char *line = link->kept.data + link->kept_taken;
		const char *end = memchr(line, '\n', link->kept.len - link->kept_taken);

		*ret_line = line;
		*ret_len = (size_t)(end - line);
		link->kept_taken += *ret_len + 1;
		return 1;
	}
	strbuf__done(&link->kept);
	link->kept_taken = 0;
	return read_line(link, timeout_ms, ret_line, ret_len, err);
}

/* ---- requests ------------------------------------------------------------------------------------------- */

static int send_request(struct control_link *link, const json_t *request, struct err *err)
{
	char *text = json_dumps(request, JSON_COMPACT);
	int r;

	if (!text)
		return err__set(err, -ENOMEM, NULL, "no memory for a request");
	r = send_all(link, text, strlen(text), err);
	if (r == 0)
		r = send_all(link, "\n", 1, err);
	free(text);
	return r;
}

int control_link__send(struct control_link *link, const struct json_t *request, struct err *err)
{
	return send_request(link, request, err);
}

/* The errno that the agent's error has; its name is on the wire, for numbers differ between architectures. */
static int code_of(const char *name)
{
	for (int code = 1; name && code < 200; code++) {
		const char *known = strerrorname_np(code);

		if (known && str_eq(known, name))
			return -code;
	}
	return -EREMOTEIO;
}

/* What a reply says. Taken over: the result alone. */
static int judge(const json_t *reply, json_t **ret_result, struct err *err)
{
	const char *text = json_string_value(json_object_get(reply, "error"));
	const char *cause = json_string_value(json_object_get(reply, "cause"));
	int code;

	if (json_is_true(json_object_get(reply, "ok"))) {
		json_t *result = json_object_get(reply, "result");

		*ret_result = result ? json_incref(result) : json_null();
		return 0;
	}
	code = code_of(json_string_value(json_object_get(reply, "code")));
	(void)err__set(err, code, NULL, "%s", text ? text : "the agent refuses without a reason");
	if (err && cause)
		err__cause(err, cause);
	return code;
}

static int wait_for_reply(struct control_link *link, json_t **ret_reply, struct err *err)
{
	int64_t end_ns = clock_monotonic_ns() + ANSWER_TIMEOUT_NS;
	const char *line;
	size_t len;

	for (;;) {
		int64_t left_ns = end_ns - clock_monotonic_ns();
		int r = read_line(link, left_ns > 0 ? (int)(left_ns / NS_PER_MS) : 0, &line, &len,
				  err);
		json_t *reply;

		if (r == -EINTR)
			continue;
		if (r == -EAGAIN)
			return err__set(err, -ETIMEDOUT, NULL, "the agent at '%s' does not answer",
					link->path);
		if (r == 0)
			return err__set(err, -ECONNRESET, NULL,
					"the agent at '%s' has hung up without an answer",
					link->path);
		if (r < 0)
			return r;
		reply = json_loadb(line, len, 0, NULL);
		if (json_object_get(reply, "ok")) {
			*ret_reply = reply;
			return 0;
		}
		json_decref(reply);
		strbuf__add(&link->kept, line, len + 1);
		if (strbuf__status(&link->kept) < 0)
			return -ENOMEM;
	}
}

int control_link__call(struct control_link *link, const struct json_t *request,
		       struct json_t **ret_result, struct err *err)
{
	json_t *reply = NULL;
	int r = send_request(link, request, err);

	if (r == 0)
		r = wait_for_reply(link, &reply, err);
	if (r == 0)
		r = judge(reply, ret_result, err);
	json_decref(reply);
	return r;
}
