/* SPDX-License-Identifier: Apache-2.0 */
#include "receiver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libdeflate.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_SECONDS 30
#define REQUESTS_MAX 64
#define BODY_MAX (8u << 20)

struct receiver {
	int listen_fd, stop_fd;
	uint16_t port;
	const struct receiver_step *steps;
	size_t step_count;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t came;
	struct received requests[REQUESTS_MAX];
	size_t count;
	int silent_fds[REQUESTS_MAX]; /* connections that are owed an answer */
	size_t silent_count;
};

/* False: the receiver is to stop. */
static bool wait_readable(const struct receiver *receiver, int fd)
{
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
				{ .fd = receiver->stop_fd, .events = POLLIN } };

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return false;
	return !fds[1].revents;
}

static size_t content_length(const char *head)
{
	const char *at = strcasestr(head, "\r\nContent-Length:");

	return at ? strtoul(at + strlen("\r\nContent-Length:"), NULL, 10) : 0;
}

/* Reads one request; false: nothing whole came. */
static bool read_request(const struct receiver *receiver, int fd, struct received *ret_request)
{
	size_t len = 0, wanted = 0;
	char *text = calloc(1, BODY_MAX), *end = NULL;

	while (text && (!end || len < wanted) && len < BODY_MAX - 1 &&
	       wait_readable(receiver, fd)) {
		ssize_t n = read(fd, text + len, BODY_MAX - 1 - len);

		if (n <= 0)
			break;
		len += (size_t)n;
		end = strstr(text, "\r\n\r\n");
		if (end)
			wanted = (size_t)(end - text) + 4 + content_length(text);
	}
	if (!end || len < wanted) {
		free(text);
		return false;
	}
	end[2] = '\0';
	ret_request->head = strdup(text);
	ret_request->body_len = wanted - (size_t)(end + 4 - text);
	ret_request->body = calloc(1, ret_request->body_len + 1);
	if (ret_request->body)
		memcpy(ret_request->body, end + 4, ret_request->body_len);
	free(text);
	return ret_request->head && ret_request->body;
}

static void unpack(struct received *request)
{
	struct libdeflate_decompressor *decompressor;
	char *plain;

	if (!strcasestr(request->head, "Content-Encoding: gzip"))
		return;
	decompressor = libdeflate_alloc_decompressor();
	plain = calloc(1, BODY_MAX);
	if (!decompressor || !plain ||
	    libdeflate_gzip_decompress(decompressor, request->body, request->body_len, plain,
				       BODY_MAX - 1, &request->body_len) != LIBDEFLATE_SUCCESS)
		request->body_len = 0;
	libdeflate_free_decompressor(decompressor);
	free(request->body);
	request->body = plain;
}

static void answer(struct receiver *receiver, int fd, const struct receiver_step *step)
{
	char reply[512];
	int len;

	if (step->manner == RECEIVER_IS_SILENT) {
		receiver->silent_fds[receiver->silent_count++] = fd;
		return;
	}
	len = snprintf(reply, sizeof(reply),
		       "HTTP/1.1 %d Whatever\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n",
		       step->status, step->body_len, step->headers ? step->headers : "");
	if (step->body && (size_t)len + step->body_len <= sizeof(reply)) {
		memcpy(reply + len, step->body, step->body_len);
		len += (int)step->body_len;
	}
	if (step->manner == RECEIVER_ANSWERS && write(fd, reply, (size_t)len) != len)
		fprintf(stderr, "receiver: cannot answer\n");
	close(fd);
}

static void *run(void *ctx)
{
	static const struct receiver_step well = { .status = 200 };
	struct receiver *receiver = ctx;

	while (receiver->count < REQUESTS_MAX && wait_readable(receiver, receiver->listen_fd)) {
		struct received request = { .body_len = 0 };
		int fd = accept4(receiver->listen_fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		if (!read_request(receiver, fd, &request)) {
			close(fd);
			continue;
		}
		unpack(&request);
		answer(receiver, fd,
		       receiver->count < receiver->step_count ? &receiver->steps[receiver->count]
							      : &well);
		pthread_mutex_lock(&receiver->lock);
		receiver->requests[receiver->count++] = request;
		pthread_cond_broadcast(&receiver->came);
		pthread_mutex_unlock(&receiver->lock);
	}
	return NULL;
}

struct receiver *receiver__start(uint16_t port, const struct receiver_step *steps, size_t count)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct receiver *receiver = calloc(1, sizeof(*receiver));
	socklen_t len = sizeof(address);
	int on = 1;

	assert_non_null(receiver);
	receiver->steps = steps;
	receiver->step_count = count;
	receiver->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	receiver->stop_fd = eventfd(0, EFD_CLOEXEC);
	assert_true(receiver->listen_fd >= 0 && receiver->stop_fd >= 0);
	(void)setsockopt(receiver->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(receiver->listen_fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	assert_int_equal(listen(receiver->listen_fd, 16), 0);
	assert_int_equal(getsockname(receiver->listen_fd, (struct sockaddr *)&address, &len), 0);
	receiver->port = ntohs(address.sin_port);
	pthread_mutex_init(&receiver->lock, NULL);
	pthread_cond_init(&receiver->came, NULL);
	assert_int_equal(pthread_create(&receiver->thread, NULL, run, receiver), 0);
	return receiver;
}

uint16_t receiver__port(const struct receiver *receiver)
{
	return receiver->port;
}

size_t receiver__wait(struct receiver *receiver, size_t count)
{
	struct timespec end;
	size_t have;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += WAIT_SECONDS;
	pthread_mutex_lock(&receiver->lock);
	while (receiver->count < count &&
	       pthread_cond_timedwait(&receiver->came, &receiver->lock, &end) == 0)
		continue;
	have = receiver->count;
	pthread_mutex_unlock(&receiver->lock);
	return have;
}

const struct received *receiver__get(struct receiver *receiver, size_t index)
{
	assert_true(receiver__wait(receiver, index + 1) > index);
	return &receiver->requests[index];
}

void receiver__stop(struct receiver *receiver)
{
	uint64_t one = 1;

	assert_int_equal(write(receiver->stop_fd, &one, sizeof(one)), sizeof(one));
	assert_int_equal(pthread_join(receiver->thread, NULL), 0);
	for (size_t i = 0; i < receiver->count; i++) {
		free(receiver->requests[i].head);
		free(receiver->requests[i].body);
	}
	for (size_t i = 0; i < receiver->silent_count; i++)
		close(receiver->silent_fds[i]);
	close(receiver->listen_fd);
	close(receiver->stop_fd);
	pthread_mutex_destroy(&receiver->lock);
	pthread_cond_destroy(&receiver->came);
	free(receiver);
}
