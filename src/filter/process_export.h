/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_FILTER_PROCESS_EXPORT_H
#define SRC_FILTER_PROCESS_EXPORT_H

/*
 * What of the events of policies goes to one consumer: its allow and deny lists, its fields, its limit. It owns all of
 * them. pipeline/ has one for each consumer, hands it every event, and asks it which hooks it can leave in the kernel.
 */

#include "filter/process_fields.h"
#include "filter/process_filter.h"

struct process_export;

struct process_export_options {
	const char *allow, *deny; /* as process_filter_parse() reads them; NULL: none */
	const char *fields;       /* as process_fields_parse() does */
	struct process_filter_options filters;
	bool is_limited;
	uint32_t per_minute; /* events; 0: none */
};

/* -EINVAL: what is wrong, in which of the texts. now_ns: monotonic, here and below. */
int process_export__new(const struct process_export_options *options, int64_t now_ns,
			struct process_export **ret_export, struct err *err);
struct process_export *process_export__free(struct process_export *export);

enum process_verdict {
	PROCESS_VERDICT_KEEP,
	PROCESS_VERDICT_FILTERED, /* by the lists */
	PROCESS_VERDICT_LIMITED,  /* by the limit */
};

/* Counts what it says. */
enum process_verdict process_export__run(struct process_export *export,
					 const struct process_event *event, int64_t now_ns);
/*
 * Whether an event of that kind and policy ("": it has none) can ever be kept. When no consumer can keep what a hook
 * tells, the hook only counts.
 */
bool process_export__may_admit(const struct process_export *export, enum process_event_kind kind,
			       const char *policy);
/* NULL: all fields. */
const struct event_mask *process_export__mask(const struct process_export *export);
/* Once a minute: how many the limit dropped since, for an event of kind RATE_LIMIT_INFO; otherwise 0. */
uint64_t process_export__take_dropped(struct process_export *export, int64_t now_ns);

struct process_export_figures {
	uint64_t kept, filtered, limited;
	uint64_t undecided;    /* filters with patterns that needed too many steps */
	uint64_t not_followed; /* processes of a pid_set for which there was no room */
};

void process_export__figures(const struct process_export *export,
			     struct process_export_figures *ret_figures);

#endif
