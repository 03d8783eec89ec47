/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_REWRITE_H
#define SRC_PROGRAM_REWRITE_H

/*
 * Programs on their way into the kernel are changed so that what does not fit into a full map is added to an overflow
 * map beside it. A rewriter owns the overflow maps, and what the library must keep until a load is over.
 * load.c drives one per object; handler.c calls it for every program that libbpf is about to load.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/vec.h"
#include "emit/flow.h"
#include "emit/splice.h"
#include "program/program.h"

struct bpf_prog_load_opts;
struct program_part;

/* A map of the object whose overflow is wanted. */
struct overflow_map {
	const char *name;              /* of the facts */
	struct overflow_layout layout; /* its list: arena */
	uint32_t value_size;
	int fd;              /* owned; -1: not made (yet) */
	const char *problem; /* arena, or NULL: why it could not be made */
	int64_t subprogram;  /* of the program being spliced; -1: none yet */
};

struct rewriter {
	VEC(struct overflow_map) maps;
	VEC(struct rewrite_site) sites; /* of the load under way, or of the one that went well */
	uint32_t function_type; /* of the object that is open now, for subprograms; 0: none */
	/* Of the load under way: */
	VEC(struct flow_map) known;    /* maps by descriptor */
	VEC(const char *) known_names; /* as long as `known`; the facts' */
	struct splice splice;          /* libbpf reads its records until the load is over */
};

/* Before the first try: gives the object a type for added functions, and opens it again. */
int rewriter__prepare(struct program *program, struct err *err);
/* Before each try: makes the overflow maps that are not there yet. */
int rewriter__begin(struct program *program, struct err *err);
/*
 * Redirects the lookups and counts the records of one program. What cannot be done is noted with the part, the map or the
 * ring. -EAGAIN: programs before it were made for what this one cannot have; the load has to begin anew.
 */
int rewriter__run(struct program *program, struct program_part *part,
		  struct bpf_prog_load_opts *options);
/* After each try. */
void rewriter__end(struct program *program);
void rewriter__done(struct program *program);
/* As counted_rings__map(): the overflow maps. */
int rewriter__map(const struct rewriter *rewriter, uint32_t *index, const char **ret_name);

/* The kernel does not take what became of it: it will be loaded as it is. Takes err. */
void rewriter__give_up(struct program *program, struct program_part *part, struct err *err);
/* The overflow of that map goes on where the program before left it. -ENOMEM. */
int rewriter__inherit(struct program *program, const char *map, const struct program *before,
		      struct err *err);

#endif
