/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_EXPLAIN_MAP_H
#define SRC_PROGRAM_EXPLAIN_MAP_H

/*
 * Why the kernel would not make a map: it only ever says "invalid argument", so the definition is looked over.
 * Pure; it owns nothing. load.c calls it when a map stopped a load.
 */

#include <stdbool.h>
#include "base/err.h"

struct fact_map;

/* Sets err (code r). has_type: whether this kernel has maps of that type at all. Returns r. */
int explain_map(const struct fact_map *map, const char *type_name, bool has_type, int r,
		struct err *err);

#endif
