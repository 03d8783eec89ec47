/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/who.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "host/cgroup.h"
#include "host/host.h"

#define TIDY_NS (10 * NS_PER_S)
#define EXPIRE_NS (NS_PER_S)
/* Where nobody tells of new cgroups filters look for them this often: a walk takes a few milliseconds. */
#define LOOK_NS (NS_PER_S)

struct who {
	struct who_options options;
	struct identity_table *table;         /* owned; NULL: not started */
	struct who_runtimes *runtimes;        /* owned; NULL: nobody could wait for their answers */
	struct who_wanted *wanted;            /* owned; NULL: everybody is wanted */
	struct process_table *processes;      /* owned; NULL: the engine does not tell of them */
	struct who_process_observer observer; /* borrowed functions; all NULL: nobody */
	struct who_cgroup_observer cgroup_observer; /* likewise */
	uint64_t unattributed;                      /* execs in a cgroup that is not known */
	struct who_engine *engine;  /* owned; NULL: it cannot run here, or not any more */
	struct loop_watch *ring;    /* of the engine's descriptor */
	struct strbuf path;         /* of the cgroup that is being told */
	struct cgroup_tree *tree;   /* borrowed from the host; NULL: there is none */
	struct cgroup_watch *watch; /* owned, of the tree */
	int64_t tidied_ns, looked_ns, expired_ns;
	enum who_level level;
	bool has_new_names;
};

/* ---- cgroups come and go ------------------------------------------------------------------------------- */

static void add_cgroup(struct who *who, uint64_t id, const char *path)
{
	const struct identity *identity;

	/* Without room for it the table has counted it. */
	if (identity_table__add_cgroup(who->table, id, path, clock_monotonic_ns()) < 0 ||
	    (!who->wanted && !who->cgroup_observer.added))
		return;
	identity = identity_table__find(who->table, id);
	if (identity && who->wanted)
		who_wanted__see(who->wanted, identity);
	if (identity && who->cgroup_observer.added)
		who->cgroup_observer.added(who->cgroup_observer.ctx, identity);
}

