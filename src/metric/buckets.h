/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_METRIC_BUCKETS_H
#define SRC_METRIC_BUCKETS_H

/*
 * Histogram bounds from a bucket spec, and the slot that a bucket key of a map belongs to.
 * It owns its arrays; a family copies the layout. The plan builds one per histogram.
 */

#include <stdint.h>
#include "base/err.h"
#include "config/spec.h"
#include "metric/family.h"

#define BUCKETS_MAX 4096

struct bucket_map;

/* -EINVAL with position and reason for layouts that cannot be (min == max, no keys, unknown
 * type, too many). */
int bucket_map__new(const struct bucket_spec *spec, enum sum_kind sum, struct bucket_map **ret_map,
		    struct err *err);
struct bucket_map *bucket_map__free(struct bucket_map *map);
/* Borrowed. */
const struct bucket_layout *bucket_map__layout(const struct bucket_map *map);
/* Slot of a bucket key: 0..slot_count-1, the layout's sum_slot for the sum, -1 for keys that
 * belong nowhere. */
int16_t bucket_map__slot(const struct bucket_map *map, uint64_t key);

#endif
