/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_PROCESS_COMPACT_H
#define SRC_SINK_PROCESS_COMPACT_H

/*
 * An event of a policy as a line for people, in the form that `tetra getevents -o compact` made familiar: what happened,
 * where, by which program, with what. It owns the pattern by which it knows what can be shown as it is. `sonde events`
 * prints with it (docs/reference/events.md has the forms).
 */

#include "base/err.h"
#include "base/str.h"
#include "record/process_event.h"

struct process_compact;

struct process_compact_options {
	bool is_colored;
	bool has_times;    /* each line begins with when it was */
	bool has_stacks;   /* frames follow, a line each */
	bool has_ima_hash; /* of what a LSM hook saw, likewise */
	/* The name of a system call of an ABI ("x64"; "": this machine's own); NULL: there is none. May be NULL. */
	const char *(*syscall_name)(const struct text_view *abi, int64_t number);
};

int process_compact__new(const struct process_compact_options *options,
			 struct process_compact **ret_compact, struct err *err);
struct process_compact *process_compact__free(struct process_compact *compact);

/*
 * Appends the line and those that belong to it. 1; 0: of this kind there is no line; -ENOMEM. Texts that have blanks or
 * what does not print in them are quoted as Go does it, so that nothing in them does anything to a terminal.
 */
int process_compact__write(struct process_compact *compact, const struct process_event *event,
			   struct strbuf *out);

#endif
