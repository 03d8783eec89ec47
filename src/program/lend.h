/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_LEND_H
#define SRC_PROGRAM_LEND_H

/*
 * A map of the engine in the place of a program's own, and types that come with it: programs are fitted to types of the
 * running kernel, and what the engine keeps is fitted to in the same way, though no kernel knows it.
 * It owns nothing after a call but the descriptor that it returns. pipeline/ lends before a program is loaded.
 */

#include <stdint.h>
#include "base/err.h"

struct program;

struct lent_member {
	const char *name;
	uint32_t offset;
	uint32_t size;  /* 1, 2, 4 or 8; of an element */
	uint32_t count; /* elements of an array; 0: it is none */
};

struct lent_type {
	const char *name;
	uint32_t size;
	const struct lent_member *members;
	uint32_t member_count;
};

/* The kernel's types (btf_path, or NULL: of the running one) and these: a descriptor, or -errno. */
int lent_types_open(const char *btf_path, const struct lent_type *types, uint32_t count,
		    struct err *err);

/* Between plan and load: the program's map of that name is that of the engine's program, and its types are those. Key
 * sizes have to agree, value sizes need not. */
int program__lend(struct program *program, const char *name, const struct program *engine,
		  const char *engine_map, int types_fd, struct err *err);

#endif
