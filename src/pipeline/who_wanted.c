/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/who_wanted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "enrich/identity.h"
#include "program/shared_map.h"

/* As bpf/include/wanted_cgroups.bpf.h calls them. */
#define MAP_NAME "wanted_cgroups"
#define CONSTANT_NAME "wanted_cgroup_bits"

struct who_wanted {
	const struct who_filter *filter; /* borrowed */
	struct host *host;               /* borrowed */
	struct shared_map *map;          /* owned */
	struct map cgroups;              /* id → nothing of interest: those that are there */
	uint64_t refused;
};

int who_wanted__new(const struct who_filter *filter, struct host *host, struct who_wanted **ret,
		    struct err *err)
{
	struct who_wanted *wanted = new_zero(struct who_wanted);
	int r;

	if (!wanted)
		return err__set(err, -ENOMEM, NULL, "no memory for filters");
	wanted->filter = filter;
	wanted->host = host;
	r = shared_map__new(MAP_NAME, WHO_WANTED_MAX, &wanted->map, err);
	if (r < 0) {
		who_wanted__free(wanted);
		return r;
	}
	*ret = wanted;
	return 0;
}

struct who_wanted *who_wanted__free(struct who_wanted *wanted)
{
	if (!wanted)
		return NULL;
	map__done(&wanted->cgroups, NULL);
	shared_map__free(wanted->map);
	free(wanted);
	return NULL;
}

static void judge(struct who_wanted *wanted, const struct identity *identity)
{
	if (!who_filter__matches(wanted->filter, identity, wanted->host))
		shared_map__remove(wanted->map, identity->cgroup_id);
	else if (shared_map__set(wanted->map, identity->cgroup_id, WHO_WANTED_BY_COMMAND_LINE) < 0)
		wanted->refused++;
}

void who_wanted__see(struct who_wanted *wanted, const struct identity *identity)
{
	uint64_t id = identity->cgroup_id;

	/* One that is not remembered keeps what it is now, also when a name comes. */
	(void)map__set(&wanted->cgroups, &id, sizeof(id), wanted, NULL);
	judge(wanted, identity);
}

void who_wanted__remove(struct who_wanted *wanted, uint64_t cgroup_id)
{
	(void)map__take(&wanted->cgroups, &cgroup_id, sizeof(cgroup_id));
	shared_map__remove(wanted->map, cgroup_id);
}

void who_wanted__review(struct who_wanted *wanted, struct identity_table *table)
{
	const struct identity *identity;
	const void *key;
	size_t cursor = 0, len;
	uint64_t id;

	while (map__next(&wanted->cgroups, &cursor, &key, &len, NULL)) {
		memcpy(&id, key, sizeof(id));
		identity = identity_table__find(table, id);
		if (identity && (identity->container || identity->pod))
			judge(wanted, identity);
	}
}

int who_wanted__lend(struct who_wanted *wanted, struct program *program, const char *config,
		     struct err *err)
{
	if (!program__can_share(program, MAP_NAME))
		return err__set(
			err, -EOPNOTSUPP, NULL,
			"\"%s\" does not tell whose its events are, so it cannot be filtered",
			config);
	return program__share(program, MAP_NAME, wanted->map, CONSTANT_NAME,
			      WHO_WANTED_BY_COMMAND_LINE, err);
}

struct who_wanted_figures who_wanted__figures(const struct who_wanted *wanted)
{
	return (struct who_wanted_figures){
		.wanted = shared_map__count(wanted->map),
		.refused = wanted->refused,
	};
}
