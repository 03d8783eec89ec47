/* SPDX-License-Identifier: Apache-2.0 */
/* The table of identities: what a lookup costs an event, and what a container costs in memory. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "bench.h"
#include "cases.h"
#include "enrich/identity.h"

#define CONTAINERS 10000u
#define LOOKUPS 2000000u
#define ROUNDS 15
#define NS_PER_MS 1e6

/* Each has its own cgroup and one below, and shares a pod with the next one. */
struct texts {
	char id[65], uid[37], path[160], below[176], name[32], pod[32];
};

static void write_texts(struct texts *texts, uint32_t i)
{
	(void)snprintf(texts->id, sizeof(texts->id), "%016x%048x", i * 2654435761u, i);
	(void)snprintf(texts->uid, sizeof(texts->uid), "%08x-0000-4000-8000-%012x", i / 2, i / 2);
	(void)snprintf(texts->path, sizeof(texts->path),
		       "/sys/fs/cgroup/kubepods/besteffort/pod%s/%s", texts->uid, texts->id);
	(void)snprintf(texts->below, sizeof(texts->below), "%s/init.scope", texts->path);
	(void)snprintf(texts->name, sizeof(texts->name), "app-%u", i);
	(void)snprintf(texts->pod, sizeof(texts->pod), "shop-%u", i / 2);
}

#define IMAGE "registry.example/shop/app:1.27"

static size_t text_bytes(const struct texts *texts)
{
	return strlen(texts->id) + strlen(texts->uid) + strlen(texts->path) + strlen(texts->below) +
	       2 * strlen("init.scope") + strlen(texts->name) + strlen(texts->pod) + strlen(IMAGE) +
	       strlen("containerd") + strlen("prod") + 11;
}

static uint64_t cgroup_id(uint32_t i, bool is_below)
{
	return 1000 + 2 * (uint64_t)i + is_below;
}

/* Bytes of text that it was told. */
static size_t add_container(struct identity_table *table, uint32_t i)
{
	struct texts texts;
	struct container_info info;

	write_texts(&texts, i);
	info = (struct container_info){
		.id = texts.id,
		.name = texts.name,
		.runtime = "containerd",
		.image = IMAGE,
		.pod_uid = texts.uid,
		.pod_name = texts.pod,
		.pod_namespace = "prod",
		.mntns_id = 4026540000u + i,
		.netns_id = 4026640000u + i / 2,
	};
	bench_check(identity_table__add_cgroup(table, cgroup_id(i, false), texts.path, 1), "add");
	bench_check(identity_table__add_cgroup(table, cgroup_id(i, true), texts.below, 1), "add");
	bench_check(identity_table__tell(table, &info, 1), "tell");
	return text_bytes(&texts);
}

static struct identity_table *make_table(size_t *ret_text_bytes)
{
	struct identity_table *table;

	*ret_text_bytes = 0;
	bench_check(identity_table__new(&(struct identity_options){ .live_limit = 0 }, &table,
					/* err */ NULL),
		    "table");
	for (uint32_t i = 0; i < CONTAINERS; i++)
		*ret_text_bytes += add_container(table, i);
	return table;
}

/* As events come: of some containers more often than of others, and in no order. */
static uint64_t next_id(uint64_t *random, uint64_t first, uint32_t count)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return first + ((*random >> 33) * count >> 31);
}

typedef const struct identity *(*find_fn)(struct identity_table *table, uint64_t id);

static void lookups(struct identity_table *table, const char *figure, find_fn find, uint64_t first,
		    uint32_t count)
{
	struct bench_times times = { .count = 0 };
	uint64_t random = 1, found = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double start = bench_now_ms();

		for (uint32_t i = 0; i < LOOKUPS; i++)
			found += find(table, next_id(&random, first, count)) != NULL;
		bench_times__add(&times, bench_now_ms() - start);
	}
	if (found != 0 && found != (uint64_t)LOOKUPS * ROUNDS)
		bench_check(-1, figure);
	bench_print(figure, bench_times__tenth(&times) * NS_PER_MS / LOOKUPS, "ns", 60);
}

/* As if all had gone, and long ago. What the heap has free is given back, as the agent does after a reload. */
static void forget(struct identity_table *table)
{
	for (uint32_t i = 0; i < CONTAINERS; i++)
		for (int is_nested = 0; is_nested < 2; is_nested++)
			identity_table__remove_cgroup(table, cgroup_id(i, is_nested), 1);
	identity_table__tidy(table, INT64_MAX);
	if (identity_table__figures(table).dead_cgroups || identity_table__figures(table).cgroups)
		bench_check(-1, "forgetting");
	(void)malloc_trim(0);
}

static void identity(void)
{
	size_t text, before = bench_resident_bytes();
	struct identity_table *table = make_table(&text);
	double bytes = (double)(bench_resident_bytes() - before);

	bench_title("identity: %u containers with 2 cgroups each, %.0f bytes of text each",
		    CONTAINERS, (double)text / CONTAINERS);
	bench_print("identity_rss_per_container", (bytes - (double)text) / CONTAINERS, "B", 1024);
	lookups(table, "identity_lookup_1k", identity_table__find, cgroup_id(0, false), 2000);
	lookups(table, "identity_lookup_10k", identity_table__find, cgroup_id(0, false),
		2 * CONTAINERS);
	lookups(table, "identity_lookup_mntns", identity_table__find_mntns, 4026540000u, 1000);
	lookups(table, "identity_lookup_netns", identity_table__find_netns, 4026640000u, 500);
	lookups(table, "identity_lookup_miss", identity_table__find, 1u << 30, 2000);
	forget(table);
	bench_print("identity_rss_forgotten/known",
		    (double)(bench_resident_bytes() - before) / bytes, "", 0.1);
	identity_table__free(table);
}

static const struct bench_case cases[] = { { "identity", identity } };

int main(int argc, char **argv)
{
	return bench_main(argc, argv, cases, array_size(cases));
}
