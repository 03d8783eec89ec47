/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_AGGREGATE_H
#define SRC_PROGRAM_AGGREGATE_H

/*
 * The rings of an object whose records are counted in the kernel: what is wanted of each, the maps that are made for it, and
 * the rung that each program took.
 * A counted ring owns its maps and the mapping of its switch; what it counts lives in the program's arena. rewrite.c calls
 * it for every program on its way into the kernel (aggregate_part.c), load.c when one is refused.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/vec.h"
#include "emit/records.h"
#include "emit/slot.h"
#include "program/program.h"

struct program_part;
struct splice;

/* Maps by what is in a slot, and whether programs share it. */
enum slot_home { SLOT_HOME_OWN, SLOT_HOME_SHARED, SLOT_HOME_COUNT };
enum slot_content { SLOT_CONTENT_RECORD, SLOT_CONTENT_KEY, SLOT_CONTENT_COUNT };

/* What became of one program of the object, through all tries of a load. */
struct counted_part {
	const struct program_part *part;
	enum rung allowed; /* lowered when it is refused */
	bool has_sites;
	struct rung_view view;
};

struct counted_ring {
	const char *name; /* of the facts */
	enum rung most;
	uint32_t type;                    /* of the map */
	struct aggregate *aggregates;     /* arena */
	struct aggregate_layout *layouts; /* arena */
	struct aggregate_code *codes;     /* arena; the maps of each: owned */
	uint32_t aggregate_count;
	uint32_t record_size, key_size; /* of the longest key */
	const char *problem;            /* arena, or NULL: why it can be none but untouched */
	bool is_counted;                /* in the load under way, or the one that went well */
	int control_fd;                 /* owned; -1: none yet */
	uint64_t *control;              /* owned; a page of it, or NULL */
	int slot_fds[SLOT_HOME_COUNT][SLOT_CONTENT_COUNT]; /* owned; -1: none yet */
	uint32_t own_slots;                                /* given away in the load under way */
	VEC(struct counted_part) parts;
};

struct counted_rings {
	VEC(struct counted_ring) rings;
	bool must_retry; /* a program was found that cannot be counted, after others were prepared to be */
};

/* Before each try: makes maps that are not there yet; sees who takes part. -ENOMEM. */
int counted_rings__begin(struct program *program, struct err *err);
void counted_rings__done(struct counted_rings *rings);
/* The map number *index of all that are there, and its name; -1: there are fewer, and *index is less by as many. */
int counted_rings__map(const struct counted_rings *rings, uint32_t *index, const char **ret_name);
/* The kernel refused what became of this program: whether it has a lower rung to try. Copies what it needs of err. */
bool counted_rings__step_down(struct program *program, const struct program_part *part,
			      const struct err *err);

/* ---- aggregate_part.c: one program on its way into the kernel ---- */

struct counted_sites { /* of one ring */
	struct counted_ring *ring;
	struct counted_part *part;
	struct record_list list;
};

struct counted_plan {
	VEC(struct counted_sites) rings; /* owned */
	struct bpf_insn *insns;          /* owned: the program, changed; NULL: it stays */
};

/*
 * Finds what the program does with records, takes its rung for each ring and prunes it. -ENOMEM; anything else is noted
 * with the rung and no error.
 */
int counted_plan__make(struct counted_plan *plan, struct program *program,
		       const struct program_part *part, const struct flow_program *source,
		       const struct flow *flow, struct err *err);
/* Puts the subprograms behind it and calls to them in place of its own; *ret_count says how many calls. */
int counted_plan__splice(const struct counted_plan *plan, struct program *program,
			 struct splice *splice, uint32_t *ret_count, struct err *err);
void counted_plan__done(struct counted_plan *plan);
/* Nobody can tell what the program does: it may send records, and stays as it is. The reason: arena, or NULL. */
void counted_rings__refuse(struct program *program, const struct program_part *part,
			   const char *reason);

/* What is known of that program, from now on; NULL: no memory. Borrowed until the next is asked for. */
struct counted_part *counted_ring__part(struct counted_ring *ring, const struct program_part *part);
/* Makes that map unless it is there. Its descriptor, or -errno. */
int counted_ring__slots(struct counted_ring *ring, const struct program *program,
			enum slot_home home, enum slot_content content);
#define COUNTED_SHARED_SLOTS_MAX 16u
uint32_t counted_ring__shared_slots(const struct counted_ring *ring);
struct slot_layout counted_ring__slot_layout(const struct counted_ring *ring,
					     enum slot_content content);

#endif
