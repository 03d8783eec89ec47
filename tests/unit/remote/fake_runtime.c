/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_runtime.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define REQUESTS_MAX 128
#define REQUEST_MAX 1024
#define ENDLESS_BYTES (2u << 20) /* that is more than any test lets pass */
#define FRAME_MAX 16384
#define PREFACE_LEN 24

enum { FRAME_DATA = 0, FRAME_HEADERS = 1, FRAME_SETTINGS = 4, FRAME_PING = 6 };
enum { FLAG_END_STREAM = 1, FLAG_ACK = 1, FLAG_END_HEADERS = 4 };

struct request {
	char bytes[REQUEST_MAX];
	size_t len;
};

struct fake_runtime {
	int listen_fd, stop_fd;
	bool is_grpc;
	const struct fake_step *steps;
	size_t step_count;
	pthread_t thread;
	pthread_mutex_t lock;
	struct request requests[REQUESTS_MAX];
	size_t count;
};

/* ---- bytes --------------------------------------------------------------------------------------------- */

/* False: it is to stop. */
static bool wait_for(const struct fake_runtime *fake, int fd, short events)
{
	struct pollfd fds[] = { { .fd = fd, .events = events },
				{ .fd = fake->stop_fd, .events = POLLIN } };

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return false;
	return !fds[1].revents;
}

static bool read_bytes(const struct fake_runtime *fake, int fd, void *to, size_t len)
{
	for (size_t got = 0; got < len;) {
		ssize_t n = wait_for(fake, fd, POLLIN)
				    ? recv(fd, (char *)to + got, len - got, MSG_DONTWAIT)
				    : -1;

		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return true;
}

static bool write_bytes(const struct fake_runtime *fake, int fd, const void *from, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = wait_for(fake, fd, POLLOUT)
				    ? send(fd, (const char *)from + done, len - done,
					   MSG_NOSIGNAL | MSG_DONTWAIT)
				    : -1;

		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static const struct fake_step *keep_request(struct fake_runtime *fake, const char *bytes,
					    size_t len)
{
	size_t index;

	pthread_mutex_lock(&fake->lock);
	index = fake->count++;
	if (index < REQUESTS_MAX) {
		struct request *request = &fake->requests[index];

		request->len = len < REQUEST_MAX - 1 ? len : REQUEST_MAX - 1;
		if (request->len > 0)
			memcpy(request->bytes, bytes, request->len);
		request->bytes[request->len] = '\0';
	}
	pthread_mutex_unlock(&fake->lock);
	return &fake->steps[index < fake->step_count ? index : fake->step_count - 1];
}

static size_t body_len(const struct fake_step *step)
{
	return step->body_len ? step->body_len : step->body ? strlen(step->body) : 0;
}

/* ---- HTTP/1.1 ------------------------------------------------------------------------------------------ */

static bool read_head(const struct fake_runtime *fake, int fd, char *head, size_t size)
{
	size_t len = 0;

	while (len < size - 1 && read_bytes(fake, fd, head + len, 1)) {
		head[++len] = '\0';
		if (len >= 4 && strcmp(head + len - 4, "\r\n\r\n") == 0)
			return true;
	}
	return false;
}

static bool write_endless(const struct fake_runtime *fake, int fd)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
	char chunk[6 + 4096 + 2];

	memcpy(chunk, "1000\r\n", 6);
	memset(chunk + 6, '[', 4096);
	memcpy(chunk + 6 + 4096, "\r\n", 2);
	if (!write_bytes(fake, fd, head, strlen(head)))
		return false;
	while (write_bytes(fake, fd, chunk, sizeof(chunk)))
		;
	return false;
}

/* False: the connection is to be closed. */
static bool answer_http(const struct fake_runtime *fake, int fd, const struct fake_step *step)
{
	char head[128];
	size_t len = body_len(step);
	bool is_cut_off = step->manner == FAKE_IS_CUT_OFF;

	switch (step->manner) {
	case FAKE_HANGS_UP:
	case FAKE_HAS_NO_STATUS:
		return false;
	case FAKE_IS_SILENT:
		return true;
	case FAKE_IS_ENDLESS:
		return write_endless(fake, fd);
	case FAKE_IS_GARBAGE:
		(void)write_bytes(fake, fd, step->body, len);
		return false;
	case FAKE_ANSWERS:
	case FAKE_IS_CUT_OFF:
		break;
	}
	snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n", step->status,
		 len);
	return write_bytes(fake, fd, head, strlen(head)) &&
	       write_bytes(fake, fd, step->body, is_cut_off ? len / 2 : len) && !is_cut_off;
}

