/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_FEED_CGROUP_ID_H
#define SRC_PROGRAM_FEED_CGROUP_ID_H

/*
 * Keeps a map of the cgroups whose paths match: put in when they are made, taken out when they go.
 * It owns its subscription and patterns; the cgroup tree and the map's descriptor are borrowed.
 * program__feed() starts it, program__close() ends it.
 */

#include <stdint.h>
#include "base/err.h"

struct cgroup_tree;
struct feed_spec;
struct program_feed;
struct program_map;

int cgroup_id_feed__start(struct cgroup_tree *tree, const struct feed_spec *spec,
			  const struct program_map *map, struct program_feed **ret_feed,
			  struct err *err);

#endif
