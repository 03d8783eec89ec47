/* SPDX-License-Identifier: Apache-2.0 */
#include "program/shared_map.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "program/private.h"

struct shared_map {
	struct map keys; /* what is in it, so that its number is known */
	int fd;          /* owned */
	uint32_t value_size;
};

/* With its memory from the start: before 6.1 kernels warn of tracing programs whose maps get it later. */
int shared_map__new(const char *name, uint32_t value_size, uint32_t max_entries,
		    struct shared_map **ret_map, struct err *err)
{
	struct shared_map *map = new_zero(struct shared_map);

	if (!map)
		return err__set(err, -ENOMEM, NULL, "no memory for map '%s'", name);
	map->value_size = value_size;
	map->fd = bpf_map_create(BPF_MAP_TYPE_HASH, name, sizeof(uint64_t), value_size, max_entries,
				 NULL);
	if (map->fd < 0) {
		int r = -errno;

		free(map);
		return err__set(err, r, NULL, "map '%s' cannot be made: %s", name, strerror(-r));
	}
	*ret_map = map;
	return 0;
}

struct shared_map *shared_map__free(struct shared_map *map)
{
	if (!map)
		return NULL;
	map__done(&map->keys, NULL);
	(void)close(map->fd);
	free(map);
	return NULL;
}

int shared_map__set(struct shared_map *map, uint64_t key, uint64_t value)
{
	uint32_t narrow = (uint32_t)value;
	const void *bytes = map->value_size == sizeof(narrow) ? (const void *)&narrow : &value;
	int r = map__set(&map->keys, &key, sizeof(key), map, NULL);

	if (r < 0)
		return r;
	if (bpf_map_update_elem(map->fd, &key, bytes, BPF_ANY) == 0)
		return 0;
	r = -errno;
	(void)map__take(&map->keys, &key, sizeof(key));
	return r;
}

void shared_map__remove(struct shared_map *map, uint64_t key)
{
	if (map__take(&map->keys, &key, sizeof(key)))
		(void)bpf_map_delete_elem(map->fd, &key);
}

uint32_t shared_map__count(const struct shared_map *map)
{
	return (uint32_t)map->keys.len;
}

/* ---- programs that have it ---- */

static bool is_such_map(const struct fact_map *map, uint32_t value_size)
{
	return map && map->type == BPF_MAP_TYPE_HASH && map->key_size == sizeof(uint64_t) &&
	       map->value_size == value_size;
}

bool program__can_share(const struct program *program, const char *name, uint32_t value_size)
{
	return is_such_map(facts__find_map(&program->facts, name), value_size);
}

int program__share(struct program *program, const char *name, const struct shared_map *map,
		   struct err *err)
{
	const struct fact_map *own = facts__find_map(&program->facts, name);
	struct inherited_map inherited = { .is_shared = true };

	if (!is_such_map(own, map->value_size))
		return err__set(
			err, -ENOENT, &program->spec->at,
			"object '%s' has no map '%s' from 64-bit numbers to such of %u bytes",
			program->spec->object, name, map->value_size);
	inherited.name = own->name;
	inherited.fd = fcntl(map->fd, F_DUPFD_CLOEXEC, 0);
	if (inherited.fd < 0 || vec_push(&program->inherited, inherited) < 0) {
		if (inherited.fd >= 0)
			(void)close(inherited.fd);
		return err__set(err, -ENOMEM, &program->spec->at,
				"no descriptor or memory for map '%s'", name);
	}
	return 0;
}
