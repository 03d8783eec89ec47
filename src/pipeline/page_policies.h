/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_PAGE_POLICIES_H
#define SRC_PIPELINE_PAGE_POLICIES_H

/*
 * What the page at "/" says of policies: a row for each hook with what became of it, or one for a policy that has none attached.
 * Plain functions; texts are the arena's. service.c calls them beside the programs of a config.
 */

#include <stdint.h>

struct agent;
struct arena;
struct page_program;

/* How many rows there are at most. */
uint32_t page_policies__count(const struct agent *agent, uint32_t config);
/* Fills them; how many there are, or -ENOMEM. */
int page_policies__make(struct agent *agent, uint32_t config, struct arena *arena,
			struct page_program *ret_programs);

#endif
