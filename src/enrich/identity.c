/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "enrich/cgroup_path.h"
#include "enrich/identity_private.h"

#define DEFAULT_LIVE_LIMIT (1u << 17)
#define DEFAULT_DEAD_LIMIT (1u << 14)
#define DEFAULT_DEAD_NS (600 * INT64_C(1000000000))

/* ---- observers ---------------------------------------------------------------------------------------- */

static void tell_seen(struct identity_table *table, const struct cgroup_entry *entry)
{
	vec_for_each(&table->observers, observer)
		if (observer->seen)
			observer->seen(observer->ctx, &entry->shown);
}

static void tell_gone(struct identity_table *table, const struct cgroup_entry *entry)
{
	vec_for_each(&table->observers, observer)
		if (observer->gone)
			observer->gone(observer->ctx, &entry->shown);
}

/* Its own cgroup stands for the container; of the others the first one. */
static struct cgroup_entry *face_of(const struct container_entry *container)
{
	for (struct cgroup_entry *at = container->cgroups; at; at = at->next_of_container)
		if (at->is_top && !at->shown.is_dead)
			return at;
	return container->cgroups;
}

static void tell_named(struct identity_table *table, const struct container_entry *container)
{
	const struct cgroup_entry *face = face_of(container);

	if (!face)
		return;
	vec_for_each(&table->observers, observer)
		if (observer->named)
			observer->named(observer->ctx, &face->shown);
}

int identity_table__subscribe(struct identity_table *table,
			      const struct identity_observer *observer)
{
	size_t cursor = 0;
	void *value;

	if (vec_push(&table->observers, *observer) < 0)
		return -ENOMEM;
	while (observer->seen &&
	       map__next(&table->containers.containers, &cursor, NULL, NULL, &value)) {
		const struct container_entry *container = value;

		if (container->live_cgroups > 0)
			observer->seen(observer->ctx, &face_of(container)->shown);
	}
	return 0;
}

void identity_table__unsubscribe(struct identity_table *table, const void *ctx)
{
	for (size_t i = 0; i < table->observers.len; i++) {
		if (table->observers.items[i].ctx != ctx)
			continue;
		table->observers.len--;
		memmove(&table->observers.items[i], &table->observers.items[i + 1],
			(table->observers.len - i) * sizeof(table->observers.items[0]));
		return;
	}
}

/* ---- the dead ----------------------------------------------------------------------------------------- */

static void unlink_dead(struct identity_table *table, struct cgroup_entry *entry)
{
	if (entry->older)
		entry->older->newer = entry->newer;
	else
		table->oldest = entry->newer;
	if (entry->newer)
		entry->newer->older = entry->older;
	else
		table->newest = entry->older;
	table->dead_count--;
}

static void link_dead(struct identity_table *table, struct cgroup_entry *entry)
{
	entry->used_ns = table->now_ns;
	entry->newer = NULL;
	entry->older = table->newest;
	if (table->newest)
		table->newest->newer = entry;
	else
		table->oldest = entry;
	table->newest = entry;
	table->dead_count++;
}

static void bury(struct identity_table *table, struct cgroup_entry *entry)
{
	struct container_entry *container = entry->container;

	entry->shown.is_dead = true;
	table->live_count--;
	link_dead(table, entry);
	if (container && --container->live_cgroups == 0) {
		table->figures.containers--;
		tell_gone(table, entry);
	}
}

static void leave_container(struct identity_table *table, struct cgroup_entry *entry)
{
	struct container_entry *container = entry->container;

	if (!container)
		return;
	for (struct cgroup_entry **at = &container->cgroups; *at; at = &(*at)->next_of_container) {
		if (*at == entry) {
			*at = entry->next_of_container;
			break;
		}
	}
	entry->container = NULL;
	if (!container->cgroups)
		container_set__drop(&table->containers, container);
}

/* Of one that no key of `cgroups` leads to any more. */
static void free_dead(struct identity_table *table, struct cgroup_entry *entry)
{
	unlink_dead(table, entry);
	identity_table__drop_key(table, entry, KEY_MNTNS);
	identity_table__drop_key(table, entry, KEY_NETNS);
	leave_container(table, entry);
	container_set__put_pod(&table->containers, entry->pod);
	table->entry_bytes -= entry->size;
	free(entry);
}

