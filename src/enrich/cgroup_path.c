/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/cgroup_path.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"

#define CONTAINER_ID_LEN 64
#define MACHINE_ID_DIGITS 32

const char *container_runtime_name(enum container_runtime runtime)
{
	static const char *const names[CONTAINER_RUNTIME_COUNT] = {
		[CONTAINER_RUNTIME_NONE] = "",
		[CONTAINER_RUNTIME_UNKNOWN] = "",
		[CONTAINER_RUNTIME_CONTAINERD] = "containerd",
		[CONTAINER_RUNTIME_CRIO] = "cri-o",
		[CONTAINER_RUNTIME_DOCKER] = "docker",
		[CONTAINER_RUNTIME_LXC] = "lxc",
		[CONTAINER_RUNTIME_NSPAWN] = "nspawn",
		[CONTAINER_RUNTIME_PODMAN] = "podman",
	};

	return names[runtime];
}

/* ---- words -------------------------------------------------------------------------------------------- */

static bool starts_with(struct path_word word, const char *prefix)
{
	size_t len = strlen(prefix);

	return word.len >= len && memcmp(word.at, prefix, len) == 0;
}

static bool ends_with(struct path_word word, const char *suffix)
{
	size_t len = strlen(suffix);

	return word.len >= len && memcmp(word.at + word.len - len, suffix, len) == 0;
}

static bool is_word(struct path_word word, const char *text)
{
	return word.len == strlen(text) && memcmp(word.at, text, word.len) == 0;
}

static struct path_word cut(struct path_word word, size_t front, size_t back)
{
	return (struct path_word){ word.at + front, word.len - front - back };
}

static bool is_hex(struct path_word word, size_t len)
{
	if (word.len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isxdigit((unsigned char)word.at[i]))
			return false;
	return true;
}

/* systemd puts '_' before names that could be taken for one of the kernel's own files. */
static struct path_word unescaped(struct path_word word)
{
	return word.len > 1 && word.at[0] == '_' ? cut(word, 1, 0) : word;
}

/* ---- containers --------------------------------------------------------------------------------------- */

/* "PREFIX" id "SUFFIX", as the runtimes name their directories and scopes. */
static const struct naming {
	const char *prefix, *suffix;
	enum container_runtime runtime;
	bool is_name; /* what is between is a name, not an id */
} namings[] = {
	{ "docker-", ".scope", CONTAINER_RUNTIME_DOCKER, false },
	{ "cri-containerd-", ".scope", CONTAINER_RUNTIME_CONTAINERD, false },
	{ "crio-", ".scope", CONTAINER_RUNTIME_CRIO, false },
	{ "crio-", "", CONTAINER_RUNTIME_CRIO, false },
	{ "libpod-", ".scope", CONTAINER_RUNTIME_PODMAN, false },
	{ "libpod-", "", CONTAINER_RUNTIME_PODMAN, false },
	{ "lxc.payload.", "", CONTAINER_RUNTIME_LXC, true },
	{ "systemd-nspawn@", ".service", CONTAINER_RUNTIME_NSPAWN, true },
	{ "machine-", ".scope", CONTAINER_RUNTIME_NSPAWN, true },
};

/* Directories of which each child is a container by name or id. */
static const struct parent {
	const char *name;
	enum container_runtime runtime;
	bool is_name;
} parents[] = {
	{ "docker", CONTAINER_RUNTIME_DOCKER, false },
	{ "libpod_parent", CONTAINER_RUNTIME_PODMAN, false },
	{ "lxc", CONTAINER_RUNTIME_LXC, true },
	{ "lxc.payload", CONTAINER_RUNTIME_LXC, true },
};

static bool read_naming(struct path_word word, struct cgroup_path *words)
{
	for (size_t i = 0; i < array_size(namings); i++) {
		const struct naming *naming = &namings[i];
		struct path_word id;

		if (!starts_with(word, naming->prefix) || !ends_with(word, naming->suffix) ||
		    word.len <= strlen(naming->prefix) + strlen(naming->suffix))
			continue;
		id = cut(word, strlen(naming->prefix), strlen(naming->suffix));
		if (!naming->is_name && !is_hex(id, CONTAINER_ID_LEN))
			continue;
		words->runtime = naming->runtime;
		words->container = id;
		return true;
	}
	return false;
}

