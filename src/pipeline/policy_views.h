/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_POLICY_VIEWS_H
#define SRC_PIPELINE_POLICY_VIEWS_H

/*
 * What an event says of processes and of the values that a hook caught, made for as long as the event is on its way.
 * The memory is the maker's: policy_views__begin() takes all of it back. Processes and identities are borrowed.
 * pipeline/policy_stream.c makes events with it, which subscribers read and forget.
 */

#include "base/arena.h"
#include "base/str.h"
#include "enrich/process.h"
#include "pipeline/policy_pieces.h"
#include "policy/policy.h"
#include "record/process_event.h"

struct policies_options;

struct policy_views {
	struct arena arena; /* of the event at hand */
	struct strbuf text; /* while one is put together */
	uint32_t host_namespaces[WHO_NAMESPACE_COUNT];
	struct policy_pieces pieces;            /* of long buffers */
	const struct policies_options *options; /* borrowed; what events show */
	struct process_redaction *redaction;    /* borrowed; NULL: nothing is hidden */
};

void policy_views__done(struct policy_views *views);
/* A new event: all that was made for the one before is gone. */
void policy_views__begin(struct policy_views *views);

/* policy_process.c. NULL: no process, or no memory. */
struct process_view *policy_views__process(struct policy_views *views,
					   const struct process *process);
/* What exec made of its file and its privileges, which only the event of that exec shows. `view` may be NULL. */
void policy_views__add_binary(struct policy_views *views, const struct process *process,
			      struct process_view *view);
/* Those above its parent, the nearest first. */
void policy_views__add_ancestors(struct policy_views *views, const struct process *process,
				 struct process_event *event);
/* Of a process that nobody knows but by its number. */
const struct process_view *policy_views__unknown(struct policy_views *views, uint32_t tgid);

/* policy_argument.c. Whether a record is as long as it says, and has room for its values. */
bool policy_views__is_sound(const struct policy_record *record, size_t len);
/* The value of that index, of a sound record. */
void policy_views__argument(struct policy_views *views, const struct policy_record *record,
			    uint32_t index, const struct policy_hook *hook,
			    struct process_argument *ret_argument);

/* A copy with a NUL behind it, in the event's memory; absent when there is none. */
struct text_view policy_views__keep(struct policy_views *views, const char *text, size_t len);
/* The text itself, or in the event's memory without what is no UTF-8. */
struct text_view policy_views__legible(struct policy_views *views, struct text_view text);
/* What was written to `text` since it was emptied; it is empty afterwards. */
struct text_view policy_views__take_text(struct policy_views *views);

#endif
