/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_EVENT_TREE_H
#define SRC_SINK_EVENT_TREE_H

/*
 * The fields of a stream as nested objects: "proc.parent.pid" is pid in parent in proc, sorted by name on every level.
 * The tree is a list of steps, as somebody who writes it down takes them; the list is the caller's, the keys in it are
 * borrowed from the schema. The writers of JSON and YAML are compiled from it.
 */

#include <stdbool.h>
#include "sink/event_sink.h"

enum event_step_kind { EVENT_STEP_ENTER, EVENT_STEP_FIELD, EVENT_STEP_LEAVE };

/* Deeper names keep their dots. */
#define EVENT_TREE_MAX_DEPTH 16
/* Instead of a field: the name of the stream. */
#define EVENT_FIELD_STREAM UINT32_MAX

struct event_step {
	enum event_step_kind kind;
	const char *key; /* not of LEAVE; not terminated */
	size_t key_len;
	uint32_t field;
};

/* Fields that are skipped in JSON are left out. *ret_steps is to be freed; 0 or -ENOMEM. */
int event_tree_make(const struct event_stream *stream, bool names_stream,
		    struct event_step **ret_steps, size_t *ret_count);

#endif