static bool read_child(struct path_word parent, struct path_word word, struct cgroup_path *words)
{
	bool has_id = is_hex(word, CONTAINER_ID_LEN);

	for (size_t i = 0; i < array_size(parents); i++) {
		if (!is_word(parent, parents[i].name) || (!parents[i].is_name && !has_id))
			continue;
		words->runtime = parents[i].runtime;
		words->container = word;
		return true;
	}
	/* Whoever names a directory so means a container: containerd below a pod, runc by hand. */
	if (!has_id)
		return false;
	words->runtime = CONTAINER_RUNTIME_UNKNOWN;
	words->container = word;
	return true;
}

/* ---- pods --------------------------------------------------------------------------------------------- */

/* 8-4-4-4-12 with this character between, or 32 digits in one piece (static pods). */
static bool is_pod_uid(struct path_word word, char separator)
{
	if (is_hex(word, MACHINE_ID_DIGITS))
		return true;
	if (word.len != POD_UID_LEN)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		bool is_separator = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_separator ? word.at[i] != separator : !isxdigit((unsigned char)word.at[i]))
			return false;
	}
	return true;
}

/* "kubepods-besteffort-pod1a2b_….slice": systemd's names have no dashes inside. */
static void take_escaped_uid(struct path_word uid, struct cgroup_path *words)
{
	for (size_t i = 0; i < uid.len; i++)
		words->pod_uid_text[i] = (char)(uid.at[i] == '_' ? '-' : uid.at[i]);
	words->pod_uid_text[uid.len] = '\0';
	words->pod_uid = (struct path_word){ words->pod_uid_text, uid.len };
}

static bool read_pod(struct path_word word, struct cgroup_path *words)
{
	const char *pod;
	struct path_word uid;

	if (starts_with(word, "pod") && is_pod_uid(cut(word, 3, 0), '-')) {
		words->pod_uid = cut(word, 3, 0);
		return true;
	}
	if (!ends_with(word, ".slice"))
		return false;
	pod = memmem(word.at, word.len, "-pod", 4);
	if (!pod)
		return false;
	uid = cut(word, (size_t)(pod - word.at) + 4, strlen(".slice"));
	if (!is_pod_uid(uid, '_'))
		return false;
	take_escaped_uid(uid, words);
	return true;
}

/* ---- units -------------------------------------------------------------------------------------------- */

static bool is_unit(struct path_word word)
{
	static const char *const suffixes[] = { ".service", ".scope", ".socket", ".mount",
						".swap" };

	for (size_t i = 0; i < array_size(suffixes); i++)
		if (ends_with(word, suffixes[i]) && word.len > strlen(suffixes[i]))
			return true;
	return false;
}

static void read_unit(struct path_word word, struct cgroup_path *words)
{
	word = unescaped(word);
	if (ends_with(word, ".slice")) {
		if (words->unit.len == 0)
			words->slice = word;
	} else if (!is_unit(word)) {
		return;
	} else if (words->unit.len == 0) {
		words->unit = word;
	} else if (starts_with(words->unit, "user@") && words->user_unit.len == 0) {
		words->user_unit = word;
	}
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

static struct path_word next_word(const char **at)
{
	struct path_word word;

	*at += strspn(*at, "/");
	word = (struct path_word){ *at, strcspn(*at, "/") };
	*at += word.len;
	return word;
}

void cgroup_path_read(const char *path, struct cgroup_path *ret_words)
{
	struct path_word word, parent = { path, 0 };
	const char *at = path;

	memset(ret_words, 0, sizeof(*ret_words));
	for (word = next_word(&at); word.len > 0; parent = word, word = next_word(&at)) {
		struct path_word name = unescaped(word);

		/* A pod inside of a container (a cluster in a container) begins anew. */
		if (read_pod(name, ret_words)) {
			ret_words->runtime = CONTAINER_RUNTIME_NONE;
			ret_words->container.len = 0;
		} else if (!read_naming(name, ret_words)) {
			(void)read_child(unescaped(parent), name, ret_words);
		}
		read_unit(word, ret_words);
	}
	/* containerd's directories have no prefix below a pod, and nobody else does so. */
	if (ret_words->runtime == CONTAINER_RUNTIME_UNKNOWN && ret_words->pod_uid.len > 0)
		ret_words->runtime = CONTAINER_RUNTIME_CONTAINERD;
}

bool cgroup_path_is_container(const struct cgroup_path *words, const char *path)
{
	return words->container.len > 0 &&
	       strchr(words->container.at + words->container.len, '/') == NULL &&
	       words->container.at >= path;
}
