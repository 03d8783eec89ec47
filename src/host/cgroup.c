/* SPDX-License-Identifier: Apache-2.0 */
#include "host/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "host/cgroup_events.h"
#include "host/cgroup_index.h"
#include "host/cgroup_mount.h"
#include "host/rate_limit.h"

#define MAX_DEPTH 128 /* one open directory per level */
#define TIDY_NS (60 * NS_PER_S)
#define REWALK_NS (600 * NS_PER_S)
/* Found by asking though no event told of them: an event may be an instant late, but not that often. */
#define MAX_UNTOLD 8

struct cgroup_watch {
	struct cgroup_observer observer;
	struct cgroup_watch *next;
};

/*
 * Three ways to a path, best first. Events tell every change while it happens (live; from 6.6, CAP_SYS_ADMIN).
 * File handles answer for one id without a walk (CAP_DAC_READ_SEARCH). A walk over the directories always works.
 */
struct cgroup_tree {
	struct cgroup_mount mount;
	struct cgroup_index index;
	struct cgroup_watch *watches; /* owned until unsubscribed */
	int event_fd;                 /* owned; -1: the kernel tells nothing */
	bool is_live;
	bool needs_walk; /* the kernel dropped events */
	bool is_telling; /* observers are being called: the index must not change under them */
	uint32_t untold;
	char *not_live_reason; /* owned or NULL */
	struct rate_limit walk_limit;
	int64_t tidied_ns, walked_ns;
};

static void tell_added(void *ctx, uint64_t id, const char *path)
{
	struct cgroup_tree *tree = ctx;

	tree->is_telling = true;
	for (const struct cgroup_watch *watch = tree->watches; watch; watch = watch->next)
		watch->observer.added(watch->observer.ctx, id, path);
	tree->is_telling = false;
}

static void tell_removed(void *ctx, uint64_t id, const char *path)
{
	struct cgroup_tree *tree = ctx;

	tree->is_telling = true;
	for (const struct cgroup_watch *watch = tree->watches; watch; watch = watch->next)
		watch->observer.removed(watch->observer.ctx, id, path);
	tree->is_telling = false;
}

/* Relative to the mount's directory. */
static const char *relative_path(const struct cgroup_tree *tree, const char *path)
{
	path += strlen(tree->mount.path);
	path += strspn(path, "/");
	return *path ? path : ".";
}

/* ---- walking ----------------------------------------------------------------------------------- */

struct walk {
	struct cgroup_index *index;
	struct strbuf path;
	int64_t now_ns;
	bool is_complete;
};

static void walk_directory(struct walk *walk, int fd, unsigned int depth);

static void walk_child(struct walk *walk, int parent_fd, const char *name, unsigned int depth)
{
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		walk_directory(walk, fd, depth);
	else if (errno != ENOENT) /* gone since it was listed */
		walk->is_complete = false;
}

/* Takes fd. Adds the directories below it; of cgroup2 the inode number is the id. */
static void walk_directory(struct walk *walk, int fd, unsigned int depth)
{
	size_t len = walk->path.len;
	DIR *dir = depth < MAX_DEPTH ? fdopendir(fd) : NULL;

	if (!dir) {
		(void)close(fd);
		walk->is_complete = false;
		return;
	}
	for (const struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_type != DT_DIR || str_eq(entry->d_name, ".") ||
		    str_eq(entry->d_name, ".."))
			continue;
		strbuf__add_char(&walk->path, '/');
		strbuf__add_text(&walk->path, entry->d_name);
		if (strbuf__status(&walk->path) < 0 ||
		    cgroup_index__add(walk->index, entry->d_ino, strbuf__text(&walk->path),
				      walk->now_ns) < 0)
			walk->is_complete = false;
		walk_child(walk, dirfd(dir), entry->d_name, depth + 1);
		walk->path.len = len;
	}
	(void)closedir(dir);
}

