/* SPDX-License-Identifier: Apache-2.0 */
#include "host/library_cache.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

/* Layouts of glibc's sysdeps/generic/dl-cache.h. Where an old cache (before 2.2) comes first, the new one is behind its
 * entries, aligned; offsets are from where the new one begins. */
#define OLD_MAGIC "ld.so-1.7.0"
#define NEW_MAGIC "glibc-ld.so.cache1.1"

struct old_header {
	char magic[sizeof(OLD_MAGIC) - 1];
	uint32_t count;
};

struct old_entry {
	int32_t flags;
	uint32_t name, path;
};

struct new_header {
	char magic[sizeof(NEW_MAGIC) - 1];
	uint32_t count;
	uint32_t strings_len;
	uint8_t flags;
	uint8_t pad[3];
	uint32_t extension_offset;
	uint32_t unused[3];
};
_Static_assert(sizeof(struct new_header) == 48, "glibc's struct cache_file_new");

struct new_entry {
	int32_t flags;
	uint32_t name, path; /* offsets of texts */
	uint32_t os_version;
	uint64_t hardware;
};
_Static_assert(sizeof(struct new_entry) == 24, "glibc's struct file_entry_new");

/* The header's flags since 2.33: 2 is little-endian, 3 big-endian, 0 as the machine that wrote it. */
#define FLAGS_BIG_ENDIAN 3

/* Where the new cache begins; SIZE_MAX: there is none. */
static size_t find_new(const char *bytes, size_t len)
{
	struct old_header old;
	size_t begin;

	if (len >= sizeof(struct new_header) &&
	    memcmp(bytes, NEW_MAGIC, sizeof(NEW_MAGIC) - 1) == 0)
		return 0;
	if (len < sizeof(old) || memcmp(bytes, OLD_MAGIC, sizeof(OLD_MAGIC) - 1) != 0)
		return SIZE_MAX;
	memcpy(&old, bytes, sizeof(old));
	if (old.count > (len - sizeof(old)) / sizeof(struct old_entry))
		return SIZE_MAX;
	begin = sizeof(old) + old.count * sizeof(struct old_entry);
	begin = (begin + sizeof(uint64_t) - 1) & ~(sizeof(uint64_t) - 1);
	if (begin > len || len - begin < sizeof(struct new_header) ||
	    memcmp(bytes + begin, NEW_MAGIC, sizeof(NEW_MAGIC) - 1) != 0)
		return SIZE_MAX;
	return begin;
}

/* NULL: it does not end within the bytes. */
static const char *text_at(const char *bytes, size_t len, uint32_t offset)
{
	if (offset >= len || !memchr(bytes + offset, '\0', len - offset))
		return NULL;
	return bytes + offset;
}

int library_cache_find(const char *bytes, size_t len,
		       int (*found)(void *ctx, const char *name, const char *path), void *ctx)
{
	struct new_header header;
	size_t begin = find_new(bytes, len);

	if (begin == SIZE_MAX)
		return -EBADMSG;
	bytes += begin;
	len -= begin;
	memcpy(&header, bytes, sizeof(header));
	if (header.flags == FLAGS_BIG_ENDIAN ||
	    header.count > (len - sizeof(header)) / sizeof(struct new_entry))
		return -EBADMSG;
	for (uint32_t i = 0; i < header.count; i++) {
		const char *name, *path;
		struct new_entry entry;
		int r;

		memcpy(&entry, bytes + sizeof(header) + i * sizeof(entry), sizeof(entry));
		name = text_at(bytes, len, entry.name);
		path = text_at(bytes, len, entry.path);
		r = name && path ? found(ctx, name, path) : 0;
		if (r != 0)
			return r;
	}
	return 0;
}
