/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_ARENA_H
#define SRC_BASE_ARENA_H

/*
 * A bump allocator: everything in it dies at once. It owns its chunks. Specs and plans live in one
 * each; batches reset theirs on every run.
 */

#include <stddef.h>
#include <stdint.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* owned; newest first */
	size_t used_bytes;          /* handed out, for tests and self-metrics */
	size_t chunk_bytes; /* size of the next chunk; 0: the default of 4 KiB, doubling up to 1 MiB */
};

#define ARENA_INIT { 0 }

/* Aligned for any type, zeroed. NULL when there is no memory. */
void *arena__alloc(struct arena *arena, size_t size);
/* count * size with overflow check. */
void *arena__alloc_array(struct arena *arena, size_t count, size_t size);
char *arena__strdup(struct arena *arena, const char *text);
char *arena__strndup(struct arena *arena, const char *text, size_t len);
char *arena__printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void *arena__memdup(struct arena *arena, const void *data, size_t len);
/* All bytes of a text that may have NULs in it, and one behind them. */
char *arena__textdup(struct arena *arena, const char *text, size_t len);
/* Forgets everything, keeps the largest chunk for the next run. */
void arena__reset(struct arena *arena);
void arena__done(struct arena *arena);

/* arena_new(arena, struct x): one zeroed object. */
#define arena_new(arena, type) ((type *)arena__alloc((arena), sizeof(type)))
#define arena_array(arena, type, count) ((type *)arena__alloc_array((arena), (count), sizeof(type)))

#endif
