/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/container.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static size_t size_of(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* ---- pods --------------------------------------------------------------------------------------------- */

static size_t bytes_of_pod(const struct pod_entry *pod)
{
	return sizeof(*pod) + pod->key_len + 1 + size_of(pod->name) + size_of(pod->namespace);
}

static struct pod_entry *get_pod(struct container_set *set, const char *key, bool is_uid)
{
	size_t len = strlen(key);
	struct pod_entry *pod = map__find(&set->pods, key, len);

	if (!pod) {
		pod = calloc(1, sizeof(*pod) + len + 1);
		if (!pod || map__set(&set->pods, key, len, pod, NULL) < 0) {
			free(pod);
			return NULL;
		}
		memcpy(pod->key, key, len + 1);
		pod->key_len = len;
		set->bytes += bytes_of_pod(pod);
		pod->shown.uid = is_uid ? pod->key : "";
	}
	pod->references++;
	return pod;
}

struct pod_entry *container_set__get_pod(struct container_set *set, const char *uid)
{
	return get_pod(set, uid, true);
}

const struct container *pod__told_container(const struct pod *pod)
{
	/* Whatever the table shows as a pod is the beginning of an entry. */
	const struct pod_entry *entry = (const struct pod_entry *)pod;

	for (const struct container_entry *at = entry->containers; at; at = at->next_of_pod)
		if (at->shown.is_told)
			return &at->shown;
	return NULL;
}

static void free_pod(void *value)
{
	struct pod_entry *pod = value;

	free(pod->name);
	free(pod->namespace);
	free(pod);
}

void container_set__put_pod(struct container_set *set, struct pod_entry *pod)
{
	if (!pod || --pod->references > 0)
		return;
	(void)map__take(&set->pods, pod->key, pod->key_len); /* the pod itself */
	set->bytes -= bytes_of_pod(pod);
	free_pod(pod);
}

/* Replaces *text unless the new one is NULL or the same. */
static int set_text(char **text, const char *value)
{
	char *copy;

	if (!value || !value[0] || (*text && str_eq(*text, value)))
		return 0;
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

static int name_pod(struct container_set *set, struct pod_entry *pod,
		    const struct container_info *info)
{
	int r;

	set->bytes -= bytes_of_pod(pod);
	r = set_text(&pod->name, info->pod_name);
	if (r == 0)
		r = set_text(&pod->namespace, info->pod_namespace);
	set->bytes += bytes_of_pod(pod);
	pod->shown.name = pod->name;
	pod->shown.namespace = pod->namespace;
	return r;
}

static void leave_pod(struct container_set *set, struct container_entry *entry)
{
	struct pod_entry *pod = entry->pod;

	if (!pod)
		return;
	for (struct container_entry **at = &pod->containers; *at; at = &(*at)->next_of_pod) {
		if (*at == entry) {
			*at = entry->next_of_pod;
			break;
		}
	}
	entry->pod = NULL;
	entry->shown.pod = NULL;
	container_set__put_pod(set, pod);
}

/* Takes the reference. */
static void join_pod(struct container_set *set, struct container_entry *entry,
		     struct pod_entry *pod)
{
	if (entry->pod == pod) {
		container_set__put_pod(set, pod);
		return;
	}
	leave_pod(set, entry);
	entry->pod = pod;
	entry->shown.pod = &pod->shown;
	entry->next_of_pod = pod->containers;
	pod->containers = entry;
}

/* ---- containers --------------------------------------------------------------------------------------- */

static size_t bytes_of_container(const struct container_entry *entry)
{
	return sizeof(*entry) + strlen(entry->id) + 1 + entry->told_bytes;
}

static void free_container(void *value)
{
	struct container_entry *entry = value;

	free(entry->told);
	free(entry);
}

struct container_entry *container_set__find(const struct container_set *set, const char *id)
{
	return map__find(&set->containers, id, strlen(id));
}

static struct container_entry *get_container(struct container_set *set, const char *id)
{
	size_t len = strlen(id);
	struct container_entry *entry = map__find(&set->containers, id, len);

	if (entry)
		return entry;
	entry = calloc(1, sizeof(*entry) + len + 1);
	if (!entry || map__set(&set->containers, id, len, entry, NULL) < 0) {
		free(entry);
		return NULL;
	}
	memcpy(entry->id, id, len + 1);
	set->bytes += bytes_of_container(entry);
	entry->shown.id = entry->id;
	entry->shown.runtime = "";
	return entry;
}

struct container_entry *container_set__get(struct container_set *set, const char *id,
					   const char *runtime, const char *pod_uid)
{
	bool is_new = !container_set__find(set, id);
	struct container_entry *entry = get_container(set, id);
	struct pod_entry *pod;

	if (!entry)
		return NULL;
	if (!entry->shown.runtime[0])
		entry->shown.runtime = runtime;
	if (!pod_uid[0] || entry->pod)
		return entry;
	pod = container_set__get_pod(set, pod_uid);
	if (pod) {
		join_pod(set, entry, pod);
		return entry;
	}
	if (is_new)
		container_set__drop(set, entry);
	return NULL;
}

void container_set__stop_waiting(struct container_set *set, struct container_entry *entry)
{
	if (!entry->is_waiting)
		return;
	if (entry->older)
		entry->older->newer = entry->newer;
	else
		set->oldest = entry->newer;
	if (entry->newer)
		entry->newer->older = entry->older;
	else
		set->newest = entry->older;
	entry->older = entry->newer = NULL;
	entry->is_waiting = false;
	set->waiting--;
}

static void start_waiting(struct container_set *set, struct container_entry *entry, int64_t now_ns)
{
	container_set__stop_waiting(set, entry);
	entry->seen_ns = now_ns;
	entry->older = set->newest;
	if (set->newest)
		set->newest->newer = entry;
	else
		set->oldest = entry;
	set->newest = entry;
	entry->is_waiting = true;
	set->waiting++;
}

void container_set__drop(struct container_set *set, struct container_entry *entry)
{
	container_set__stop_waiting(set, entry);
	leave_pod(set, entry);
	(void)map__take(&set->containers, entry->id, strlen(entry->id)); /* the entry itself */
	set->bytes -= bytes_of_container(entry);
	free_container(entry);
}

/* ---- answers ------------------------------------------------------------------------------------------ */

/* Texts that are copied behind each other, after the labels. */
struct blob {
	struct label_pair *labels; /* its beginning */
	char *at;
};

static const char *put_text(struct blob *blob, const char *text)
{
	const char *put = blob->at;
	size_t size;

	if (!text)
		return NULL;
	size = strlen(text) + 1;
	memcpy(blob->at, text, size);
	blob->at += size;
	return put;
}

/* How many of the labels fit, and the bytes of their texts. */
static uint32_t fit_labels(const struct container *merged, size_t *bytes)
{
	uint32_t count = 0;

	for (; count < merged->label_count; count++) {
		const struct label_pair *label = &merged->labels[count];
		size_t size = strlen(label->key) + strlen(label->value) + 2 + sizeof(*label);

		if (size > CONTAINER_MAX_TEXT_BYTES - *bytes)
			break;
		*bytes += size;
	}
	return count;
}

/* Puts copies in the place of all texts that are borrowed: in one piece, which the entry owns. */
static int keep_texts(struct container_set *set, struct container_entry *entry,
		      struct container *merged)
{
	const char **texts[] = { &merged->name, &merged->image, &merged->image_digest,
				 &merged->runtime };
	const struct label_pair *labels = merged->labels;
	struct blob blob;
	size_t bytes = 0;
	uint32_t count;

	for (size_t i = 0; i < array_size(texts); i++)
		bytes += size_of(*texts[i]);
	if (bytes > CONTAINER_MAX_TEXT_BYTES)
		return -E2BIG;
	count = fit_labels(merged, &bytes);
	set->labels_left_out += merged->label_count - count;
	blob.labels = malloc(bytes ? bytes : 1);
	if (!blob.labels)
		return -ENOMEM;
	blob.at = (char *)(blob.labels + count);
	for (size_t i = 0; i < array_size(texts); i++)
		*texts[i] = put_text(&blob, *texts[i]);
	for (uint32_t i = 0; i < count; i++) {
		const char *key = put_text(&blob, labels[i].key);

		blob.labels[i] = (struct label_pair){ key, put_text(&blob, labels[i].value) };
	}
	merged->labels = blob.labels;
	merged->label_count = count;
	free(entry->told);
	set->bytes += bytes - entry->told_bytes; /* less, too: unsigned, it comes out right */
	entry->told_bytes = bytes;
	entry->told = blob.labels;
	entry->shown = *merged;
	return 0;
}

static void merge_text(const char **text, const char *value)
{
	if (value && value[0])
		*text = value;
}

static struct container merge(const struct container *known, const struct container_info *info)
{
	struct container merged = *known;

	merge_text(&merged.name, info->name);
	merge_text(&merged.runtime, info->runtime);
	merge_text(&merged.image, info->image);
	merge_text(&merged.image_digest, info->image_digest);
	if (info->label_count > 0) {
		merged.labels = info->labels;
		merged.label_count = info->label_count;
	}
	if (info->pid)
		merged.pid = info->pid;
	if (info->started_ns)
		merged.started_ns = info->started_ns;
	if (info->mntns_id)
		merged.mntns_id = info->mntns_id;
	if (info->netns_id)
		merged.netns_id = info->netns_id;
	merged.is_sandbox |= info->is_sandbox;
	merged.is_host_network |= info->is_host_network;
	merged.is_told = true;
	return merged;
}

/* The pod that the answer means: by its uid, or one without uid by its name. */
static int tell_pod(struct container_set *set, struct container_entry *entry,
		    const struct container_info *info)
{
	bool has_uid = info->pod_uid && info->pod_uid[0];
	struct pod_entry *pod = NULL;

	if (has_uid) {
		pod = container_set__get_pod(set, info->pod_uid);
	} else if (!entry->pod && info->pod_name && info->pod_name[0]) {
		__cleanup(x_freep) char *key = str_printf(
			"%s/%s", info->pod_namespace ? info->pod_namespace : "", info->pod_name);

		pod = key ? get_pod(set, key, /* is_uid */ false) : NULL;
	} else {
		return entry->pod ? name_pod(set, entry->pod, info) : 0;
	}
	if (!pod)
		return -ENOMEM;
	join_pod(set, entry, pod);
	return name_pod(set, pod, info);
}

static bool is_usable(const struct container_info *info)
{
	size_t most = CONTAINER_MAX_ID_BYTES;

	return info->id && info->id[0] && strlen(info->id) < most &&
	       (!info->pod_uid || strlen(info->pod_uid) < most) &&
	       (!info->pod_name || strlen(info->pod_name) <= most) &&
	       (!info->pod_namespace || strlen(info->pod_namespace) <= most);
}

int container_set__tell(struct container_set *set, const struct container_info *info,
			int64_t now_ns, struct container_entry **ret_entry)
{
	struct container_entry *entry;
	struct container merged;
	int r;

	if (!is_usable(info))
		return -EINVAL;
	entry = get_container(set, info->id);
	if (!entry)
		return -ENOMEM;
	merged = merge(&entry->shown, info);
	r = keep_texts(set, entry, &merged);
	if (r == 0)
		r = tell_pod(set, entry, info);
	if (r == 0 && !entry->cgroups)
		start_waiting(set, entry, now_ns);
	if (r < 0 && !entry->cgroups && !entry->is_waiting)
		container_set__drop(set, entry);
	if (r == 0)
		*ret_entry = entry;
	return r;
}

size_t container_set__bytes(const struct container_set *set)
{
	return set->bytes + map__bytes(&set->containers) + map__bytes(&set->pods);
}

void container_set__done(struct container_set *set)
{
	map__done(&set->containers, free_container);
	map__done(&set->pods, free_pod);
	*set = (struct container_set){ .containers = MAP_INIT };
}
