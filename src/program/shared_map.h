/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_SHARED_MAP_H
#define SRC_PROGRAM_SHARED_MAP_H

/*
 * A map that belongs to the agent and not to one object: a hash from a 64-bit number to one of 64 or 32 bits, which user
 * space writes and any number of programs look at. It owns the map, which is pinned nowhere and gone with the last program
 * that has it. pipeline/ makes one and lends it to programs before they are loaded.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct program;
struct shared_map;

/* value_size: 8 or 4. */
int shared_map__new(const char *name, uint32_t value_size, uint32_t max_entries,
		    struct shared_map **ret_map, struct err *err);
struct shared_map *shared_map__free(struct shared_map *map);

/* 0, -E2BIG: it is full, or another -errno. */
int shared_map__set(struct shared_map *map, uint64_t key, uint64_t value);
/* Of a key that is not there: nothing. */
void shared_map__remove(struct shared_map *map, uint64_t key);
uint32_t shared_map__count(const struct shared_map *map);

/* Whether the object declares a map of that name with such keys and with values of that size. */
bool program__can_share(const struct program *program, const char *name, uint32_t value_size);
/* Between open and load: the object's map of that name is this one. -ENOENT: it has no such map. */
int program__share(struct program *program, const char *name, const struct shared_map *map,
		   struct err *err);

#endif
