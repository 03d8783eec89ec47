/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_REMOTE_CURL_LOOP_H
#define SRC_REMOTE_CURL_LOOP_H

/*
 * libcurl on the one loop: its sockets and its timer become watches, and the end of a transfer a call. It owns the multi
 * handle and the timer; the library's table, the loop and the easy handles are borrowed. Each client of remote/ has one.
 */

#include <curl/curl.h>
#include "base/err.h"
#include "base/loop.h"

struct curl_library;

struct curl_loop {
	const struct curl_library *curl; /* borrowed */
	struct loop *loop;               /* borrowed */
	CURLM *multi;                    /* owned */
	struct loop_watch *timer;        /* what libcurl waits for */
	/* A transfer is over and its handle is free again; the handle's owner may start another. */
	void (*done)(void *ctx, CURLcode code);
	void *ctx;
};

/* After an error as after a success: curl_loop__done(). */
int curl_loop__init(struct curl_loop *loop, struct err *err);
/* After the easy handles, whose connections it closes. */
void curl_loop__done(struct curl_loop *loop);
/* Whether it has begun; done() tells the rest. */
int curl_loop__start(struct curl_loop *loop, CURL *easy);
/* Ends a transfer without a word; of a handle that has none it does nothing. */
void curl_loop__cancel(struct curl_loop *loop, CURL *easy);

#endif
