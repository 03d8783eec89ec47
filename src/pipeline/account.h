/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_ACCOUNT_H
#define SRC_PIPELINE_ACCOUNT_H

/*
 * Counts of the kernel that belong to no key of a map. They go to the overflow series of the route's family, so that
 * the total of all series is what the program has counted. It owns nothing; whoever reads such a count calls it.
 */

#include <stdint.h>
#include "base/err.h"

struct route;

/*
 * What the kernel has counted so far beside the keys of the route's map, in all: once per slot in every pass, after its
 * rows. Slot: 0 of a counter; of a histogram that of the bucket, or slot_count for the raw sum. A value of 0 does
 * nothing. -ENOMEM: it is left out of this pass.
 */
int route__add_overflow(struct route *route, uint32_t slot, uint64_t value, struct err *err);

#endif