static void remove_cgroup(struct who *who, uint64_t id)
{
	identity_table__remove_cgroup(who->table, id, clock_monotonic_ns());
	if (who->wanted)
		who_wanted__remove(who->wanted, id);
	if (who->cgroup_observer.removed)
		who->cgroup_observer.removed(who->cgroup_observer.ctx, id);
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

/* ---- what the engine tells ----------------------------------------------------------------------------- */

/* Records have paths below the hierarchy's root; everybody else has them with the place where it is mounted. */
static void take_made(struct who *who, const struct who_cgroup *cgroup, const char *path)
{
	const char *mount = who->tree ? cgroup_tree__mount_path(who->tree) : "";

	who->path.len = 0;
	strbuf__printf(&who->path, "%s%s", mount, str_eq(path, "/") ? "" : path);
	if (strbuf__status(&who->path) == 0)
		add_cgroup(who, cgroup->id, strbuf__text(&who->path));
}

static void take_cgroup(struct who *who, uint16_t kind, const char *record, size_t len)
{
	struct who_cgroup cgroup;

	if (len < sizeof(cgroup))
		return;
	memcpy(&cgroup, record, sizeof(cgroup));
	/* Those of version 1 have ids that nobody goes by. */
	if (cgroup.hierarchy != 0 || cgroup.path_size == 0 ||
	    cgroup.path_size > len - sizeof(cgroup) || record[len - 1] != '\0')
		return;
	if (kind == WHO_RECORD_CGROUP_MADE)
		take_made(who, &cgroup, record + sizeof(cgroup));
	else
		remove_cgroup(who, cgroup.id);
}

/* A container whose mount namespace is known now can be wanted by that. */
static void see_namespaces(struct who *who, const struct who_task *task)
{
	const struct identity *identity = identity_table__find(who->table, task->cgroup_id);
	uint64_t before = identity ? identity->mntns_id : 0;

	identity_table__see_namespaces(who->table, task->cgroup_id,
				       task->namespaces[WHO_NAMESPACE_MNT],
				       task->namespaces[WHO_NAMESPACE_NET]);
	if (who->wanted && identity && !identity->is_dead && identity->mntns_id != before)
		who_wanted__see(who->wanted, identity);
}

/* Not everybody may look at the first process in /proc, or see it at all; then the first thread of the kernel is in the
 * same namespaces. Both come before all others, so that nobody's are taken for containers'. */
static void take_first(struct who *who, const struct who_task *task)
{
	uint32_t mntns_id = task->namespaces[WHO_NAMESPACE_MNT];
	bool is_kernel = task->process.tgid == 2 && task->flags & WHO_FLAG_KERNEL_THREAD;

	if (task->process.tgid == 1 || (is_kernel && !identity_table__has_host_mntns(who->table)))
		identity_table__set_host_namespaces(who->table, mntns_id,
						    task->namespaces[WHO_NAMESPACE_NET]);
}

/* What processes tell of their cgroup. */
static void take_task(struct who *who, uint16_t kind, const char *record, size_t len)
{
	const struct identity *identity;
	struct who_task task;

	if (len < sizeof(struct who_header) + sizeof(task))
		return;
	memcpy(&task, record + sizeof(struct who_header), sizeof(task));
	if (kind == WHO_RECORD_SEED)
		take_first(who, &task);
	identity = who__find(who, task.cgroup_id);
	if (kind == WHO_RECORD_EXEC && !identity)
		who->unattributed++;
	if (task.flags & WHO_FLAG_KERNEL_THREAD)
		return;
	see_namespaces(who, &task);
	if (who->options.seen)
		who->options.seen(who->options.ctx, identity, task.process.tgid,
				  task.namespaces[WHO_NAMESPACE_MNT]);
}

static void take_record(void *ctx, const struct who_header *header, const void *record, size_t len)
{
	struct who *who = ctx;

	/* What it has no room for, or does not understand, it counts. */
	if (who->processes)
		(void)process_table__take(who->processes, record, len);
	switch (header->kind) {
	case WHO_RECORD_CGROUP_MADE:
	case WHO_RECORD_CGROUP_REMOVED:
		take_cgroup(who, header->kind, record, len);
		break;
	case WHO_RECORD_EXEC:
	case WHO_RECORD_SEED:
		take_task(who, header->kind, record, len);
		break;
	default:
		break;
	}
}

static void on_ring(void *ctx, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	who__drain(ctx);
}

static int watch_engine(struct who *who, struct err *err)
{
	if (!who->options.loop)
		return 0;
	return loop__add_fd(who->options.loop, who_engine__event_fd(who->engine), EPOLLIN, on_ring,
			    who, &who->ring, err);
}

/* First of all, so that nobody comes in between who is neither told of nor found. */
static void open_engine(struct who *who)
{
	const struct who_engine_options options = {
		.program = who->options.program,
		.level = who->level,
		.wanted = who->wanted,
		.wants_environment = who->options.wants_environment,
		.possible_cpus = host__possible_cpus(who->options.host),
		.take = take_record,
		.ctx = who,
	};
	struct err err = ERR_INIT;
	int r = who_engine__open(&options, &who->engine, &err);

	if (r >= 0)
		r = watch_engine(who, &err);
	if (r < 0) {
		log_err(LOG_WARN, &err, "The kernel does not tell who comes and goes");
		who->engine = who_engine__close(who->engine);
	}
	err__done(&err);
}

/* The engine has let the namespace out already; what was told of it before may just have let it in again. */
static void on_process_exit(void *ctx, const struct process *process)
{
	struct who *who = ctx;

	if (process->own_pid == 1 && who->options.left)
		who->options.left(who->options.ctx);
	if (who->wanted && process->own_pid == 1)
		who_wanted__forget_mntns(who->wanted, process->namespaces[WHO_NAMESPACE_MNT]);
	if (who->observer.exit)
		who->observer.exit(who->observer.ctx, process);
}

static void on_process_exec(void *ctx, const struct process *process)
{
	struct who *who = ctx;

	if (who->observer.exec)
		who->observer.exec(who->observer.ctx, process);
}

static int open_processes(struct who *who, struct err *err)
{
	char hostname[HOST_NAME_MAX + 1] = "";
	const char *node = who->options.node;
	const struct process_options options = { .node = node ? node : hostname,
						 .host = who->options.host,
						 .exec = on_process_exec,
						 .exit = on_process_exit,
						 .ctx = who };

	(void)gethostname(hostname, sizeof(hostname) - 1);
	if (process_table__new(&options, &who->processes) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for processes");
	return 0;
}

/* Those who were there before, then what has happened since the engine runs. */
static int seed(struct who *who, struct err *err)
{
	struct err seed_err = ERR_INIT;
	int r;

	if (who->level == WHO_LEVEL_CGROUPS) {
		who__drain(who);
		return 0;
	}
	r = who_engine__has_processes(who->engine) ? open_processes(who, err) : 0;
	if (r < 0)
		return r;
	if (who_engine__seed(who->engine, &seed_err) < 0)
		log_err(LOG_WARN, &seed_err, "Processes of before are not known, ignoring");
	err__done(&seed_err);
	who__drain(who);
	return 0;
}

/* A new container: its runtime knows what it is called. */
static void on_seen(void *ctx, const struct identity *identity)
{
	struct who *who = ctx;

	if (who->runtimes && identity->container && !identity->container->is_told)
		who_runtimes__ask(who->runtimes, identity->container);
}

/* One that got a name may be wanted, or not any more. */
static void on_named(void *ctx, const struct identity *identity)
{
	struct who *who = ctx;

	who->has_new_names = true;
	if (who->cgroup_observer.named)
		who->cgroup_observer.named(who->cgroup_observer.ctx, identity);
}

static void on_gone(void *ctx, const struct identity *identity)
{
	struct who *who = ctx;

	if (who->options.gone)
		who->options.gone(who->options.ctx, identity);
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
	} else if (who->engine) {
		/* Those that are there; the others are told by the engine. */
		if (cgroup_tree__subscribe_anyway(who->tree, &observer, &who->watch, &err) == 0)
			who->watch = cgroup_tree__unsubscribe(who->tree, who->watch);
	} else if (cgroup_tree__subscribe(who->tree, &observer, &who->watch, &err) < 0) {
		log_err(LOG_INFO, &err, "New containers are looked for, nobody tells of them");
		err__done(&err);
		if (cgroup_tree__subscribe_anyway(who->tree, &observer, &who->watch, &err) < 0)
			log_err(LOG_WARN, &err, "Containers are not known");
		who->looked_ns = clock_monotonic_ns();
	}
	err__done(&err);
}

static int open_runtimes(struct who *who, struct err *err)
{
	const struct who_runtimes_options options = {
		.loop = who->options.loop,
		.root = host__root(who->options.host),
		.table = who->table,
		.sockets = who->options.runtime_sockets,
		.socket_count = who->options.runtime_socket_count,
		.timeout_ns = who->options.runtime_timeout_ns,
	};

	return who_runtimes__new(&options, &who->runtimes, err);
}

static int open_wanted(struct who *who, struct err *err)
{
	static const struct who_filter everybody = { 0 };
	const struct who_wanted_options options = {
		.filter = who->options.filter ? who->options.filter : &everybody,
		.host = who->options.host,
		.table = who->table,
	};

	return who_wanted__new(&options, &who->wanted, err);
}

static int open_tables(struct who *who, struct err *err)
{
	const struct identity_options options = { 0 };
	const struct identity_observer observer = {
		.seen = on_seen, .named = on_named, .gone = on_gone, .ctx = who
	};
	int r = identity_table__new(&options, &who->table, err);

	if (r == 0)
		identity_table__set_host_namespaces(who->table,
						    host_namespace(who, "proc/1/ns/mnt"),
						    host_namespace(who, "proc/1/ns/net"));

	if (r == 0 && identity_table__subscribe(who->table, &observer) < 0)
		r = err__set(err, -ENOMEM, NULL, "no memory for identities");
	if (r == 0 && who->options.loop)
		r = open_runtimes(who, err);
	if (r == 0 && who__has_filter(who))
		r = open_wanted(who, err);
	return r;
}

static void close_tables(struct who *who)
{
	if (who->watch)
		who->watch = cgroup_tree__unsubscribe(who->tree, who->watch);
	who->runtimes = who_runtimes__free(who->runtimes);
	who->wanted = who_wanted__free(who->wanted);
	who->processes = process_table__free(who->processes);
	who->table = identity_table__free(who->table);
}

static struct who_engine *close_engine(struct who *who)
{
	if (who->ring)
		who->ring = loop__remove(who->options.loop, who->ring);
	if (who->engine)
		who_engine__drain(who->engine);
	return who_engine__close(who->engine);
}

/* The one that tells more is there before the other one goes: what both tell is taken once. */
static int raise_level(struct who *who, enum who_level level, struct err *err)
{
	struct who_engine *before = who->engine;

	who->level = level;
	if (!before)
		return 0;
	if (who->ring)
		who->ring = loop__remove(who->options.loop, who->ring);
	who->engine = NULL;
	open_engine(who);
	who_engine__drain(before);
	if (!who->engine) {
		/* It goes on with what it had; the log has the reason. */
		who->engine = before;
		return watch_engine(who, err);
	}
	who_engine__close(before);
	return seed(who, err);
}

int who__start(struct who *who, enum who_level level, struct err *err)
{
	int r;

	if (who->table)
		return level > who->level ? raise_level(who, level, err) : 0;
	who->level = level;
	r = open_tables(who, err);
	if (r < 0) {
		close_tables(who);
		return r;
	}
	open_engine(who);
	follow_cgroups(who);
	return who->engine ? seed(who, err) : 0;
}

int who__new(const struct who_options *options, struct who **ret_who, struct err *err)
{
	int r = who_runtimes_check_timeout(options->runtime_timeout_ns, err);
	struct who *who;

	for (size_t i = 0; i < options->runtime_socket_count && r == 0; i++)
		r = who_runtimes_check(options->runtime_sockets[i], err);
	if (r < 0)
		return r;
	who = new_zero(struct who);
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
	who__detach(who);
	close_tables(who);
	strbuf__done(&who->path);
	free(who);
	return NULL;
}

void who__detach(struct who *who)
{
	who->engine = close_engine(who);
}

void who__observe_processes(struct who *who, const struct who_process_observer *observer)
{
	who->observer = observer ? *observer : (struct who_process_observer){ 0 };
}

void who__observe_cgroups(struct who *who, const struct who_cgroup_observer *observer)
{
	who->cgroup_observer = observer ? *observer : (struct who_cgroup_observer){ 0 };
}

const struct identity *who__next_cgroup(const struct who *who, size_t *cursor)
{
	return who->table ? identity_table__next(who->table, cursor) : NULL;
}

bool who__has_cgroups(const struct who *who)
{
	return who->tree;
}

const struct program *who__program(const struct who *who)
{
	return who->engine && who_engine__has_processes(who->engine)
		       ? who_engine__program(who->engine)
		       : NULL;
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
		who_wanted__review(who->wanted);
	if (who->options.named)
		who->options.named(who->options.ctx);
}

bool who__drain_records(struct who *who)
{
	return !who->table || !who->engine || who_engine__drain_all(who->engine);
}

void who__drain(struct who *who)
{
	int64_t now_ns = clock_monotonic_ns();

	if (!who->table)
		return;
	if (who->engine)
		who_engine__drain(who->engine);
	if (who->watch && (cgroup_tree__is_live(who->tree) ||
			   (who->wanted && now_ns - who->looked_ns >= LOOK_NS))) {
		cgroup_tree__look_around(who->tree);
		who->looked_ns = now_ns;
	}
	take_names(who);
	if (now_ns - who->expired_ns >= EXPIRE_NS) {
		if (who->processes)
			process_table__expire(who->processes, now_ns);
		if (who->wanted)
			who_wanted__retry(who->wanted);
		who->expired_ns = now_ns;
	}
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

bool who__is_host_mntns(const struct who *who, uint64_t mntns_id)
{
	return who->table && identity_table__is_host_mntns(who->table, mntns_id);
}

const struct identity *who__find_netns(struct who *who, uint64_t netns_id)
{
	return who->table ? identity_table__find_netns(who->table, netns_id) : NULL;
}

const struct identity *who__find_pid(struct who *who, uint32_t tgid)
{
	const struct process *process = who->processes ? process_table__find(who->processes, tgid)
						       : NULL;

	return process ? who__find(who, process->cgroup_id) : NULL;
}

const struct who_runtimes *who__runtimes(const struct who *who)
{
	return who->runtimes;
}

const struct process_table *who__processes(const struct who *who)
{
	return who->processes;
}

/* ---- filters ------------------------------------------------------------------------------------------- */

bool who__has_filter(const struct who *who)
{
	return who->options.filter && !who_filter__is_empty(who->options.filter);
}

int who__wish(struct who *who, const struct spec *spec, struct who_wish **ret_wish, struct err *err)
{
	int r;

	*ret_wish = NULL;
	if (spec->wanted_count == 0 && !who__has_filter(who))
		return 0;
	r = who__start(who, WHO_LEVEL_CGROUPS, err);
	if (r >= 0 && !who->wanted)
		r = open_wanted(who, err);
	return r < 0 ? r
		     : who_wanted__wish(who->wanted, spec->wanted, spec->wanted_count, ret_wish,
					err);
}

int who__filter_program(struct who *who, struct who_wish *wish, struct program *program,
			const char *config, struct err *err)
{
	int r = who_wanted_needs_processes(program) ? who__start(who, WHO_LEVEL_PROCESSES, err) : 0;

	return r < 0 ? r : who_wanted__lend(who->wanted, wish, program, config, err);
}

void who__report(const struct who *who, struct who_report *ret_report)
{
	*ret_report = (struct who_report){ .has_engine = who->engine };
	if (who->engine)
		who_engine__figures(who->engine, &ret_report->engine);
	ret_report->has_processes = who->processes;
	ret_report->unattributed = who->unattributed;
	if (who->processes)
		process_table__figures(who->processes, &ret_report->processes);
	if (who->table)
		ret_report->identity = identity_table__figures(who->table);
	ret_report->has_filter = who->wanted;
	if (who->wanted)
		ret_report->wanted = who_wanted__figures(who->wanted);
}