static void forget(struct identity_table *table, struct cgroup_entry *entry)
{
	uint64_t id = entry->shown.cgroup_id;

	(void)map__take(&table->cgroups, &id, sizeof(id)); /* the entry itself */
	free_dead(table, entry);
}

static bool is_old(const struct identity_table *table, int64_t used_ns)
{
	return table->now_ns - used_ns >= table->options.dead_ns;
}

static void collect(struct identity_table *table)
{
	struct container_set *set = &table->containers;

	while (table->oldest && (table->dead_count > table->options.dead_limit ||
				 is_old(table, table->oldest->used_ns))) {
		table->figures.forgotten += !is_old(table, table->oldest->used_ns);
		forget(table, table->oldest);
	}
	while (set->oldest &&
	       (set->waiting > table->options.dead_limit || is_old(table, set->oldest->seen_ns))) {
		table->figures.forgotten += !is_old(table, set->oldest->seen_ns);
		container_set__drop(set, set->oldest);
	}
}

static void note_time(struct identity_table *table, int64_t now_ns)
{
	if (now_ns > table->now_ns)
		table->now_ns = now_ns;
}

void identity_table__tidy(struct identity_table *table, int64_t now_ns)
{
	note_time(table, now_ns);
	collect(table);
}

/* ---- cgroups come and go ------------------------------------------------------------------------------ */

static const char *put_word(char **at, struct path_word word)
{
	const char *put = *at;

	if (word.len)
		memcpy(*at, word.at, word.len);
	(*at)[word.len] = '\0';
	*at += word.len + 1;
	return put;
}

static struct cgroup_entry *new_entry(uint64_t id, const char *path,
				      const struct cgroup_path *words)
{
	const struct path_word whole = { path, strlen(path) };
	size_t size = whole.len + words->unit.len + words->user_unit.len + words->slice.len + 4;
	struct cgroup_entry *entry = calloc(1, sizeof(*entry) + size);
	char *at;

	if (!entry)
		return NULL;
	at = entry->texts;
	entry->size = sizeof(*entry) + size;
	entry->shown.cgroup_id = id;
	entry->shown.path = put_word(&at, whole);
	entry->shown.unit = put_word(&at, words->unit);
	entry->shown.user_unit = put_word(&at, words->user_unit);
	entry->shown.slice = put_word(&at, words->slice);
	entry->is_top = cgroup_path_is_container(words, path);
	return entry;
}

/* A container of which the path says the name needs no answer of a runtime. */
static bool is_named_by_path(enum container_runtime runtime)
{
	return runtime == CONTAINER_RUNTIME_LXC || runtime == CONTAINER_RUNTIME_NSPAWN;
}

static int find_container(struct identity_table *table, const struct cgroup_path *words,
			  struct container_entry **ret_container)
{
	char id[CONTAINER_MAX_ID_BYTES], uid[POD_UID_LEN + 1] = "";
	struct container_entry *container;

	if (words->container.len >= sizeof(id) || words->pod_uid.len >= sizeof(uid))
		return -EINVAL;
	memcpy(id, words->container.at, words->container.len);
	id[words->container.len] = '\0';
	if (words->pod_uid.len)
		memcpy(uid, words->pod_uid.at, words->pod_uid.len);
	uid[words->pod_uid.len] = '\0';
	container = container_set__get(&table->containers, id,
				       container_runtime_name(words->runtime), uid);
	if (!container)
		return -ENOMEM;
	if (is_named_by_path(words->runtime) && !container->shown.name) {
		container->shown.name = container->id;
		container->shown.is_told = true;
	}
	*ret_container = container;
	return 0;
}

