/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_EVENT_LINES_H
#define SRC_PIPELINE_EVENT_LINES_H

/*
 * Lines of JSON that tell of events of policies, Tetragon's or ours, filtered and printed: read, filter, write. It owns the
 * filters, the printer and what a line needs while it is treated. `sonde events` hands it what comes from standard input
 * or from the agent that runs.
 */

#include "base/err.h"
#include "base/str.h"
#include "filter/process_export.h"

/* Of a line; one that is longer is no event. */
#define EVENT_LINES_MAX_BYTES (10u << 20)

enum event_lines_format { EVENT_LINES_JSON, EVENT_LINES_COMPACT };

struct event_lines_options {
	enum event_lines_format format;
	struct process_export_options filters;
	bool is_colored, has_times, has_stacks, has_ima_hash; /* of COMPACT */
	const char *terminal; /* only what was written to that file, as it is; NULL: lines */
};

struct event_lines;

struct event_lines_figures {
	uint64_t lines, printed;
	uint64_t malformed; /* they are no events */
};

int event_lines__new(const struct event_lines_options *options, struct event_lines **ret_lines,
		     struct err *err);
struct event_lines *event_lines__free(struct event_lines *lines);
/* Without its line end. Appends what is to be printed of it. 0, or -ENOMEM: lines that are wrong are counted. */
int event_lines__take(struct event_lines *lines, const char *line, size_t len, struct strbuf *out);
/* *ret_problem: what was wrong with the first malformed line, or NULL. */
void event_lines__figures(const struct event_lines *lines, struct event_lines_figures *ret_figures,
			  const struct err **ret_problem);

/* The name of a system call of this machine's own ABI, for compact lines; NULL: there is none, or it is another ABI. */
const char *event_syscall_name(const struct text_view *abi, int64_t number);

/* Flags as filters write them: lists of texts that each become one key, and those that are empty none. */
struct event_filter_words {
	const char *key;
	const char *const *values;
	size_t count;
};

/* One filter out of them, as JSON; "" when there is nothing in them. -ENOMEM. */
int event_lines_filter_text(const struct event_filter_words *words, size_t count,
			    struct strbuf *out);

#endif
