/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/who_filter.h"

#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "enrich/identity.h"
#include "host/host.h"

/* What runtimes and people cut the ids of containers to. */
#define SHORT_ID_LEN 12

const char *who_subject_name(enum who_subject subject)
{
	static const char *const names[WHO_SUBJECT_COUNT] = {
		[WHO_CONTAINER] = "container", [WHO_POD] = "pod",   [WHO_NAMESPACE] = "namespace",
		[WHO_UNIT] = "unit",           [WHO_USER] = "user",
	};

	return names[subject];
}

bool who_filter__is_empty(const struct who_filter *filter)
{
	for (size_t i = 0; i < WHO_SUBJECT_COUNT; i++)
		if (filter->names[i].count > 0)
			return false;
	return true;
}

static bool is_text(const char *text, const char *name)
{
	return text && text[0] && str_eq(text, name);
}

static bool is_container(const struct identity *identity, const char *name, struct host *host)
{
	const struct container *container = identity->container;

	(void)host;
	if (!container)
		return false;
	if (is_text(container->name, name) || str_eq(container->id, name))
		return true;
	return strlen(name) >= SHORT_ID_LEN && strncmp(container->id, name, strlen(name)) == 0;
}

static bool is_pod(const struct identity *identity, const char *name, struct host *host)
{
	const struct pod *pod = identity->pod;
	const char *slash = strchr(name, '/');

	(void)host;
	if (!pod)
		return false;
	if (is_text(pod->name, name) || is_text(pod->uid, name))
		return true;
	return slash && pod->namespace && is_text(pod->name, slash + 1) &&
	       strlen(pod->namespace) == (size_t)(slash - name) &&
	       memcmp(pod->namespace, name, (size_t)(slash - name)) == 0;
}

static bool is_namespace(const struct identity *identity, const char *name, struct host *host)
{
	(void)host;
	return identity->pod && is_text(identity->pod->namespace, name);
}

static bool is_named_unit(const char *unit, const char *name)
{
	size_t len = strlen(name);

	return unit[0] && strncmp(unit, name, len) == 0 &&
	       (unit[len] == '\0' || str_eq(unit + len, ".service"));
}

static bool is_unit(const struct identity *identity, const char *name, struct host *host)
{
	(void)host;
	return is_named_unit(identity->unit, name) || is_named_unit(identity->user_unit, name);
}

/* systemd gives each user that is logged in a slice of its own, named by the number. */
static bool is_user(const struct identity *identity, const char *name, struct host *host)
{
	static const char slice[] = "/user-";
	const char *at = strstr(identity->path, slice);
	const char *number = at ? at + strlen(slice) : NULL;
	const char *end = number ? strstr(number, ".slice") : NULL;
	const char *user;
	uint64_t uid;

	if (!end || num_parse_u64(number, (size_t)(end - number), &uid) < 0 || uid > UINT32_MAX)
		return false;
	if (strlen(name) == (size_t)(end - number) && memcmp(name, number, strlen(name)) == 0)
		return true;
	user = host ? host__user_name(host, (uint32_t)uid) : NULL;
	return user && str_eq(user, name);
}

bool who_filter__matches(const struct who_filter *filter, const struct identity *identity,
			 struct host *host)
{
	static bool (*const fits[WHO_SUBJECT_COUNT])(const struct identity *identity,
						     const char *name, struct host *host) = {
		[WHO_CONTAINER] = is_container, [WHO_POD] = is_pod,
		[WHO_NAMESPACE] = is_namespace, [WHO_UNIT] = is_unit,
		[WHO_USER] = is_user,
	};

	for (size_t subject = 0; subject < WHO_SUBJECT_COUNT; subject++) {
		const struct who_names *names = &filter->names[subject];
		bool is_one = names->count == 0;

		for (size_t i = 0; i < names->count && !is_one; i++)
			is_one = fits[subject](identity, names->items[i], host);
		if (!is_one)
			return false;
	}
	return true;
}