/* A name of more than 255 bytes is none that the kernel lets a directory have: no container. */
static int place(struct identity_table *table, struct cgroup_entry *entry,
		 const struct cgroup_path *words)
{
	char uid[POD_UID_LEN + 1];

	if (words->container.len) {
		int r = find_container(table, words, &entry->container);

		if (r < 0)
			return r == -EINVAL ? 0 : r;
		entry->next_of_container = entry->container->cgroups;
		entry->container->cgroups = entry;
		entry->shown.container = &entry->container->shown;
		entry->shown.pod = entry->container->shown.pod;
		return 0;
	}
	if (words->pod_uid.len == 0 || words->pod_uid.len >= sizeof(uid))
		return 0;
	memcpy(uid, words->pod_uid.at, words->pod_uid.len);
	uid[words->pod_uid.len] = '\0';
	entry->pod = container_set__get_pod(&table->containers, uid);
	if (!entry->pod)
		return -ENOMEM;
	entry->shown.pod = &entry->pod->shown;
	return 0;
}

static void displace(struct identity_table *table, struct cgroup_entry *entry)
{
	if (!entry->shown.is_dead)
		bury(table, entry);
	free_dead(table, entry);
}

static void welcome(struct identity_table *table, struct cgroup_entry *entry)
{
	struct container_entry *container = entry->container;

	table->live_count++;
	if (!container)
		return;
	container_set__stop_waiting(&table->containers, container);
	identity_table__set_key(table, entry, KEY_MNTNS, container->shown.mntns_id);
	identity_table__set_key(table, entry, KEY_NETNS, container->shown.netns_id);
	if (container->live_cgroups++ > 0)
		return;
	container->seen_ns = table->now_ns;
	table->figures.containers++;
	tell_seen(table, entry);
}

int identity_table__add_cgroup(struct identity_table *table, uint64_t id, const char *path,
			       int64_t now_ns)
{
	struct cgroup_entry *old = map__find(&table->cgroups, &id, sizeof(id));
	struct cgroup_entry *entry;
	struct cgroup_path words;
	int r;

	note_time(table, now_ns);
	if (old && !old->shown.is_dead && str_eq(old->shown.path, path))
		return 0;
	if ((!old || old->shown.is_dead) && table->live_count >= table->options.live_limit) {
		table->figures.refused++;
		return -ENOSPC;
	}
	cgroup_path_read(path, &words);
	entry = new_entry(id, path, &words);
	if (!entry)
		return -ENOMEM;
	r = place(table, entry, &words);
	if (r == 0)
		r = map__set(&table->cgroups, &id, sizeof(id), entry, NULL);
	if (r < 0) {
		leave_container(table, entry);
		container_set__put_pod(&table->containers, entry->pod);
		free(entry);
		return r;
	}
	table->entry_bytes += entry->size;
	welcome(table, entry);
	if (old) /* after the new one, so that a container which stays is not told as gone */
		displace(table, old);
	collect(table);
	return 0;
}

void identity_table__remove_cgroup(struct identity_table *table, uint64_t id, int64_t now_ns)
{
	struct cgroup_entry *entry = map__find(&table->cgroups, &id, sizeof(id));

	note_time(table, now_ns);
	if (entry && !entry->shown.is_dead)
		bury(table, entry);
	collect(table);
}

/* ---- answers of runtimes ------------------------------------------------------------------------------ */

/* What people look for by name. */
static bool has_name(const struct container *container)
{
	return (container->name || container->is_sandbox) &&
	       (!container->pod || container->pod->name || !container->pod->uid[0]);
}

static void note_named(struct identity_table *table, struct container_entry *container)
{
	if (container->cgroups) {
		table->figures.named_late++;
		table->figures.late_ns += table->now_ns - container->seen_ns;
	}
	tell_named(table, container);
}

/* Cgroups show the pod that their container is of, which the answer may have told. */
static void update_cgroups(struct identity_table *table, struct container_entry *container)
{
	for (struct cgroup_entry *at = container->cgroups; at; at = at->next_of_container) {
		at->shown.pod = container->shown.pod;
		if (container->shown.is_host_network)
			identity_table__drop_key(table, at, KEY_NETNS);
		if (!at->is_top)
			continue;
		identity_table__set_key(table, at, KEY_MNTNS, container->shown.mntns_id);
		identity_table__set_key(table, at, KEY_NETNS, container->shown.netns_id);
	}
}

/* The first answer that brings the pod's name brings it to all its containers. */
static void tell_pod_named(struct identity_table *table, const struct container_entry *told)
{
	struct container_entry *at = told->pod->containers;

	for (; at; at = at->next_of_pod)
		if (at != told && has_name(&at->shown))
			note_named(table, at);
}