static void serve_http(struct fake_runtime *fake, int fd)
{
	char head[4096];

	while (read_head(fake, fd, head, sizeof(head))) {
		const struct fake_step *step = keep_request(fake, head,
							    (size_t)(strchr(head, '\r') - head));

		if (!answer_http(fake, fd, step))
			return;
	}
}

/* ---- HTTP/2 -------------------------------------------------------------------------------------------- */

static bool write_frame(const struct fake_runtime *fake, int fd, uint8_t type, uint8_t flags,
			uint32_t stream, const void *payload, size_t len)
{
	const uint8_t head[9] = { (uint8_t)(len >> 16),
				  (uint8_t)(len >> 8),
				  (uint8_t)len,
				  type,
				  flags,
				  (uint8_t)(stream >> 24),
				  (uint8_t)(stream >> 16),
				  (uint8_t)(stream >> 8),
				  (uint8_t)stream };

	return write_bytes(fake, fd, head, sizeof(head)) && write_bytes(fake, fd, payload, len);
}

static bool write_data(const struct fake_runtime *fake, int fd, uint32_t stream, const char *bytes,
		       size_t len)
{
	for (size_t done = 0; done < len;) {
		size_t part = len - done < FRAME_MAX ? len - done : FRAME_MAX;

		if (!write_frame(fake, fd, FRAME_DATA, 0, stream, bytes + done, part))
			return false;
		done += part;
	}
	return true;
}

/* Headers without compression: ":status: 200" is the eighth of the static table, a name of one's own is written out. */
static bool write_status(const struct fake_runtime *fake, int fd, uint32_t stream, int status,
			 bool is_first)
{
	char block[64], text[12];
	size_t len = 0;

	snprintf(text, sizeof(text), "%d", status);
	if (is_first)
		block[len++] = (char)0x88;
	len += (size_t)snprintf(block + len, sizeof(block) - len, "%c%cgrpc-status%c%s", 1,
				(int)strlen("grpc-status"), (int)strlen(text), text);
	block[is_first] = 0; /* not to be remembered: a byte that snprintf() would have ended at */
	return write_frame(fake, fd, FRAME_HEADERS, FLAG_END_STREAM | FLAG_END_HEADERS, stream,
			   block, len);
}

static bool answer_grpc(const struct fake_runtime *fake, int fd, uint32_t stream,
			const struct fake_step *step)
{
	size_t len = body_len(step);
	char prefix[5] = { 0, (char)(len >> 24), (char)(len >> 16), (char)(len >> 8), (char)len };
	bool is_cut_off = step->manner == FAKE_IS_CUT_OFF;

	if (step->manner == FAKE_IS_SILENT)
		return true;
	if (step->manner == FAKE_IS_GARBAGE)
		(void)write_bytes(fake, fd, step->body, len);
	if (step->manner == FAKE_IS_GARBAGE || step->manner == FAKE_HANGS_UP)
		return false;
	if (step->status != 0)
		return write_status(fake, fd, stream, step->status, true);
	if (!write_frame(fake, fd, FRAME_HEADERS, FLAG_END_HEADERS, stream, "\x88", 1))
		return false;
	if (step->manner == FAKE_IS_ENDLESS) {
		char block[FRAME_MAX] = { 0 };

		for (size_t done = 0; done < ENDLESS_BYTES; done += sizeof(block))
			if (!write_data(fake, fd, stream, block, sizeof(block)))
				return false;
		return true;
	}
	if (!write_data(fake, fd, stream, prefix, sizeof(prefix)) ||
	    !write_data(fake, fd, stream, step->body, is_cut_off ? len / 2 : len) || is_cut_off)
		return false;
	if (step->manner == FAKE_HAS_NO_STATUS)
		return write_frame(fake, fd, FRAME_DATA, FLAG_END_STREAM, stream, "", 0);
	return write_status(fake, fd, stream, 0, false);
}

