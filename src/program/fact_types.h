/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_FACT_TYPES_H
#define SRC_PROGRAM_FACT_TYPES_H

/*
 * BTF types as neutral facts, converted one by one as they are asked for.
 * It owns only its memory of what was converted already; the facts live in the arena it was made with.
 * facts.c uses it for an object, kernel_types.c for the kernel.
 */

#include <stdint.h>
#include "base/arena.h"
#include "config/facts.h"

struct btf;
struct fact_types;

/* btf and arena are borrowed until free. NULL: no memory. */
struct fact_types *fact_types__new(const struct btf *btf, struct arena *arena);
/* The same, but structs and unions behind pointers have no members, only an id, with `mark` added: of the kernel, the
 * whole would come. */
struct fact_types *fact_types__new_shallow(const struct btf *btf, uint32_t mark,
					   struct arena *arena);
struct fact_types *fact_types__free(struct fact_types *types);
/* NULL for void, for ids that are not there, and when there is no memory. Types may refer to each other in circles. */
const struct fact_type *fact_types__get(struct fact_types *types, uint32_t id);

#endif
