/* SPDX-License-Identifier: Apache-2.0 */
/* Mount and network namespaces as second keys of the table: whom one of them stands for, and who takes over. */
#include "enrich/identity_private.h"

static struct map *keys_of(struct identity_table *table, enum key_kind kind)
{
	return kind == KEY_MNTNS ? &table->mntns : &table->netns;
}

static uint64_t *key_in(struct cgroup_entry *entry, enum key_kind kind)
{
	return kind == KEY_MNTNS ? &entry->shown.mntns_id : &entry->shown.netns_id;
}

/* Whether the key rather leads to the new one. Ids of namespaces are used again, and the newest user is the right one;
 * among those who share it the container's own cgroup says most. */
static bool is_better(const struct cgroup_entry *new, const struct cgroup_entry *old,
		      enum key_kind kind)
{
	if (old->shown.is_dead)
		return true;
	if (kind == KEY_NETNS && new->shown.pod &&new->shown.pod == old->shown.pod)
		return false;
	if (new->container != old->container)
		return true;
	return new->is_top && !old->is_top;
}

/* Without memory the key is not there, and a lookup by it a miss. */
static void put_key(struct identity_table *table, struct cgroup_entry *entry, enum key_kind kind)
{
	uint64_t id = *key_in(entry, kind);
	uint64_t host_id = kind == KEY_MNTNS ? table->host_mntns_id : table->host_netns_id;
	const struct cgroup_entry *old;

	if (!id || id == host_id)
		return;
	if (kind == KEY_NETNS && entry->container && entry->container->shown.is_host_network)
		return;
	old = map__find(keys_of(table, kind), &id, sizeof(id));
	if (!old || (old != entry && is_better(entry, old, kind)))
		(void)map__set(keys_of(table, kind), &id, sizeof(id), entry, NULL);
}

/* Somebody else in the same namespace takes over: of the container, of a network namespace also of its pod. */
static struct cgroup_entry *find_heir(struct cgroup_entry *entry, enum key_kind kind)
{
	struct container_entry *container = entry->container;
	bool is_shared = kind == KEY_NETNS && container && container->pod;

	if (is_shared)
		container = container->pod->containers;
	for (; container; container = is_shared ? container->next_of_pod : NULL)
		for (struct cgroup_entry *at = container->cgroups; at; at = at->next_of_container)
			if (at != entry && *key_in(at, kind) == *key_in(entry, kind))
				return at;
	return NULL;
}

void identity_table__drop_key(struct identity_table *table, struct cgroup_entry *entry,
			      enum key_kind kind)
{
	uint64_t id = *key_in(entry, kind);
	struct map *keys = keys_of(table, kind);
	struct cgroup_entry *heir;

	if (!id || map__find(keys, &id, sizeof(id)) != entry)
		return;
	heir = find_heir(entry, kind);
	if (heir)
		(void)map__set(keys, &id, sizeof(id), heir, NULL); /* in place: cannot fail */
	else
		(void)map__take(keys, &id, sizeof(id)); /* borrowed */
}

void identity_table__set_key(struct identity_table *table, struct cgroup_entry *entry,
			     enum key_kind kind, uint64_t id)
{
	uint64_t *key = key_in(entry, kind);

	if (!id || *key == id)
		return;
	identity_table__drop_key(table, entry, kind);
	*key = id;
	put_key(table, entry, kind);
}

void identity_table__set_host_namespaces(struct identity_table *table, uint64_t mntns_id,
					 uint64_t netns_id)
{
	table->host_mntns_id = mntns_id;
	table->host_netns_id = netns_id;
	(void)map__take(&table->mntns, &mntns_id, sizeof(mntns_id)); /* borrowed */
	(void)map__take(&table->netns, &netns_id, sizeof(netns_id));
}

bool identity_table__has_host_mntns(const struct identity_table *table)
{
	return table->host_mntns_id;
}

bool identity_table__is_host_mntns(const struct identity_table *table, uint64_t mntns_id)
{
	return mntns_id && mntns_id == table->host_mntns_id;
}

void identity_table__see_namespaces(struct identity_table *table, uint64_t cgroup_id,
				    uint64_t mntns_id, uint64_t netns_id)
{
	struct cgroup_entry *entry = map__find(&table->cgroups, &cgroup_id, sizeof(cgroup_id));

	if (!entry)
		return;
	identity_table__set_key(table, entry, KEY_MNTNS, mntns_id);
	identity_table__set_key(table, entry, KEY_NETNS, netns_id);
}
