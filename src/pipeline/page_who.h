/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_PAGE_WHO_H
#define SRC_PIPELINE_PAGE_WHO_H

/*
 * Who is known, in the words of the page: a sentence each about containers, processes, filters and runtimes.
 * The sentences live in the caller's arena. service.c asks it for every page.
 */

#include <stddef.h>
#include "base/arena.h"

struct agent;

/* None while nobody asks who somebody is. 0 or -ENOMEM */
int page_who__make(const struct agent *agent, struct arena *arena, const char *const **ret_lines,
		   size_t *ret_count);

#endif
