/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_FILTER_PROCESS_FIELDS_H
#define SRC_FILTER_PROCESS_FIELDS_H

/*
 * Which fields of events of policies are written: Tetragon's filters of fields, applied one after the other, as one mask
 * for each kind of event. It owns the masks. process_export.c has one, `sonde events` another; sink/process_json.h writes
 * by its mask. What stands beside the event in a line (its node, its time) is always written.
 */

#include "base/err.h"
#include "record/process_schema.h"

struct process_fields;

enum process_fields_action {
	PROCESS_FIELDS_INCLUDE, /* of what is left, only these are written */
	PROCESS_FIELDS_EXCLUDE, /* these are not */
};

struct process_fields_filter {
	uint32_t kinds;   /* a bit for each kind of event; 0: all */
	bool is_inverted; /* all but those */
	enum process_fields_action action;
	const char *paths; /* "process.pid,parent": names as in JSON */
};

int process_fields__new(struct process_fields **ret_fields);
/* -EINVAL: none of the kinds has such a field. */
int process_fields__add(struct process_fields *fields, const struct process_fields_filter *filter,
			struct err *err);
/* Objects of JSON, one after the other; -EINVAL with position, object and key. */
int process_fields_parse(const char *text, const struct loc *at, struct process_fields **ret_fields,
			 struct err *err);
struct process_fields *process_fields__free(struct process_fields *fields);

/* Of a line; NULL: everything is written. Valid until a filter is added. */
const struct event_mask *process_fields__mask(const struct process_fields *fields);

#endif
