/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of identities: whatever comes in whatever order, what it tells is whole and within its bounds. The input is
 * a list of steps: what (1 byte), which cgroup or container (1 byte), with what beside it (1 byte).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "enrich/identity.h"

#define LIVE_LIMIT 12
#define DEAD_LIMIT 6
#define DEAD_NS 20
#define HOST_NAMESPACE 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct play {
	struct identity_table *table;
	int64_t now_ns;
	uint64_t sink; /* so that what is read is read */
};

/* Everything that it tells of a cgroup is readable. */
static void read_all(struct play *play, const struct identity *identity)
{
	const struct container *container = identity->container;

	play->sink += strlen(identity->path) + strlen(identity->unit) +
		      strlen(identity->user_unit) + strlen(identity->slice);
	if (identity->pod)
		play->sink += strlen(identity->pod->uid) +
			      (identity->pod->name ? strlen(identity->pod->name) : 0) +
			      (identity->pod->namespace ? strlen(identity->pod->namespace) : 0);
	if (!container)
		return;
	if (container->pod != identity->pod && identity->pod)
		play->sink += strlen(identity->pod->uid);
	play->sink += strlen(container->id) + strlen(container->runtime) +
		      (container->name ? strlen(container->name) : 0) +
		      (container->image ? strlen(container->image) : 0);
	for (uint32_t i = 0; i < container->label_count; i++)
		play->sink += strlen(container->labels[i].key) + strlen(container->labels[i].value);
}

static void on_told(void *ctx, const struct identity *identity)
{
	struct play *play = ctx;

	if (!identity->container)
		abort();
	read_all(play, identity);
	(void)identity_table__find(play->table, identity->cgroup_id);
}

static void write_id(char id[65], uint8_t which)
{
	(void)snprintf(id, 65, "%064x", which % 8u + 1);
}

static void write_uid(char uid[37], uint8_t which)
{
	(void)snprintf(uid, 37, "0b1c2d3e-4f50-6172-8394-%012x", which % 3u);
}

static void write_path(char path[256], uint8_t which)
{
	char id[65], uid[37];

	write_id(id, which);
	write_uid(uid, which >> 3);
	switch (which >> 5) {
	case 0:
		(void)snprintf(path, 256, "/docker/%s", id);
		break;
	case 1:
		(void)snprintf(path, 256, "/docker/%s/below", id);
		break;
	case 2:
		(void)snprintf(path, 256, "/kubepods/pod%s/%s", uid, id);
		break;
	case 3:
		(void)snprintf(path, 256, "/kubepods/pod%s", uid);
		break;
	case 4:
		(void)snprintf(path, 256, "/lxc/c%u", which % 4u);
		break;
	case 5:
		(void)snprintf(path, 256, "/kubepods/pod%s/%s/below", uid, id);
		break;
	default:
		(void)snprintf(path, 256, "/system.slice/s%u.service", which % 8u);
	}
}

static void tell(struct play *play, uint8_t which, uint8_t how)
{
	static const struct label_pair labels[] = { { "a", "1" }, { "b", "" } };
	char id[65], uid[37];
	struct container_info info = {
		.id = id,
		.name = how & 1 ? "web" : NULL,
		.image = how & 2 ? "nginx" : NULL,
		.pod_uid = how & 4 ? uid : NULL,
		.pod_name = how & 8 ? "shop-0" : NULL,
		.pod_namespace = how & 16 ? "prod" : NULL,
		.labels = labels,
		.label_count = how & 32 ? array_size(labels) : 0,
		.mntns_id = how & 64 ? which % 5u : 0,
		.netns_id = how & 128 ? which % 4u : 0,
		.is_sandbox = which & 64,
		.is_host_network = which & 128,
	};

	write_id(id, which);
	write_uid(uid, which >> 3);
	(void)identity_table__tell(play->table, &info, play->now_ns);
}

static void look(struct play *play, uint8_t which)
{
	const struct identity *found[] = {
		identity_table__find(play->table, which % 16u),
		identity_table__find_mntns(play->table, which % 5u),
		identity_table__find_netns(play->table, which % 4u),
	};

	for (size_t i = 0; i < array_size(found); i++)
		if (found[i])
			read_all(play, found[i]);
	if (found[0] && found[0]->cgroup_id != which % 16u)
		abort();
}

static void step(struct play *play, uint8_t what, uint8_t which, uint8_t how)
{
	char path[256];

	play->now_ns += what >> 5;
	switch (what % 6) {
	case 0:
		write_path(path, how);
		(void)identity_table__add_cgroup(play->table, which % 16u, path, play->now_ns);
		break;
	case 1:
		identity_table__remove_cgroup(play->table, which % 16u, play->now_ns);
		break;
	case 2:
		identity_table__see_namespaces(play->table, which % 16u, how % 5u, how % 4u);
		break;
	case 3:
		tell(play, which, how);
		break;
	case 4:
		identity_table__tidy(play->table, play->now_ns);
		break;
	default:
		look(play, which);
	}
}

static void check_bounds(const struct play *play)
{
	const struct identity_figures figures = identity_table__figures(play->table);

	if (figures.cgroups > LIVE_LIMIT || figures.dead_cgroups > DEAD_LIMIT ||
	    figures.waiting_containers > DEAD_LIMIT || figures.containers > figures.cgroups ||
	    figures.dead_containers > figures.dead_cgroups)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct identity_options options = { .live_limit = LIVE_LIMIT,
						  .dead_limit = DEAD_LIMIT,
						  .dead_ns = DEAD_NS };
	struct play play = { .now_ns = 1 };
	const struct identity_observer observer = {
		.seen = on_told, .named = on_told, .gone = on_told, .ctx = &play
	};

	if (identity_table__new(&options, &play.table, /* err */ NULL) < 0 ||
	    identity_table__subscribe(play.table, &observer) < 0)
		abort();
	identity_table__set_host_namespaces(play.table, HOST_NAMESPACE, HOST_NAMESPACE);
	for (; len >= 3; data += 3, len -= 3) {
		step(&play, data[0], data[1], data[2]);
		check_bounds(&play);
	}
	identity_table__free(play.table);
	return 0;
}
