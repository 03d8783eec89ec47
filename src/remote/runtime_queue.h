/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_REMOTE_RUNTIME_QUEUE_H
#define SRC_REMOTE_RUNTIME_QUEUE_H

/*
 * The containers that wait to be asked for: each once, in order, with the time of their next try. It owns its entries.
 * runtime.c has one. What somebody asked for comes before what a list brought, for that has its name already.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/map.h"

struct runtime_ask {
	struct runtime_ask *next;
	int64_t asked_ns, due_ns;
	uint32_t tries;
	bool is_background; /* of a list */
	bool was_found;     /* and is asked for again because it had not started */
	char id[];
};

struct runtime_queue {
	struct runtime_ask *first, **last;
	struct map by_id;
	uint32_t len;
};

void runtime_queue__init(struct runtime_queue *queue);
void runtime_queue__done(struct runtime_queue *queue);

struct runtime_ask *runtime_queue__find(const struct runtime_queue *queue, const char *id);
/* At the end. NULL: no memory. */
struct runtime_ask *runtime_queue__add(struct runtime_queue *queue, const char *id, int64_t now_ns);
void runtime_queue__remove(struct runtime_queue *queue, struct runtime_ask *ask);
/* The next that is due; NULL: none yet, and *ret_due_ns is when (INT64_MAX: never). It walks the queue: some µs when
 * thousands wait, beside a request of a millisecond. */
struct runtime_ask *runtime_queue__pick(const struct runtime_queue *queue, int64_t now_ns,
					int64_t *ret_due_ns);
/* The first that was asked for before then, or NULL. */
struct runtime_ask *runtime_queue__find_older(const struct runtime_queue *queue, int64_t then_ns);

#endif
