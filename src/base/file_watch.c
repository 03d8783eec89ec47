/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"

#define CHANGES                                                                                    \
	(IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |   \
	 IN_MOVE_SELF)
/* What comes together when files are copied or a ConfigMap is mounted anew. */
#define SETTLE_NS (250 * NS_PER_MS)
#define CONFIG_MAP_LINK "..data"

/* Changes of one name in a directory, or of all names with the suffix. */
struct watched {
	char *directory; /* owned */
	char *name;      /* owned; NULL: all */
	int number;      /* of the kernel's watch; negative: the directory is not there */
};

struct file_watch {
	struct loop *loop; /* borrowed */
	const char *suffix;
	file_watch_fn changed;
	void *ctx;
	int fd;
	struct loop_watch *events, *timer;
	VEC(struct watched) items;
	bool is_settling;
};

/* ---- what changed ---- */

static bool counts(const struct file_watch *watch, const struct watched *item,
		   const struct inotify_event *event)
{
	if (item->number != event->wd)
		return false;
	if (event->len == 0) /* the directory itself */
		return true;
	return str_eq(event->name, CONFIG_MAP_LINK) ||
	       (item->name ? str_eq(event->name, item->name)
			   : str_ends(event->name, watch->suffix));
}

static bool is_wanted(struct file_watch *watch, const struct inotify_event *event)
{
	bool is_any = (event->mask & IN_Q_OVERFLOW) != 0;

	vec_for_each(&watch->items, item) {
		is_any |= counts(watch, item, event);
		if (item->number == event->wd && event->mask & IN_IGNORED)
			item->number = -1;
	}
	return is_any;
}

static void on_events(void *ctx, int fd, uint32_t epoll_events)
{
	_Alignas(struct inotify_event) char
		buffer[4 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
	struct file_watch *watch = ctx;
	bool is_changed = false;
	ssize_t len;

	(void)epoll_events;
	while ((len = read(fd, buffer, sizeof(buffer))) > 0) {
		const struct inotify_event *event;

		for (ssize_t at = 0; at < len; at += (ssize_t)(sizeof(*event) + event->len)) {
			event = (const void *)(buffer + at);
			is_changed |= is_wanted(watch, event);
		}
	}
	if (is_changed && !watch->is_settling && loop__set_timer(watch->timer, SETTLE_NS, 0) == 0)
		watch->is_settling = true;
}

/* A directory may be another one by now. */
static void watch_again(struct file_watch *watch)
{
	vec_for_each(&watch->items, item)
		item->number = inotify_add_watch(watch->fd, item->directory, CHANGES);
}

static void on_settled(void *ctx)
{
	struct file_watch *watch = ctx;

	watch->is_settling = false;
	watch_again(watch);
	watch->changed(watch->ctx);
}

/* ---- what is watched ---- */

static bool has(const struct file_watch *watch, const char *directory, const char *name)
{
	vec_for_each(&watch->items, item)
		if (str_eq(item->directory, directory) &&
		    (name ? item->name && str_eq(item->name, name) : !item->name))
			return true;
	return false;
}

static int add(struct file_watch *watch, const char *directory, const char *name)
{
	struct watched item = { .number = inotify_add_watch(watch->fd, directory, CHANGES) };

	if (has(watch, directory, name))
		return 0;
	if (watch->items.len >= FILE_WATCH_MAX)
		return -ENOSPC;
	item.directory = strdup(directory);
	item.name = name ? strdup(name) : NULL;
	if (!item.directory || (name && !item.name) || vec_push(&watch->items, item) < 0) {
		free(item.directory);
		free(item.name);
		return -ENOMEM;
	}
	return 0;
}

/* Splits "a/b/" into "a" and "b", "b" into "." and "b"; name NULL: it is a directory that has no other name. */
static void split(char *path, const char **ret_directory, const char **ret_name)
{
	size_t len = strlen(path);
	char *slash;

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
	slash = strrchr(path, '/');
	*ret_directory = ".";
	*ret_name = slash ? slash + 1 : path;
	if (slash)
		*ret_directory = slash == path ? "/" : path;
	if (slash && slash != path)
		*slash = '\0';
	if (**ret_name == '\0' || str_eq(*ret_name, ".") || str_eq(*ret_name, ".."))
		*ret_name = NULL;
}

int file_watch__add(struct file_watch *watch, const char *path, struct err *err)
{
	__cleanup(x_freep) char *copy = strdup(path);
	const char *directory, *name;
	int r = copy ? add(watch, path, NULL) : -ENOMEM;

	if (r == 0) {
		split(copy, &directory, &name);
		r = name ? add(watch, directory, name) : 0;
	}
	if (r < 0)
		return err__set(err, r, NULL, "'%s' cannot be watched: %s", path,
				r == -ENOSPC ? "too many files are" : strerror(-r));
	return 0;
}

int file_watch__new(struct loop *loop, const char *suffix, file_watch_fn changed, void *ctx,
		    struct file_watch **ret_watch, struct err *err)
{
	struct file_watch *watch = calloc(1, sizeof(*watch));
	int r;

	if (!watch)
		return err__set(err, -ENOMEM, NULL, "no memory to watch files");
	*watch = (struct file_watch){ .loop = loop,
				      .suffix = suffix,
				      .changed = changed,
				      .ctx = ctx,
				      .fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC) };
	r = watch->fd < 0
		    ? err__set(err, -errno, NULL, "files cannot be watched: %s", strerror(errno))
		    : loop__add_fd(loop, watch->fd, EPOLLIN, on_events, watch, &watch->events, err);
	if (r == 0)
		r = loop__add_timer(loop, -1, 0, on_settled, watch, &watch->timer, err);
	if (r < 0)
		file_watch__free(watch);
	else
		*ret_watch = watch;
	return r;
}

struct file_watch *file_watch__free(struct file_watch *watch)
{
	if (!watch)
		return NULL;
	loop__remove(watch->loop, watch->timer);
	loop__remove(watch->loop, watch->events);
	fd_closep(&watch->fd);
	vec_for_each(&watch->items, item) {
		free(item->directory);
		free(item->name);
	}
	vec_done(&watch->items);
	free(watch);
	return NULL;
}
