/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SOURCE_STACK_MAP_H
#define SRC_SOURCE_STACK_MAP_H

/*
 * One stack out of a map of stacks, by its number. It owns nothing; the map's descriptor is borrowed for the call.
 * pipeline/ calls it when somebody shows a stack.
 */

#include <stddef.h>
#include <stdint.h>
#include "source/source.h"

/* Addresses, innermost first: how many, up to max. 0: there is no such stack, or it is lost. -errno. */
int stack_map_find(const struct map_info *map, uint32_t id, uint64_t *ret_addresses, size_t max);
/* The first bytes of the value: 1, or 0 when there is none of that number; -errno. */
int stack_map_read(const struct map_info *map, uint32_t id, void *ret_value, size_t size);

#endif
