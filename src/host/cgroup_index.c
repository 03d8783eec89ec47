/* SPDX-License-Identifier: Apache-2.0 */
#include "host/cgroup_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct cgroup_entry {
	uint64_t id;
	uint32_t generation; /* of the last walk that saw it */
	bool is_dead;
	int64_t used_ns;                    /* dead: when somebody asked last */
	struct cgroup_entry *older, *newer; /* dead: neighbours by used_ns */
	char path[];
};

void cgroup_index__init(struct cgroup_index *index, const struct cgroup_observer *listener)
{
	*index = (struct cgroup_index){ .listener = *listener };
}

void cgroup_index__done(struct cgroup_index *index)
{
	map__done(&index->entries, free);
	index->oldest = index->newest = NULL;
	index->live_count = index->dead_count = 0;
}

static struct cgroup_entry *find_entry(const struct cgroup_index *index, uint64_t id)
{
	return map__find(&index->entries, &id, sizeof(id));
}

static void unlink_dead(struct cgroup_index *index, struct cgroup_entry *entry)
{
	if (entry->older)
		entry->older->newer = entry->newer;
	else
		index->oldest = entry->newer;
	if (entry->newer)
		entry->newer->older = entry->older;
	else
		index->newest = entry->older;
	index->dead_count--;
}

static void link_dead(struct cgroup_index *index, struct cgroup_entry *entry, int64_t now_ns)
{
	entry->used_ns = now_ns;
	entry->newer = NULL;
	entry->older = index->newest;
	if (index->newest)
		index->newest->newer = entry;
	else
		index->oldest = entry;
	index->newest = entry;
	index->dead_count++;
}

static void bury(struct cgroup_index *index, struct cgroup_entry *entry, int64_t now_ns)
{
	entry->is_dead = true;
	index->live_count--;
	link_dead(index, entry, now_ns);
	index->listener.removed(index->listener.ctx, entry->id, entry->path);
}

static void forget(struct cgroup_index *index, struct cgroup_entry *entry)
{
	unlink_dead(index, entry);
	(void)map__take(&index->entries, &entry->id, sizeof(entry->id)); /* the entry itself */
	free(entry);
}

static struct cgroup_entry *new_entry(uint64_t id, const char *path, uint32_t generation)
{
	size_t size = strlen(path) + 1;
	struct cgroup_entry *entry = calloc(1, sizeof(*entry) + size);

	if (!entry)
		return NULL;
	entry->id = id;
	entry->generation = generation;
	memcpy(entry->path, path, size);
	return entry;
}

int cgroup_index__add(struct cgroup_index *index, uint64_t id, const char *path, int64_t now_ns)
{
	struct cgroup_entry *old = find_entry(index, id);
	struct cgroup_entry *entry;

	if (old && !old->is_dead && str_eq(old->path, path)) {
		old->generation = index->generation;
		return 0;
	}
	if ((!old || old->is_dead) && index->live_count >= CGROUP_INDEX_MAX_LIVE)
		return -ENOSPC;
	entry = new_entry(id, path, index->generation);
	if (!entry || map__set(&index->entries, &id, sizeof(id), entry, NULL) < 0) {
		free(entry);
		return -ENOMEM;
	}
	if (old) { /* the id came back, or the cgroup has another name now */
		if (!old->is_dead)
			bury(index, old, now_ns);
		unlink_dead(index, old);
		free(old);
	}
	index->live_count++;
	index->listener.added(index->listener.ctx, id, entry->path);
	return 0;
}

int cgroup_index__add_dead(struct cgroup_index *index, uint64_t id, const char *path,
			   int64_t now_ns)
{
	struct cgroup_entry *entry;

	if (find_entry(index, id))
		return 0;
	entry = new_entry(id, path, index->generation);
	if (!entry || map__set(&index->entries, &id, sizeof(id), entry, NULL) < 0) {
		free(entry);
		return -ENOMEM;
	}
	entry->is_dead = true;
	link_dead(index, entry, now_ns);
	return 0;
}

void cgroup_index__remove(struct cgroup_index *index, uint64_t id, int64_t now_ns)
{
	struct cgroup_entry *entry = find_entry(index, id);

	if (entry && !entry->is_dead)
		bury(index, entry, now_ns);
}

const char *cgroup_index__find(struct cgroup_index *index, uint64_t id, int64_t now_ns)
{
	struct cgroup_entry *entry = find_entry(index, id);

	if (!entry)
		return NULL;
	if (entry->is_dead) {
		unlink_dead(index, entry);
		link_dead(index, entry, now_ns);
	}
	return entry->path;
}

bool cgroup_index__is_live(const struct cgroup_index *index, uint64_t id)
{
	const struct cgroup_entry *entry = find_entry(index, id);

	return entry && !entry->is_dead;
}

void cgroup_index__collect(struct cgroup_index *index, int64_t now_ns)
{
	while (index->oldest && (index->dead_count > CGROUP_INDEX_MAX_DEAD ||
				 now_ns - index->oldest->used_ns >= CGROUP_INDEX_DEAD_NS))
		forget(index, index->oldest);
}

void cgroup_index__begin_walk(struct cgroup_index *index)
{
	index->generation++;
}

void cgroup_index__end_walk(struct cgroup_index *index, int64_t now_ns)
{
	size_t cursor = 0;
	void *value;

	/* Burying changes entries, not the map that is walked. */
	while (map__next(&index->entries, &cursor, NULL, NULL, &value)) {
		struct cgroup_entry *entry = value;

		if (!entry->is_dead && entry->generation != index->generation)
			bury(index, entry, now_ns);
	}
	cgroup_index__collect(index, now_ns);
}

void cgroup_index__tell_all(const struct cgroup_index *index,
			    const struct cgroup_observer *observer)
{
	size_t cursor = 0;
	void *value;

	while (map__next(&index->entries, &cursor, NULL, NULL, &value)) {
		const struct cgroup_entry *entry = value;

		if (!entry->is_dead)
			observer->added(observer->ctx, entry->id, entry->path);
	}
}
