/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/sockets.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "bpf/abi/sockets.h"
#include "host/host.h"
#include "pipeline/route.h"
#include "program/lend.h"
#include "source/source.h"

/* Names in bpf/sockets.bpf.c. */
#define MAP_NAME "sockets"
#define FIGURES_NAME "sockets_figures"
#define SEED_NAME "sockets_seed"
#define PRUNE_NAME "sockets_prune"

/* How often it is looked whether the map fills up. */
#define LOOK_NS (10 * NS_PER_S)
/* From so many entries on it is looked for those whose sockets are gone. */
#define PRUNE_FROM (SOCKETS_MAX / 2)

/* What gadgets call the map and the type of its values: now, and before 2024. */
static const char *const map_names[] = { "gadget_sockets", "sockets" };
static const char *const type_names[] = { "gadget_socket_value", "sockets_value" };

#define MEMBER(member_)                                                                            \
	{                                                                                          \
		.name = #member_, .offset = offsetof(struct socket_owner, member_),                \
		.size = sizeof(((struct socket_owner *)NULL)->member_)                             \
	}
#define TEXT(member_)                                                                              \
	{                                                                                          \
		.name = #member_, .offset = offsetof(struct socket_owner, member_), .size = 1,     \
		.count = sizeof(((struct socket_owner *)NULL)->member_)                            \
	}

static const struct lent_member members[] = {
	MEMBER(mntns),
	MEMBER(pid_tgid),
	MEMBER(uid_gid),
	TEXT(task),
	TEXT(ptask),
	MEMBER(sock),
	MEMBER(deletion_timestamp),
	MEMBER(ppid),
	MEMBER(ptid),
	MEMBER(ipv6only),
	TEXT(cwd),
	TEXT(exepath),
};

static const struct attach_spec attaches[] = {
	{ .program = PRUNE_NAME, .map = MAP_NAME },
};

/* What is told by functions of the kernel where programs may hang on these, is else told by what is dearer or later. */
static const char *const connects[] = { "sockets_connect", "sockets_connect_kprobe",
					"sockets_sent" };
static const char *const send4[] = { "sockets_send4", "sockets_send4_kprobe" };
static const char *const send6[] = { "sockets_send6", "sockets_send6_kprobe" };
static const char *const bind4[] = { "sockets_bind4", "sockets_bind_enter" };
static const char *const bind6[] = { "sockets_bind6", "sockets_bind_exit" };
static const char *const release4[] = { "sockets_release4", "sockets_release4_kprobe" };
static const char *const release6[] = { "sockets_release6", "sockets_release6_kprobe" };
static const struct alternative_spec alternatives[] = {
	{ .programs = connects, .program_count = array_size(connects) },
	{ .programs = send4, .program_count = array_size(send4) },
	{ .programs = send6, .program_count = array_size(send6) },
	{ .programs = bind4, .program_count = array_size(bind4) },
	{ .programs = bind6, .program_count = array_size(bind6) },
	{ .programs = release4, .program_count = array_size(release4) },
	{ .programs = release6, .program_count = array_size(release6) },
};

static const struct program_spec engine_spec = {
	.name = "sockets",
	.kind = OBJECT_KIND_BUILTIN,
	.object = "sockets",
	.attaches = attaches,
	.attach_count = array_size(attaches),
	.alternatives = alternatives,
	.alternative_count = array_size(alternatives),
};

struct sockets {
	struct sockets_options options;
	struct program *engine;       /* owned; NULL: it does not run */
	struct table_source *counted; /* owned; the kernel's figures */
	struct loop_watch *timer;     /* owned */
	int types_fd;                 /* owned or -1 */
	uint64_t pruned;
	struct sockets_figures figures; /* as they were read last */
};

int sockets__new(const struct sockets_options *options, struct sockets **ret_sockets,
		 struct err *err)
{
	struct sockets *sockets = new_zero(struct sockets);

	if (!sockets)
		return err__set(err, -ENOMEM, NULL, "no memory for sockets");
	sockets->options = *options;
	sockets->types_fd = -1;
	*ret_sockets = sockets;
	return 0;
}

void sockets__detach(struct sockets *sockets)
{
	if (sockets->timer)
		sockets->timer = loop__remove(sockets->options.loop, sockets->timer);
	sockets->counted = table_source__close(sockets->counted);
	sockets->engine = program__close(sockets->engine);
	fd_closep(&sockets->types_fd);
}

struct sockets *sockets__free(struct sockets *sockets)
{
	if (!sockets)
		return NULL;
	sockets__detach(sockets);
	free(sockets);
	return NULL;
}

/* ---- figures ------------------------------------------------------------------------------------------- */

static int read_figures(void *ctx, const struct row_batch *rows)
{
	struct sockets *sockets = ctx;

	if (rows->len > 0 && rows->value_count > 0)
		memcpy(&sockets->figures, rows->values, sizeof(sockets->figures));
	return 0;
}

static uint64_t count_entries(struct sockets *sockets)
{
	/* What cannot be read stays as it was. */
	(void)table_source__read(sockets->counted, read_figures, sockets, NULL);
	return sockets->figures.added - sockets->figures.removed;
}

