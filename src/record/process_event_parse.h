/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_RECORD_PROCESS_EVENT_PARSE_H
#define SRC_RECORD_PROCESS_EVENT_PARSE_H

/*
 * A line of JSON, as Tetragon's logs have them, to the event that it tells of. It owns nothing; everything in the event
 * lives in the arena. `sonde events` reads standard input with it.
 */

#include "base/arena.h"
#include "base/err.h"
#include "record/process_event.h"

/* As much as one message of Tetragon's API may have. */
#define PROCESS_EVENT_LINE_MAX (10u << 20)

/*
 * Fields that are not known are passed over, as newer agents have them, and so are events of kinds that are not known: the
 * kind is then PROCESS_EVENT_NONE. -EINVAL with the path of the field whose value is wrong, -E2BIG, -ENOMEM.
 */
int process_event_parse(const char *line, size_t len, struct arena *arena,
			struct process_event *ret_event, struct err *err);

#endif