int identity_table__tell(struct identity_table *table, const struct container_info *info,
			 int64_t now_ns)
{
	struct container_entry *entry = info->id ? container_set__find(&table->containers, info->id)
						 : NULL;
	bool had_name = entry && has_name(&entry->shown);
	struct pod_entry *pod = info->pod_uid ? map__find(&table->containers.pods, info->pod_uid,
							  strlen(info->pod_uid))
					      : NULL;
	bool had_pod_name = pod && pod->shown.name;
	int r;

	note_time(table, now_ns);
	r = container_set__tell(&table->containers, info, table->now_ns, &entry);
	if (entry) /* it may have changed its pod also when there was no memory for the rest */
		update_cgroups(table, entry);
	if (r < 0)
		return r;
	if (!had_name && has_name(&entry->shown))
		note_named(table, entry);
	else
		tell_named(table, entry); /* an answer that changes nothing is rare */
	if (entry->pod && entry->pod == pod && !had_pod_name && pod->shown.name)
		tell_pod_named(table, entry);
	collect(table);
	return 0;
}

/* ---- lookups ------------------------------------------------------------------------------------------ */

static const struct identity *find(struct identity_table *table, const struct map *keys,
				   uint64_t id)
{
	struct cgroup_entry *entry = map__find(keys, &id, sizeof(id));

	table->figures.lookups++;
	if (!entry) {
		table->figures.misses++;
		return NULL;
	}
	if (entry->shown.is_dead) {
		unlink_dead(table, entry);
		link_dead(table, entry);
	}
	return &entry->shown;
}

const struct identity *identity_table__find(struct identity_table *table, uint64_t cgroup_id)
{
	return find(table, &table->cgroups, cgroup_id);
}

const struct identity *identity_table__find_mntns(struct identity_table *table, uint64_t mntns_id)
{
	return find(table, &table->mntns, mntns_id);
}

const struct identity *identity_table__find_netns(struct identity_table *table, uint64_t netns_id)
{
	return find(table, &table->netns, netns_id);
}

const struct identity *identity_table__next(const struct identity_table *table, size_t *cursor)
{
	void *value;

	while (map__next(&table->cgroups, cursor, NULL, NULL, &value)) {
		const struct cgroup_entry *entry = value;

		if (!entry->shown.is_dead)
			return &entry->shown;
	}
	return NULL;
}

/* ---- the table ---------------------------------------------------------------------------------------- */

struct identity_figures identity_table__figures(const struct identity_table *table)
{
	struct identity_figures figures = table->figures;
	const struct container_set *set = &table->containers;

	figures.cgroups = table->live_count;
	figures.dead_cgroups = table->dead_count;
	figures.waiting_containers = set->waiting;
	figures.dead_containers = set->containers.len - set->waiting - figures.containers;
	figures.pods = set->pods.len;
	figures.labels_left_out = set->labels_left_out;
	figures.bytes = sizeof(*table) + table->entry_bytes + map__bytes(&table->cgroups) +
			map__bytes(&table->mntns) + map__bytes(&table->netns) +
			container_set__bytes(set);
	return figures;
}

int identity_table__new(const struct identity_options *options, struct identity_table **ret_table,
			struct err *err)
{
	struct identity_table *table = new_zero(struct identity_table);

	if (!table)
		return err__set(err, -ENOMEM, NULL, "no memory for identities");
	table->options = *options;
	if (!table->options.live_limit)
		table->options.live_limit = DEFAULT_LIVE_LIMIT;
	if (!table->options.dead_limit)
		table->options.dead_limit = DEFAULT_DEAD_LIMIT;
	if (!table->options.dead_ns)
		table->options.dead_ns = DEFAULT_DEAD_NS;
	*ret_table = table;
	return 0;
}

struct identity_table *identity_table__free(struct identity_table *table)
{
	if (!table)
		return NULL;
	map__done(&table->mntns, NULL);
	map__done(&table->netns, NULL);
	map__done(&table->cgroups, free);
	container_set__done(&table->containers);
	vec_done(&table->observers);
	free(table);
	return NULL;
}
