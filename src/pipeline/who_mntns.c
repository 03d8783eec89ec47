/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/who_mntns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "program/shared_map.h"

struct who_mntns {
	struct shared_map *map; /* owned */
	struct map cgroups;     /* id → number of its namespace, as a pointer */
	struct map uses; /* number of a namespace → how many cgroups bring it, as a pointer */
};

int who_mntns__new(uint32_t max_entries, struct who_mntns **ret_set, struct err *err)
{
	struct who_mntns *set = new_zero(struct who_mntns);
	int r;

	if (!set)
		return err__set(err, -ENOMEM, NULL, "no memory for filters");
	r = shared_map__new("wanted_mntns", sizeof(uint32_t), max_entries, &set->map, err);
	if (r < 0) {
		free(set);
		return r;
	}
	*ret_set = set;
	return 0;
}

struct who_mntns *who_mntns__free(struct who_mntns *set)
{
	if (!set)
		return NULL;
	map__done(&set->cgroups, NULL);
	map__done(&set->uses, NULL);
	shared_map__free(set->map);
	free(set);
	return NULL;
}

static uintptr_t number_in(const struct map *map, uint64_t key)
{
	return (uintptr_t)map__find(map, &key, sizeof(key));
}

static int put_number(struct map *map, uint64_t key, uintptr_t number)
{
	return map__set(map, &key, sizeof(key), (void *)number, NULL);
}

static void leave(struct who_mntns *set, uint64_t cgroup_id, uint64_t mntns_id)
{
	uintptr_t uses = number_in(&set->uses, mntns_id);

	(void)map__take(&set->cgroups, &cgroup_id, sizeof(cgroup_id));
	if (uses > 1) {
		(void)put_number(&set->uses, mntns_id, uses - 1); /* in place: cannot fail */
		return;
	}
	(void)map__take(&set->uses, &mntns_id, sizeof(mntns_id));
	shared_map__remove(set->map, mntns_id);
}

static int enter(struct who_mntns *set, uint64_t cgroup_id, uint64_t mntns_id)
{
	uintptr_t uses = number_in(&set->uses, mntns_id);
	int r = put_number(&set->cgroups, cgroup_id, (uintptr_t)mntns_id);

	if (r < 0)
		return r;
	r = put_number(&set->uses, mntns_id, uses + 1);
	if (r < 0) {
		(void)map__take(&set->cgroups, &cgroup_id, sizeof(cgroup_id));
		return r;
	}
	if (uses == 0)
		r = shared_map__set(set->map, mntns_id, 1);
	if (r < 0)
		leave(set, cgroup_id, mntns_id);
	return r;
}

int who_mntns__set(struct who_mntns *set, uint64_t cgroup_id, uint32_t mntns_id)
{
	uintptr_t before = number_in(&set->cgroups, cgroup_id);

	if (before == mntns_id)
		return 0;
	if (before)
		leave(set, cgroup_id, before);
	return mntns_id ? enter(set, cgroup_id, mntns_id) : 0;
}

void who_mntns__forget(struct who_mntns *set, uint32_t mntns_id)
{
	size_t cursor = 0;
	const void *key;
	void *value;

	/* From the beginning after each: a map that has changed cannot be walked on. */
	while (number_in(&set->uses, mntns_id) &&
	       map__next(&set->cgroups, &cursor, &key, NULL, &value)) {
		uint64_t cgroup_id;

		if ((uintptr_t)value != mntns_id)
			continue;
		memcpy(&cgroup_id, key, sizeof(cgroup_id));
		leave(set, cgroup_id, mntns_id);
		cursor = 0;
	}
}

uint32_t who_mntns__count(const struct who_mntns *set)
{
	return shared_map__count(set->map);
}

const struct shared_map *who_mntns__map(const struct who_mntns *set)
{
	return set->map;
}
