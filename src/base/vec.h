/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_VEC_H
#define SRC_BASE_VEC_H

/*
 * Typed growable arrays without a void * in sight: struct { type *items; size_t len, capacity; }.
 * The vector owns its storage, not what its elements point to.
 *
 *	VEC(struct thing) things = VEC_INIT;
 *	if (vec_push(&things, thing) < 0)
 *		return -ENOMEM;
 *	vec_done(&things);
 */

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include "base/mem.h"

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t len;                                                                        \
		size_t capacity;                                                                   \
	}
#define VEC_INIT                                                                                   \
	{                                                                                          \
		0                                                                                  \
	}

/* 0 or -ENOMEM */
#define vec_reserve(vec, need)                                                                     \
	mem_grow((void **)(void *)&(vec)->items, &(vec)->capacity, (need), sizeof(*(vec)->items))
#define vec_push(vec, value)                                                                       \
	(vec_reserve((vec), (vec)->len + 1) < 0 ? -ENOMEM                                          \
						: ((vec)->items[(vec)->len++] = (value), 0))
#define vec_done(vec)                                                                              \
	do {                                                                                       \
		free((vec)->items);                                                                \
		(vec)->items = NULL;                                                               \
		(vec)->len = (vec)->capacity = 0;                                                  \
	} while (0)
#define vec_for_each(vec, item)                                                                    \
	for (typeof((vec)->items + 0)(item) = (vec)->items; /* NULL + 0 is undefined */            \
	     (item) && (item) < (vec)->items + (vec)->len; (item)++)

#endif
