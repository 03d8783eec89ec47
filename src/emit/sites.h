/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_EMIT_SITES_H
#define SRC_EMIT_SITES_H

/*
 * Finds where a program puts keys into maps, and which of these places have the shape
 *
 *	value = lookup(map, key);  if (!value) { update(map, key, zero, BPF_NOEXIST); value = lookup(map, key); }
 *
 * whose last lookup only runs for a key that is new: when that finds nothing, the key did not fit. A list of sites owns
 * itself; the caller frees it. program/rewrite.c asks before it redirects lookups.
 */

#include <stdint.h>
#include "base/vec.h"
#include "emit/flow.h"

enum site_verdict {
	SITE_LOOKUP_FOLLOWS, /* lookup_at is the lookup of the same key, straight behind the update */
	SITE_NO_LOOKUP,      /* nothing looks the same key up straight behind it */
	SITE_OVERWRITES,     /* the update's flags are not BPF_NOEXIST: it sets a value */
};

struct site {
	uint32_t update_at; /* instruction */
	uint32_t lookup_at; /* SITE_LOOKUP_FOLLOWS */
	uint16_t map;       /* index into the maps of the program */
	enum site_verdict verdict;
};

struct site_list {
	VEC(struct site) sites; /* owned */
};

/* Every update, in a branch that can run, of a map that data flow knows. 0 or -ENOMEM. */
int sites_find(const struct flow_program *program, const struct flow *flow,
	       struct site_list *ret_list);
void site_list__done(struct site_list *list);

#endif
