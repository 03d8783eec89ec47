/* SPDX-License-Identifier: Apache-2.0 */
#include "program/feed/cgroup_id.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "base/str.h"
#include "config/spec.h"
#include "host/cgroup.h"
#include "program/program.h"

struct program_feed {
	struct cgroup_tree *tree;   /* borrowed */
	struct cgroup_watch *watch; /* owned, of the tree */
	enum feed_key key;
	int map_fd;                /* borrowed: the program outlives its feeds */
	struct pattern **patterns; /* owned */
	uint32_t pattern_count;
};

struct program_feed *program_feed__free(struct program_feed *feed);

static bool matches(struct program_feed *feed, const char *path)
{
	for (uint32_t i = 0; i < feed->pattern_count; i++)
		if (pattern__match(feed->patterns[i], path, strlen(path)) > 0)
			return true;
	return false;
}

static int put(struct program_feed *feed, uint64_t id)
{
	__cleanup(fd_closep) int dir = -1;
	uint64_t one = 1;

	if (feed->key == FEED_KEY_ID)
		return bpf_map_update_elem(feed->map_fd, &id, &one, BPF_ANY);
	dir = cgroup_tree__open_dir(feed->tree, id);
	if (dir < 0)
		return dir;
	return bpf_map_update_elem(feed->map_fd, &dir, &one, BPF_ANY);
}

static void take_added(void *ctx, uint64_t id, const char *path)
{
	struct program_feed *feed = ctx;
	int r = matches(feed, path) ? put(feed, id) : 0;

	/* -ENOENT: it is gone again, which is no loss. */
	if (r < 0 && r != -ENOENT)
		log_debug("cgroup '%s' is not in its map: %s", path, strerror(-r));
}

static void take_removed(void *ctx, uint64_t id, const char *path)
{
	struct program_feed *feed = ctx;

	/* The kernel itself drops what a cgroup stored. A key that is not there was never put in. */
	if (feed->key == FEED_KEY_ID && matches(feed, path))
		(void)bpf_map_delete_elem(feed->map_fd, &id);
}

static int check_map(const struct feed_spec *spec, const struct program_map *map, struct err *err)
{
	uint32_t key_size = spec->key == FEED_KEY_ID ? sizeof(uint64_t) : sizeof(int);

	if (map->key_size != key_size)
		return err__set(err, -EINVAL, &spec->at,
				"map '%s' has keys of %u bytes; %u are needed for %s", map->name,
				map->key_size, key_size,
				spec->key == FEED_KEY_ID ? "a cgroup id" : "a cgroup descriptor");
	if (map->value_size != sizeof(uint64_t))
		return err__set(err, -EINVAL, &spec->at,
				"map '%s' has values of %u bytes; 8 are needed", map->name,
				map->value_size);
	return 0;
}

static int compile_patterns(struct program_feed *feed, const struct feed_spec *spec,
			    struct err *err)
{
	feed->patterns = new_array(struct pattern *, spec->pattern_count);
	if (!feed->patterns)
		return err__set(err, -ENOMEM, &spec->at, "no memory for %u patterns",
				spec->pattern_count);
	for (uint32_t i = 0; i < spec->pattern_count; i++) {
		int r = pattern__compile(spec->patterns[i].text, &spec->patterns[i].at,
					 &feed->patterns[i], err);

		if (r < 0)
			return r;
		feed->pattern_count++;
	}
	return 0;
}

static void feed_freep(struct program_feed **feed)
{
	*feed = program_feed__free(*feed);
}

int cgroup_id_feed__start(struct cgroup_tree *tree, const struct feed_spec *spec,
			  const struct program_map *map, struct program_feed **ret_feed,
			  struct err *err)
{
	__cleanup(feed_freep) struct program_feed *feed = NULL;
	struct cgroup_observer observer = { .added = take_added, .removed = take_removed };
	int r = check_map(spec, map, err);

	if (r < 0)
		return r;
	feed = new_zero(struct program_feed);
	if (!feed)
		return err__set(err, -ENOMEM, &spec->at, "no memory for the feed of map '%s'",
				map->name);
	feed->tree = tree;
	feed->key = spec->key;
	feed->map_fd = map->fd;
	r = compile_patterns(feed, spec, err);
	if (r < 0)
		return r;
	observer.ctx = feed;
	r = cgroup_tree__subscribe(tree, &observer, &feed->watch, err);
	if (r < 0)
		return err__wrap(err, r, &spec->at, "map '%s'", map->name);
	*ret_feed = take_ptr(feed);
	return 0;
}

struct program_feed *program_feed__free(struct program_feed *feed)
{
	if (!feed)
		return NULL;
	if (feed->watch)
		(void)cgroup_tree__unsubscribe(feed->tree, feed->watch);
	for (uint32_t i = 0; i < feed->pattern_count; i++)
		(void)pattern__free(feed->patterns[i]);
	free(feed->patterns);
	free(feed);
	return NULL;
}
