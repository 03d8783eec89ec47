/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_EMIT_RECORDS_H
#define SRC_EMIT_RECORDS_H

/*
 * Finds where a program gets the records of a ring buffer, sends them and gives them up, and what a perf buffer is given.
 * A list of sites owns itself; the caller frees it. program/aggregate.c asks before it puts subprograms in their place.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/vec.h"
#include "emit/flow.h"

enum record_action {
	RECORD_RESERVE,
	RECORD_SUBMIT,
	RECORD_DISCARD,
	RECORD_OUTPUT,      /* data of its own into the ring */
	RECORD_PERF_OUTPUT, /* into a perf buffer */
};

struct record_site {
	uint32_t at; /* instruction: the call */
	enum record_action action;
	int32_t size; /* bytes, where they are known: of RESERVE always; -1: not known */
};

struct record_list {
	VEC(struct record_site) sites; /* owned; those in branches that can run */
	/* One record may be held while another is reserved, or the program may interrupt itself (a timer). */
	bool needs_many;
};

/*
 * `ring` is an index into the maps of the program. -EOPNOTSUPP: something is done with records of which nobody can tell
 * whose they are; err names the instruction. -ENOMEM.
 */
int records_find(const struct flow_program *program, const struct flow *flow, uint16_t ring,
		 struct record_list *ret_list, struct err *err);
void record_list__done(struct record_list *list);

#endif
