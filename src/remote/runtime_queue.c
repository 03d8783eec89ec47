/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/runtime_queue.h"

#include <stdlib.h>
#include <string.h>

void runtime_queue__init(struct runtime_queue *queue)
{
	*queue = (struct runtime_queue){ .by_id = MAP_INIT };
	queue->last = &queue->first;
}

void runtime_queue__done(struct runtime_queue *queue)
{
	while (queue->first) {
		struct runtime_ask *ask = queue->first;

		queue->first = ask->next;
		free(ask);
	}
	map__done(&queue->by_id, NULL);
	runtime_queue__init(queue);
}

struct runtime_ask *runtime_queue__find(const struct runtime_queue *queue, const char *id)
{
	return map__find(&queue->by_id, id, strlen(id));
}

struct runtime_ask *runtime_queue__add(struct runtime_queue *queue, const char *id, int64_t now_ns)
{
	size_t size = strlen(id) + 1;
	struct runtime_ask *ask = calloc(1, sizeof(*ask) + size);

	if (!ask)
		return NULL;
	memcpy(ask->id, id, size);
	ask->asked_ns = ask->due_ns = now_ns;
	if (map__set(&queue->by_id, ask->id, size - 1, ask, NULL) < 0) {
		free(ask);
		return NULL;
	}
	*queue->last = ask;
	queue->last = &ask->next;
	queue->len++;
	return ask;
}

void runtime_queue__remove(struct runtime_queue *queue, struct runtime_ask *ask)
{
	struct runtime_ask **at = &queue->first;

	while (*at != ask)
		at = &(*at)->next;
	*at = ask->next;
	if (!ask->next)
		queue->last = at;
	(void)map__take(&queue->by_id, ask->id, strlen(ask->id));
	queue->len--;
	free(ask);
}

struct runtime_ask *runtime_queue__pick(const struct runtime_queue *queue, int64_t now_ns,
					int64_t *ret_due_ns)
{
	struct runtime_ask *background = NULL;

	*ret_due_ns = INT64_MAX;
	for (struct runtime_ask *ask = queue->first; ask; ask = ask->next) {
		if (ask->due_ns > now_ns) {
			if (ask->due_ns < *ret_due_ns)
				*ret_due_ns = ask->due_ns;
		} else if (!ask->is_background) {
			return ask;
		} else if (!background) {
			background = ask;
		}
	}
	return background;
}

struct runtime_ask *runtime_queue__find_older(const struct runtime_queue *queue, int64_t then_ns)
{
	for (struct runtime_ask *ask = queue->first; ask; ask = ask->next)
		if (ask->asked_ns < then_ns)
			return ask;
	return NULL;
}
