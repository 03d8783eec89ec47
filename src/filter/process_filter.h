/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_FILTER_PROCESS_FILTER_H
#define SRC_FILTER_PROCESS_FILTER_H

/*
 * A list of filters for events of policies, as Tetragon's export lists are written: objects of JSON, one after the other;
 * of an object all keys must hold, of the list one object. A filter owns its patterns and the processes that its pid_sets
 * follow. process_export.c has two of them, `sonde events` one (docs/reference/events.md has the keys).
 */

#include "base/err.h"
#include "record/process_event.h"

struct process_filter;

struct process_filter_options {
	bool allows_pid_sets; /* the key pid_set, which follows processes by their numbers */
};

/* Processes that pid_sets remember; those beyond are not followed. */
#define PROCESS_FILTER_FOLLOWED_MAX 65536u

/* An empty text is a list without objects. -EINVAL with position, object and key; -EOPNOTSUPP: cel_expression. */
int process_filter_parse(const char *text, const struct loc *at,
			 const struct process_filter_options *options,
			 struct process_filter **ret_filter, struct err *err);
struct process_filter *process_filter__free(struct process_filter *filter);

/* Of objects. */
uint32_t process_filter__count(const struct process_filter *filter);
/* Whether one of the objects holds. What cannot be told (a pattern needs too many steps) does not hold, and is counted. */
bool process_filter__match(struct process_filter *filter, const struct process_event *event);

/* What is known of an event before there is one. policy: its name, or "" when it has none. */
enum process_filter_forecast {
	PROCESS_FILTER_NEVER,  /* no object can hold */
	PROCESS_FILTER_MAYBE,  /* it depends on the event */
	PROCESS_FILTER_ALWAYS, /* one holds whatever the event is */
};

enum process_filter_forecast process_filter__forecast(const struct process_filter *filter,
						      enum process_event_kind kind,
						      const char *policy);

struct process_filter_figures {
	uint64_t undecided;    /* patterns that needed too many steps */
	uint64_t not_followed; /* processes of a pid_set for which there was no room */
};

void process_filter__figures(const struct process_filter *filter,
			     struct process_filter_figures *ret_figures);

#endif
