/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_COUNT_SOURCE_H
#define SRC_PIPELINE_COUNT_SOURCE_H

/*
 * Where the records of a counted route come from: events are counted in the kernel, whose map is the route's table then,
 * or here; rows that others drain are taken along. It owns the table of what was counted, and what it remembers of rows; the route owns it.
 * agent_sources.c opens and closes sources, scrape.c reads them.
 */

#include <stdbool.h>
#include "base/err.h"
#include "source/source.h"

struct count_source;
struct program;
struct route;

/* After load, once the stream is there: in the kernel if that is how it came to be, else here. */
int count_source__open(struct route *route, const struct program *program, uint32_t possible_cpus,
		       struct err *err);
/* Unsubscribes; what was counted is forgotten. */
struct count_source *count_source__close(struct count_source *source);

/* Of events: what was neither counted in the kernel nor here, into the route's ledger. */
void count_source__read_losses(struct route *route, struct program *const *programs);

/* It has rows of its own to read, in the place of a table's. */
bool count_source__has_rows(const struct count_source *source);
/* Rows that were counted here or drained by others, then what had no room. */
int count_source__read(struct route *route, table_rows_fn run, struct err *err);

#endif
