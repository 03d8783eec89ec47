/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/who.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "host/cgroup.h"
#include "host/host.h"

#define TIDY_NS (10 * NS_PER_S)
/* Where nobody tells of new cgroups filters look for them this often: a walk takes a few milliseconds. */
#define LOOK_NS (NS_PER_S)

struct who {
	struct who_options options;
	struct identity_table *table; /* owned; NULL: not started */
	struct who_wanted *wanted;    /* owned; NULL: everybody is wanted */
	struct cgroup_tree *tree;     /* borrowed from the host; NULL: there is none */
	struct cgroup_watch *watch;   /* owned, of the tree */
	int64_t tidied_ns, looked_ns;
	bool has_new_names;
};

/* ---- cgroups come and go ------------------------------------------------------------------------------- */

static void add_cgroup(struct who *who, uint64_t id, const char *path)
{
	const struct identity *identity;

	/* Without room for it the table has counted it. */
	if (identity_table__add_cgroup(who->table, id, path, clock_monotonic_ns()) < 0 ||
	    !who->wanted)
		return;
	identity = identity_table__find(who->table, id);
	if (identity)
		who_wanted__see(who->wanted, identity);
}

static void remove_cgroup(struct who *who, uint64_t id)
{
	identity_table__remove_cgroup(who->table, id, clock_monotonic_ns());
	if (who->wanted)
		who_wanted__remove(who->wanted, id);
}

static void on_added(void *ctx, uint64_t id, const char *path)
{
	add_cgroup(ctx, id, path);
}

static void on_removed(void *ctx, uint64_t id, const char *path)
{
	(void)path;
	remove_cgroup(ctx, id);
}

/* Containers that have no name yet are asked for elsewhere; those that got one may be wanted, or not any more. */
static void on_named(void *ctx, const struct identity *identity)
{
	struct who *who = ctx;

	(void)identity;
	who->has_new_names = true;
}

/* ---- starting ------------------------------------------------------------------------------------------ */

/* Of the first process of the machine: in those namespaces is everybody. 0: not to be known. */
static uint64_t host_namespace(const struct who *who, const char *path)
{
	struct stat status;

	return fstatat(host__root_fd(who->options.host), path, &status, 0) == 0 ? status.st_ino : 0;
}

static void follow_cgroups(struct who *who)
{
	const struct cgroup_observer observer = { .added = on_added,
						  .removed = on_removed,
						  .ctx = who };
	struct err err = ERR_INIT;

	who->tree = host__cgroups(who->options.host, &err);
	if (!who->tree) {
		log_err(LOG_WARN, &err, "Containers are not known");
	} else if (cgroup_tree__subscribe(who->tree, &observer, &who->watch, &err) < 0) {
		log_err(LOG_INFO, &err, "New containers are looked for, nobody tells of them");
		err__done(&err);
		if (cgroup_tree__subscribe_anyway(who->tree, &observer, &who->watch, &err) < 0)
			log_err(LOG_WARN, &err, "Containers are not known");
		who->looked_ns = clock_monotonic_ns();
	}
	err__done(&err);
}

static int open_tables(struct who *who, struct err *err)
{
	const struct identity_options options = {
		.host_mntns_id = host_namespace(who, "proc/1/ns/mnt"),
		.host_netns_id = host_namespace(who, "proc/1/ns/net"),
	};
	const struct identity_observer observer = { .named = on_named, .ctx = who };
	int r = identity_table__new(&options, &who->table, err);

	if (r == 0 && identity_table__subscribe(who->table, &observer) < 0)
		r = err__set(err, -ENOMEM, NULL, "no memory for identities");
	if (r == 0 && who__has_filter(who))
		r = who_wanted__new(who->options.filter, &who->wanted, err);
	return r;
}

static void close_tables(struct who *who)
{
	if (who->watch)
		who->watch = cgroup_tree__unsubscribe(who->tree, who->watch);
	who->wanted = who_wanted__free(who->wanted);
	who->table = identity_table__free(who->table);
}

int who__start(struct who *who, struct err *err)
{
	int r;

	if (who->table)
		return 0;
	r = open_tables(who, err);
	if (r < 0) {
		close_tables(who);
		return r;
	}
	follow_cgroups(who);
	return 0;
}

int who__new(const struct who_options *options, struct who **ret_who, struct err *err)
{
	struct who *who = new_zero(struct who);

	if (!who)
		return err__set(err, -ENOMEM, NULL, "no memory for identities");
	who->options = *options;
	*ret_who = who;
	return 0;
}

struct who *who__free(struct who *who)
{
	if (!who)
		return NULL;
	close_tables(who);
	free(who);
	return NULL;
}

bool who__is_running(const struct who *who)
{
	return who->table;
}

/* ---- running ------------------------------------------------------------------------------------------- */

static void take_names(struct who *who)
{
	if (!who->has_new_names)
		return;
	who->has_new_names = false;
	if (who->wanted)
		who_wanted__review(who->wanted, who->table);
	if (who->options.named)
		who->options.named(who->options.ctx);
}

void who__drain(struct who *who)
{
	int64_t now_ns = clock_monotonic_ns();

	if (!who->table)
		return;
	if (who->watch && (cgroup_tree__is_live(who->tree) ||
			   (who->wanted && now_ns - who->looked_ns >= LOOK_NS))) {
		cgroup_tree__look_around(who->tree);
		who->looked_ns = now_ns;
	}
	take_names(who);
	if (now_ns - who->tidied_ns >= TIDY_NS) {
		identity_table__tidy(who->table, now_ns);
		who->tidied_ns = now_ns;
	}
}

/* ---- asking -------------------------------------------------------------------------------------------- */

const struct identity *who__find(struct who *who, uint64_t cgroup_id)
{
	const struct identity *identity;
	const char *path;

	if (!who->table)
		return NULL;
	identity = identity_table__find(who->table, cgroup_id);
	if (identity || !who->tree)
		return identity;
	path = cgroup_tree__find(who->tree, cgroup_id);
	if (!path)
		return NULL;
	add_cgroup(who, cgroup_id, path);
	return identity_table__find(who->table, cgroup_id);
}

const struct identity *who__find_mntns(struct who *who, uint64_t mntns_id)
{
	return who->table ? identity_table__find_mntns(who->table, mntns_id) : NULL;
}

const struct identity *who__find_netns(struct who *who, uint64_t netns_id)
{
	return who->table ? identity_table__find_netns(who->table, netns_id) : NULL;
}

/* ---- filters ------------------------------------------------------------------------------------------- */

bool who__has_filter(const struct who *who)
{
	return who->options.filter && !who_filter__is_empty(who->options.filter);
}

int who__filter_program(struct who *who, struct program *program, const char *config,
			struct err *err)
{
	int r = who__start(who, err);

	return r < 0 ? r : who_wanted__lend(who->wanted, program, config, err);
}

void who__figures(const struct who *who, struct who_figures *ret_figures)
{
	*ret_figures = (struct who_figures){ 0 };
	if (who->table)
		ret_figures->identity = identity_table__figures(who->table);
	if (who->wanted)
		ret_figures->wanted = who_wanted__figures(who->wanted);
}