struct frame {
	uint8_t type, flags;
	uint32_t stream;
	size_t len;
	uint8_t payload[FRAME_MAX];
};

static bool read_frame(const struct fake_runtime *fake, int fd, struct frame *frame)
{
	uint8_t head[9];

	if (!read_bytes(fake, fd, head, sizeof(head)))
		return false;
	frame->len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
	frame->type = head[3];
	frame->flags = head[4];
	frame->stream = (uint32_t)(head[5] & 0x7f) << 24 | (uint32_t)head[6] << 16 |
			(uint32_t)head[7] << 8 | head[8];
	return frame->len <= FRAME_MAX && read_bytes(fake, fd, frame->payload, frame->len);
}

static void serve_grpc(struct fake_runtime *fake, int fd)
{
	struct request message = { .len = 0 };
	struct frame frame;
	char preface[PREFACE_LEN];
	bool is_on = read_bytes(fake, fd, preface, sizeof(preface)) &&
		     write_frame(fake, fd, FRAME_SETTINGS, 0, 0, "", 0);

	while (is_on && read_frame(fake, fd, &frame)) {
		if (frame.type == FRAME_SETTINGS && !(frame.flags & FLAG_ACK))
			is_on = write_frame(fake, fd, FRAME_SETTINGS, FLAG_ACK, 0, "", 0);
		if (frame.type == FRAME_PING && !(frame.flags & FLAG_ACK))
			is_on = write_frame(fake, fd, FRAME_PING, FLAG_ACK, 0, frame.payload,
					    frame.len);
		if (frame.type != FRAME_DATA)
			continue;
		if (message.len + frame.len <= REQUEST_MAX)
			memcpy(message.bytes + message.len, frame.payload, frame.len);
		message.len += frame.len;
		if (!(frame.flags & FLAG_END_STREAM) || message.len < 5)
			continue;
		is_on = answer_grpc(fake, fd, frame.stream,
				    keep_request(fake, message.bytes + 5, message.len - 5));
		message.len = 0;
	}
}

/* ---- the thread ---------------------------------------------------------------------------------------- */

static void *serve(void *ctx)
{
	struct fake_runtime *fake = ctx;

	while (wait_for(fake, fake->listen_fd, POLLIN)) {
		int fd = accept4(fake->listen_fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		if (fake->is_grpc)
			serve_grpc(fake, fd);
		else
			serve_http(fake, fd);
		close(fd);
	}
	return NULL;
}

struct fake_runtime *fake_runtime__start(const char *path, bool is_grpc,
					 const struct fake_step *steps, size_t count)
{
	struct fake_runtime *fake = calloc(1, sizeof(*fake));
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	assert_non_null(fake);
	assert_true(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	fake->is_grpc = is_grpc;
	fake->steps = steps;
	fake->step_count = count;
	(void)unlink(path);
	fake->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	fake->stop_fd = eventfd(0, EFD_CLOEXEC);
	assert_true(fake->listen_fd >= 0 && fake->stop_fd >= 0);
	assert_int_equal(bind(fake->listen_fd, (const struct sockaddr *)&address, sizeof(address)),
			 0);
	assert_int_equal(listen(fake->listen_fd, 8), 0);
	assert_int_equal(pthread_mutex_init(&fake->lock, NULL), 0);
	assert_int_equal(pthread_create(&fake->thread, NULL, serve, fake), 0);
	return fake;
}

size_t fake_runtime__count(struct fake_runtime *fake)
{
	size_t count;

	pthread_mutex_lock(&fake->lock);
	count = fake->count;
	pthread_mutex_unlock(&fake->lock);
	return count;
}

const char *fake_runtime__get(struct fake_runtime *fake, size_t index, size_t *ret_len)
{
	assert_true(index < fake_runtime__count(fake) && index < REQUESTS_MAX);
	*ret_len = fake->requests[index].len;
	return fake->requests[index].bytes;
}

void fake_runtime__stop(struct fake_runtime *fake)
{
	uint64_t one = 1;

	assert_int_equal(write(fake->stop_fd, &one, sizeof(one)), sizeof(one));
	assert_int_equal(pthread_join(fake->thread, NULL), 0);
	(void)pthread_mutex_destroy(&fake->lock);
	close(fake->listen_fd);
	close(fake->stop_fd);
	free(fake);
}