static void walk_tree(struct cgroup_tree *tree, int64_t now_ns)
{
	struct walk walk = { .index = &tree->index, .now_ns = now_ns, .is_complete = true };
	struct stat status;
	int fd = openat(tree->mount.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	cgroup_index__begin_walk(&tree->index);
	strbuf__add_text(&walk.path, tree->mount.path);
	if (fstat(fd, &status) < 0 ||
	    cgroup_index__add(&tree->index, status.st_ino, tree->mount.path, now_ns) < 0)
		walk.is_complete = false;
	walk_directory(&walk, fd, 0);
	/* After half a walk nothing can be said to be gone. */
	if (walk.is_complete)
		cgroup_index__end_walk(&tree->index, now_ns);
	strbuf__done(&walk.path);
	tree->walked_ns = now_ns;
	tree->needs_walk = false;
}

/* ---- events ------------------------------------------------------------------------------------ */

/* The directory's path; false when its parent lies outside of our part of the hierarchy. */
static bool path_of(struct cgroup_tree *tree, const struct cgroup_event *event, int64_t now_ns,
		    struct strbuf *path)
{
	const char *parent = cgroup_index__find(&tree->index, event->parent_id, now_ns);

	if (!parent)
		return false;
	strbuf__printf(path, "%s/%s", parent, event->name);
	return true;
}

/* By its path, which may have another directory by now: that one is as welcome. 0: nobody. */
static uint64_t id_at(const struct cgroup_tree *tree, const char *path)
{
	struct stat status;

	if (fstatat(tree->mount.fd, relative_path(tree, path), &status, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return status.st_ino;
}

static void on_created(void *ctx, const struct cgroup_event *event)
{
	struct cgroup_tree *tree = ctx;
	int64_t now_ns = clock_monotonic_ns();
	struct strbuf path = STRBUF_INIT;

	if (path_of(tree, event, now_ns, &path)) {
		uint64_t id = event->id ? event->id : id_at(tree, strbuf__text(&path));

		if (strbuf__status(&path) < 0 ||
		    (id && cgroup_index__add(&tree->index, id, strbuf__text(&path), now_ns) < 0))
			tree->needs_walk = true;
	}
	strbuf__done(&path);
}

static void on_removed(void *ctx, const struct cgroup_event *event)
{
	struct cgroup_tree *tree = ctx;
	int64_t now_ns = clock_monotonic_ns();
	struct strbuf path = STRBUF_INIT;

	if (!event->id) {
		tree->needs_walk = true;
	} else if (cgroup_index__is_live(&tree->index, event->id)) {
		cgroup_index__remove(&tree->index, event->id, now_ns);
	} else if (path_of(tree, event, now_ns, &path) && strbuf__status(&path) == 0) {
		/* Gone before it could be asked for its id; rows with it may still come. */
		(void)cgroup_index__add_dead(&tree->index, event->id, strbuf__text(&path), now_ns);
	}
	strbuf__done(&path);
}

static void on_overflowed(void *ctx)
{
	struct cgroup_tree *tree = ctx;

	tree->needs_walk = true;
}

static void stop_being_live(struct cgroup_tree *tree, const char *reason)
{
	tree->is_live = false; /* the descriptor stays: it may be on a loop */
	free(tree->not_live_reason);
	tree->not_live_reason = strdup(reason); /* NULL: said in fewer words */
}

static void read_events(struct cgroup_tree *tree)
{
	const struct cgroup_event_handler handler = {
		.created = on_created,
		.removed = on_removed,
		.overflowed = on_overflowed,
		.ctx = tree,
	};

	if (tree->event_fd < 0)
		return;
	if (cgroup_events__read(tree->event_fd, &handler) < 0)
		stop_being_live(tree, "the kernel's events about cgroups cannot be read");
}

/* Forgets what is old. Where nothing is told, a rare walk finds out who is gone. */
static void tidy(struct cgroup_tree *tree, int64_t now_ns)
{
	if (tree->needs_walk || (!tree->is_live && now_ns - tree->walked_ns >= REWALK_NS))
		walk_tree(tree, now_ns);
	if (now_ns - tree->tidied_ns < TIDY_NS && tree->index.dead_count <= CGROUP_INDEX_MAX_DEAD)
		return;
	cgroup_index__collect(&tree->index, now_ns);
	tree->tidied_ns = now_ns;
}

void cgroup_tree__run(struct cgroup_tree *tree)
{
	read_events(tree);
	tidy(tree, clock_monotonic_ns());
}

/* ---- the tree ---------------------------------------------------------------------------------- */

static void start_events(struct cgroup_tree *tree)
{
	struct err err = ERR_INIT;

	tree->event_fd = cgroup_events__open(&tree->mount, &err);
	tree->is_live = tree->event_fd >= 0;
	if (!tree->is_live)
		tree->not_live_reason = err.text ? strdup(err.text) : NULL;
	err__done(&err);
}

int cgroup_tree__open(int root_fd, struct cgroup_tree **ret_tree, struct err *err)
{
	struct cgroup_tree *tree = new_zero(struct cgroup_tree);
	const struct cgroup_observer listener = { .added = tell_added,
						  .removed = tell_removed,
						  .ctx = tree };
	int64_t now_ns = clock_monotonic_ns();
	int r;

	if (!tree)
		return err__set(err, -ENOMEM, NULL, "no memory for the cgroups");
	tree->event_fd = -1;
	tree->mount.fd = -1;
	tree->walk_limit = (struct rate_limit){ .interval_ns = NS_PER_S, .burst = 4 };
	tree->tidied_ns = tree->walked_ns = now_ns;
	cgroup_index__init(&tree->index, &listener);
	r = cgroup_mount__open(&tree->mount, root_fd, err);
	if (r < 0) {
		cgroup_tree__close(tree);
		return r;
	}
	/* First the mark, then the walk: what is made in between comes by both ways. */
	start_events(tree);
	if (tree->is_live)
		walk_tree(tree, now_ns);
	*ret_tree = tree;
	return 0;
}

struct cgroup_tree *cgroup_tree__close(struct cgroup_tree *tree)
{
	if (!tree)
		return NULL;
	while (tree->watches)
		(void)cgroup_tree__unsubscribe(tree, tree->watches);
	cgroup_index__done(&tree->index);
	cgroup_mount__close(&tree->mount);
	fd_closep(&tree->event_fd);
	free(tree->not_live_reason);
	free(tree);
	return NULL;
}

/* Events that do not come make a tree that believes to be live blind: then it must not say that it is. */
static void note_untold(struct cgroup_tree *tree, uint64_t id)
{
	read_events(tree);
	if (!tree->is_live || cgroup_index__is_live(&tree->index, id))
		return;
	if (++tree->untold >= MAX_UNTOLD)
		stop_being_live(tree, "the kernel took the mark on cgroups but tells no changes");
}

/* True when there is an answer: the index has it now, or nobody has. */
static bool ask_by_handle(struct cgroup_tree *tree, uint64_t id, int64_t now_ns)
{
	struct strbuf path = STRBUF_INIT;
	int r = cgroup_mount__resolve(&tree->mount, id, &path);

	if (r == 0) {
		note_untold(tree, id);
		r = cgroup_index__add(&tree->index, id, strbuf__text(&path), now_ns);
	}
	strbuf__done(&path);
	return r == 0 || r == -ENOENT;
}

const char *cgroup_tree__find(struct cgroup_tree *tree, uint64_t id)
{
	int64_t now_ns = clock_monotonic_ns();
	const char *path;

	if (tree->is_telling)
		return cgroup_index__find(&tree->index, id, now_ns);
	tidy(tree, now_ns);
	path = cgroup_index__find(&tree->index, id, now_ns);
	if (path)
		return path;
	cgroup_tree__run(tree);
	path = cgroup_index__find(&tree->index, id, now_ns);
	if (path)
		return path;
	if (!ask_by_handle(tree, id, now_ns) && rate_limit__take(&tree->walk_limit, now_ns))
		walk_tree(tree, now_ns);
	return cgroup_index__find(&tree->index, id, now_ns);
}

bool cgroup_tree__is_live(const struct cgroup_tree *tree)
{
	return tree->is_live;
}

int cgroup_tree__event_fd(const struct cgroup_tree *tree)
{
	return tree->is_live ? tree->event_fd : -1;
}

int cgroup_tree__subscribe(struct cgroup_tree *tree, const struct cgroup_observer *observer,
			   struct cgroup_watch **ret_watch, struct err *err)
{
	if (!tree->is_live)
		return err__set(err, -EOPNOTSUPP, NULL, "%s",
				tree->not_live_reason
					? tree->not_live_reason
					: "the kernel does not tell changes of cgroups");
	return cgroup_tree__subscribe_anyway(tree, observer, ret_watch, err);
}

int cgroup_tree__subscribe_anyway(struct cgroup_tree *tree, const struct cgroup_observer *observer,
				  struct cgroup_watch **ret_watch, struct err *err)
{
	struct cgroup_watch *watch = new_zero(struct cgroup_watch);

	if (!watch)
		return err__set(err, -ENOMEM, NULL, "no memory to follow cgroups");
	cgroup_tree__look_around(tree); /* so that nothing comes twice */
	watch->observer = *observer;
	watch->next = tree->watches;
	tree->watches = watch;
	tree->is_telling = true;
	cgroup_index__tell_all(&tree->index, observer);
	tree->is_telling = false;
	*ret_watch = watch;
	return 0;
}

void cgroup_tree__look_around(struct cgroup_tree *tree)
{
	if (tree->is_live)
		cgroup_tree__run(tree);
	else
		walk_tree(tree, clock_monotonic_ns());
}

const char *cgroup_tree__mount_path(const struct cgroup_tree *tree)
{
	return tree->mount.path;
}

struct cgroup_watch *cgroup_tree__unsubscribe(struct cgroup_tree *tree, struct cgroup_watch *watch)
{
	for (struct cgroup_watch **at = &tree->watches; *at; at = &(*at)->next) {
		if (*at == watch) {
			*at = watch->next;
			free(watch);
			break;
		}
	}
	return NULL;
}

int cgroup_tree__open_dir(struct cgroup_tree *tree, uint64_t id)
{
	const char *path = cgroup_tree__find(tree, id);
	__cleanup(fd_closep) int fd = -1;
	struct stat status;

	if (!path)
		return -ENOENT;
	fd = openat(tree->mount.fd, relative_path(tree, path),
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Another cgroup may have the path by now. */
	if (fstat(fd, &status) < 0 || status.st_ino != id)
		return -ENOENT;
	return take_fd(fd);
}

size_t cgroup_tree__count(const struct cgroup_tree *tree)
{
	return tree->index.live_count;
}
