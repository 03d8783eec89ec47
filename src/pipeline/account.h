/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_ACCOUNT_H
#define SRC_PIPELINE_ACCOUNT_H

/*
 * Sums that go on when series do not: what a series that is kept gets of a row is what came since the row was read
 * last, which the key's account in the label cache knows. It owns nothing, the route has the accounts. Readers of
 * tables and rings call it for rows that are not simply added, and whoever reads counts beside the keys of a map.
 * docs/reference/series.md has the rules, docs/decisions/0007-exact-totals.md the reasons.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "decode/cache.h"

struct route;

/*
 * A row of a table: every one of a family that keeps values, otherwise those whose entry has a LABEL_SERIES_ code.
 * The entry is that of the key which was just found or decoded; the values are the route's value_count numbers.
 */
void route__account(struct route *route, const void *key, const struct label_entry *entry,
		    const uint64_t *values);
/* Events: the series that one more is to be counted in; false: in none. */
bool route__event_series(struct route *route, const void *key, const struct label_entry *entry,
			 uint32_t *ret_series);
/* After the rows of a pass over the route's map. */
void route__end_pass(struct route *route, bool is_complete);

/*
 * What the kernel has counted so far beside the keys of the route's map, in all: once per slot in every pass, after its
 * rows. Slot: 0 of a counter; of a histogram that of the bucket, or slot_count for the raw sum. A value of 0 does
 * nothing. -ENOMEM: it is left out of this pass.
 */
int route__add_overflow(struct route *route, uint32_t slot, uint64_t value, struct err *err);

/*
 * For a route that takes the place of another one in the same family, before its first pass: what that one has counted
 * of the keys of a map whose counts go on is not counted again. The former one has no label cache afterwards.
 */
void route__take_accounts(struct route *route, struct route *former);

#endif
