/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_PAGE_LEDGER_H
#define SRC_PIPELINE_PAGE_LEDGER_H

/*
 * The ledger in the words of the page: what the table of costs at "/" shows, dearest first. Rows and texts live in the
 * caller's arena, names are the agent's. service.c asks it for every page.
 */

#include "base/arena.h"

struct agent;
struct page_ledger;

/* 0 or -ENOMEM */
int page_ledger__make(const struct agent *agent, struct arena *arena,
		      struct page_ledger *ret_ledger);

#endif
