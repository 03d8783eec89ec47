/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_LOADER_H
#define SRC_POLICY_LOADER_H

/*
 * What `loader: true` stands for: a hook where the kernel tells its performance counters of memory that files are mapped
 * to, with the build id that it has read for them. Only what is told to sonde's own counter counts, once for each mapping.
 * The spec is in the caller's arena.
 * site.c adds it to the places of a policy; pipeline/ reads the arguments of its events.
 */

#include "policy/private.h"

/* NULL: no memory. */
const struct hook_spec *policy_loader__make_hook(const struct policy_spec *policy,
						 uint64_t mapping_mark, struct arena *arena);

#endif
