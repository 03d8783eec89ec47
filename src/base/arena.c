/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define FIRST_CHUNK_BYTES 4096
#define MAX_CHUNK_BYTES (1024 * 1024)
#define ALIGNMENT alignof(max_align_t)

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#endif

/* Under ASan what is not handed out is poisoned, so that an overrun inside a chunk is found as in
 * the heap. */
#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#define poison(bytes, len) ASAN_POISON_MEMORY_REGION(bytes, len)
#define unpoison(bytes, len) ASAN_UNPOISON_MEMORY_REGION(bytes, len)
#else
#define poison(bytes, len) ((void)(bytes), (void)(len))
#define unpoison(bytes, len) ((void)(bytes), (void)(len))
#endif

struct arena_chunk {
	struct arena_chunk *next; /* owned; older */
	size_t size;              /* of bytes[] */
	size_t used;
	alignas(max_align_t) char bytes[];
};

static struct arena_chunk *chunk_new(size_t size)
{
	struct arena_chunk *chunk;
	size_t total;

	if (num_add_size(sizeof(*chunk), size, &total))
		return NULL;
	chunk = malloc(total);
	if (!chunk)
		return NULL;
	*chunk = (struct arena_chunk){ .size = size };
	poison(chunk->bytes, size);
	return chunk;
}

static void chunk_free(struct arena_chunk *chunk)
{
	unpoison(chunk->bytes, chunk->size);
	free(chunk);
}

static struct arena_chunk *add_chunk(struct arena *arena, size_t need)
{
	size_t size = arena->chunk_bytes ? arena->chunk_bytes : FIRST_CHUNK_BYTES;
	struct arena_chunk *chunk;

	/* A large object gets a chunk of its own behind the newest, whose rest stays in use. */
	if (need > size && arena->chunks) {
		chunk = chunk_new(need);
		if (!chunk)
			return NULL;
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
		return chunk;
	}

	chunk = chunk_new(need > size ? need : size);
	if (!chunk)
		return NULL;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->chunk_bytes = size >= MAX_CHUNK_BYTES / 2 ? MAX_CHUNK_BYTES : size * 2;
	return chunk;
}

void *arena__alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;
	size_t rounded;
	void *bytes;

	if (num_add_size(size ? size : 1, ALIGNMENT - 1, &rounded))
		return NULL;
	rounded -= rounded % ALIGNMENT;

	if (!chunk || chunk->size - chunk->used < rounded) {
		chunk = add_chunk(arena, rounded);
		if (!chunk)
			return NULL;
	}
	bytes = chunk->bytes + chunk->used;
	chunk->used += rounded;
	arena->used_bytes += rounded;
	unpoison(bytes, size);
	return memset(bytes, 0, size);
}

void *arena__alloc_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (num_mul_size(count, size, &bytes))
		return NULL;
	return arena__alloc(arena, bytes);
}

void *arena__memdup(struct arena *arena, const void *data, size_t len)
{
	void *copy = arena__alloc(arena, len);

	if (copy && len)
		memcpy(copy, data, len);
	return copy;
}

char *arena__textdup(struct arena *arena, const char *text, size_t len)
{
	size_t bytes;
	char *copy;

	if (num_add_size(len, 1, &bytes))
		return NULL;
	copy = arena__alloc(arena, bytes);
	if (copy && len)
		memcpy(copy, text, len);
	return copy;
}

char *arena__strndup(struct arena *arena, const char *text, size_t len)
{
	size_t text_len = strnlen(text, len);
	size_t bytes;
	char *copy;

	if (num_add_size(text_len, 1, &bytes))
		return NULL;
	copy = arena__alloc(arena, bytes);
	if (copy)
		memcpy(copy, text, text_len);
	return copy;
}

char *arena__strdup(struct arena *arena, const char *text)
{
	return arena__memdup(arena, text, strlen(text) + 1);
}

char *arena__printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		return NULL;
	text = arena__alloc(arena, (size_t)len + 1);
	if (!text)
		return NULL;
	va_start(args, format);
	(void)vsnprintf(text, (size_t)len + 1, format, args); /* measured above */
	va_end(args);
	return text;
}

void arena__reset(struct arena *arena)
{
	struct arena_chunk *largest = NULL;
	struct arena_chunk *next;

	for (struct arena_chunk *chunk = arena->chunks; chunk; chunk = next) {
		struct arena_chunk *loser = chunk;

		next = chunk->next;
		if (!largest || chunk->size > largest->size) {
			loser = largest;
			largest = chunk;
		}
		if (loser)
			chunk_free(loser);
	}
	if (largest) {
		largest->next = NULL;
		largest->used = 0;
		poison(largest->bytes, largest->size);
	}
	arena->chunks = largest;
	arena->used_bytes = 0;
}

void arena__done(struct arena *arena)
{
	struct arena_chunk *next;

	for (struct arena_chunk *chunk = arena->chunks; chunk; chunk = next) {
		next = chunk->next;
		chunk_free(chunk);
	}
	*arena = (struct arena)ARENA_INIT;
}
