/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_PROCESS_JSON_H
#define SRC_SINK_PROCESS_JSON_H

/*
 * An event of a policy as a line of JSON, as Tetragon writes it: names, order, numbers of 64 bits as strings, what is
 * absent left out (docs/reference/events.md). It owns nothing and allocates nothing but what the buffer needs to grow.
 * pipeline/ writes each event once for each consumer that wants other fields; `sonde events` writes what it read.
 *
 * Whatever bytes a text has, the line is valid UTF-8 on one line, and does not do to a terminal what an attacker wants:
 * invalid bytes are U+FFFD, controls and marks that turn the direction of text are escaped.
 */

#include "base/str.h"
#include "record/process_schema.h"

/*
 * Appends the line, with its line end. mask: of a whole line, as filter/process_fields.h hands it out; NULL: all fields.
 * 0, or -ENOMEM: out is then as it was.
 */
int process_json__write(const struct process_event *event, const struct event_mask *mask,
			struct strbuf *out);

#endif