static bool is_attached(const struct sockets *sockets, const char *name)
{
	const struct part *part;

	for (uint32_t i = 0; (part = program__part(sockets->engine, i)); i++)
		if (str_eq(part->name, name))
			return part->state == PART_STATE_ATTACHED;
	return false;
}

void sockets__report(struct sockets *sockets, struct sockets_report *ret_report)
{
	*ret_report = (struct sockets_report){ .is_running = sockets->engine };
	if (!sockets->engine)
		return;
	ret_report->entries = count_entries(sockets);
	ret_report->refused = sockets->figures.refused;
	ret_report->pruned = sockets->pruned;
	for (size_t i = 0; i < array_size(release4); i++)
		ret_report->sees_releases |= is_attached(sockets, release4[i]);
}

/* ---- entries that nobody has any more ------------------------------------------------------------------ */

static int count_row(void *ctx, const void *row)
{
	uint64_t *count = ctx;

	(void)row;
	++*count;
	return 0;
}

static int iterate(struct sockets *sockets, const char *iterator, uint64_t *ret_count,
		   struct err *err)
{
	*ret_count = 0;
	return program__iterate(sockets->engine, iterator, sizeof(struct socket_row), count_row,
				ret_count, err);
}

static void prune(struct sockets *sockets)
{
	struct err err = ERR_INIT;
	uint64_t count, gone = 0;
	int r = iterate(sockets, SEED_NAME, &count, &err);

	/* Half a look at who is there would take away what is. */
	if (r == 0)
		r = iterate(sockets, PRUNE_NAME, &gone, &err);
	sockets->pruned += gone;
	if (r < 0)
		log_err(LOG_WARN, &err, "Sockets that are gone are not forgotten, ignoring");
	err__done(&err);
}

static void on_timer(void *ctx)
{
	struct sockets *sockets = ctx;

	if (count_entries(sockets) >= PRUNE_FROM)
		prune(sockets);
}

/* ---- starting ------------------------------------------------------------------------------------------ */

static int open_types(struct sockets *sockets, struct err *err)
{
	struct lent_type types[array_size(type_names)];

	for (size_t i = 0; i < array_size(types); i++)
		types[i] = (struct lent_type){
			.name = type_names[i],
			.size = sizeof(struct socket_owner),
			.members = members,
			.member_count = array_size(members),
		};
	sockets->types_fd = lent_types_open(sockets->options.program.btf_path, types,
					    array_size(types), err);
	return sockets->types_fd < 0 ? sockets->types_fd : 0;
}

static int open_figures(struct sockets *sockets, struct err *err)
{
	struct program_map found;
	struct map_info map;
	int r = program__map(sockets->engine, FIGURES_NAME, &found, err);

	if (r < 0)
		return r;
	map = map_info_of(&found);
	return table_source__open(&map, host__possible_cpus(sockets->options.host),
				  &sockets->counted, err);
}

static int open_engine(struct sockets *sockets, struct err *err)
{
	int r = program__open(&engine_spec, &sockets->options.program, &sockets->engine, err);

	if (r >= 0)
		r = program__plan(sockets->engine, err);
	if (r >= 0)
		r = program__load(sockets->engine, err);
	if (r >= 0)
		r = open_figures(sockets, err);
	if (r >= 0)
		r = program__attach(sockets->engine, err);
	return r;
}

/* Those who were there before. */
static void seed(struct sockets *sockets)
{
	struct err err = ERR_INIT;
	uint64_t count;

	if (iterate(sockets, SEED_NAME, &count, &err) < 0)
		log_err(LOG_WARN, &err, "Sockets of before are nobody's, ignoring");
	err__done(&err);
}

static int start(struct sockets *sockets, struct err *err)
{
	int r = open_types(sockets, err);

	if (r >= 0)
		r = open_engine(sockets, err);
	if (r >= 0 && sockets->options.loop)
		r = loop__add_timer(sockets->options.loop, LOOK_NS, LOOK_NS, on_timer, sockets,
				    &sockets->timer, err);
	if (r < 0) {
		sockets__detach(sockets);
		return err__wrap(err, r, NULL, "whose sockets are");
	}
	seed(sockets);
	return 0;
}

/* Others may have a map of that name as well. */
static bool is_ours(const struct fact_map *map)
{
	if (!map || !map->value || map->key_size != sizeof(struct socket_key))
		return false;
	for (size_t i = 0; i < array_size(type_names); i++)
		if (str_eq(map->value->name, type_names[i]))
			return true;
	return false;
}

int sockets__lend(struct sockets *sockets, struct program *program, struct err *err)
{
	const struct object_facts *facts = program__facts(program);

	for (size_t i = 0; i < array_size(map_names); i++) {
		int r = 0;

		if (!is_ours(object_facts__find_map(facts, map_names[i])))
			continue;
		if (!sockets->engine)
			r = start(sockets, err);
		return r < 0 ? r
			     : program__lend(program, map_names[i], sockets->engine, MAP_NAME,
					     sockets->types_fd, err);
	}
	return 0;
}
