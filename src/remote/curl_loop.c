/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/curl_loop.h"

#include <errno.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "remote/curl_library.h"

static void check_done(struct curl_loop *loop)
{
	CURLMsg *message;
	int left;

	while ((message = loop->curl->multi_info_read(loop->multi, &left))) {
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		/* The message is gone with the handle. */
		(void)loop->curl->multi_remove_handle(loop->multi, message->easy_handle);
		loop->done(loop->ctx, code);
	}
}

static void run_socket(void *ctx, int fd, uint32_t events)
{
	struct curl_loop *loop = ctx;
	int running, mask = 0;

	if (events & (EPOLLIN | EPOLLHUP))
		mask |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (events & EPOLLERR)
		mask |= CURL_CSELECT_ERR;
	(void)loop->curl->multi_socket_action(loop->multi, fd, mask, &running);
	check_done(loop);
}

static void run_timer(void *ctx)
{
	struct curl_loop *loop = ctx;
	int running;

	(void)loop->curl->multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	check_done(loop);
}

static int on_timer(CURLM *multi, long timeout_ms, void *ctx)
{
	struct curl_loop *loop = ctx;

	(void)multi;
	return loop__set_timer(loop->timer, timeout_ms < 0 ? -1 : timeout_ms * NS_PER_MS, 0) < 0
		       ? -1
		       : 0;
}

/* libcurl says what it waits for; it takes its socket back before it closes it. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct curl_loop *loop = ctx;
	struct loop_watch *watch = socket_ctx;
	uint32_t events = 0;

	(void)easy;
	loop__remove(loop->loop, watch);
	watch = NULL;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= EPOLLIN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= EPOLLOUT;
	if (events && loop__add_fd(loop->loop, fd, events, run_socket, loop, &watch, NULL) < 0)
		return -1;
	return loop->curl->multi_assign(loop->multi, fd, watch) == CURLM_OK ? 0 : -1;
}

int curl_loop__init(struct curl_loop *loop, struct err *err)
{
	const struct curl_library *curl = loop->curl;
	int r = loop__add_timer(loop->loop, -1 /* libcurl sets it */, 0, run_timer, loop,
				&loop->timer, err);

	if (r < 0)
		return r;
	loop->multi = curl->multi_init();
	if (!loop->multi)
		return err__set(err, -ENOMEM, NULL, "no memory for libcurl");
	(void)curl->multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	(void)curl->multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
	(void)curl->multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	(void)curl->multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
	return 0;
}

void curl_loop__done(struct curl_loop *loop)
{
	if (loop->multi)
		(void)loop->curl->multi_cleanup(loop->multi);
	loop->multi = NULL;
	loop->timer = loop__remove(loop->loop, loop->timer);
}

int curl_loop__start(struct curl_loop *loop, CURL *easy)
{
	return loop->curl->multi_add_handle(loop->multi, easy) == CURLM_OK ? 0 : -ENOMEM;
}

void curl_loop__cancel(struct curl_loop *loop, CURL *easy)
{
	(void)loop->curl->multi_remove_handle(loop->multi, easy);
}
