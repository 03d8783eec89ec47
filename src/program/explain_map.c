/* SPDX-License-Identifier: Apache-2.0 */
#include "program/explain_map.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/facts.h"

/* What alloc_percpu() can give at most (PCPU_MIN_UNIT_SIZE). */
#define PERCPU_VALUE_MAX (32u << 10)

static bool is_array(uint32_t type)
{
	return type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_PROG_ARRAY || type == BPF_MAP_TYPE_PERF_EVENT_ARRAY ||
	       type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_CGROUP_ARRAY;
}

static bool is_per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static bool is_storage(uint32_t type)
{
	return type == BPF_MAP_TYPE_SK_STORAGE || type == BPF_MAP_TYPE_INODE_STORAGE ||
	       type == BPF_MAP_TYPE_TASK_STORAGE;
}

static bool has_odd_array_key(const struct fact_map *map)
{
	return is_array(map->type) && map->key_size != sizeof(uint32_t);
}

static bool has_large_cpu_value(const struct fact_map *map)
{
	return is_per_cpu(map->type) && map->value_size > PERCPU_VALUE_MAX;
}

static bool has_odd_ring_size(const struct fact_map *map)
{
	uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);

	return map->type == BPF_MAP_TYPE_RINGBUF &&
	       (map->max_entries % page || map->max_entries & (map->max_entries - 1));
}

static bool has_no_entries(const struct fact_map *map)
{
	return map->max_entries == 0 && !is_storage(map->type);
}

static bool has_no_key(const struct fact_map *map)
{
	return map->key_size == 0 && map->type != BPF_MAP_TYPE_RINGBUF &&
	       map->type != BPF_MAP_TYPE_QUEUE && map->type != BPF_MAP_TYPE_STACK &&
	       map->type != BPF_MAP_TYPE_BLOOM_FILTER;
}

static bool has_storage_entries(const struct fact_map *map)
{
	return is_storage(map->type) && (map->max_entries || !(map->flags & BPF_F_NO_PREALLOC));
}

/* The first that holds is told. */
static const struct {
	bool (*is_wrong)(const struct fact_map *map);
	const char *text;
} rules[] = {
	{ has_odd_array_key, "keys of an array have 4 bytes" },
	{ has_no_entries, "max_entries is 0" },
	{ has_no_key, "it has no key" },
	{ has_large_cpu_value, "a value of a per-CPU map has at most 32768 bytes" },
	{ has_odd_ring_size,
	  "the size of a ring buffer (max_entries) is a power of two and whole pages" },
	{ has_storage_entries, "storage maps have max_entries 0 and BPF_F_NO_PREALLOC" },
};

int explain_map(const struct fact_map *map, const char *type_name, bool has_type, int r,
		struct err *err)
{
	if (r == -EPERM)
		return err__set(
			err, r, NULL,
			"map '%s' may not be made; CAP_BPF is needed (CAP_SYS_RESOURCE too before 5.11)",
			map->name);
	if (!has_type)
		return err__set(err, r, NULL,
				"map '%s' cannot be made: this kernel has no maps of type %s",
				map->name, type_name);
	if (r == -ENOMEM || r == -E2BIG)
		return err__set(
			err, r, NULL,
			"map '%s' cannot be made: %u entries of %u + %u bytes are too many (%s)",
			map->name, map->max_entries, map->key_size, map->value_size, strerror(-r));
	for (size_t i = 0; i < array_size(rules); i++)
		if (rules[i].is_wrong(map))
			return err__set(err, r, NULL, "map '%s' cannot be made: %s", map->name,
					rules[i].text);
	return err__set(
		err, r, NULL,
		"map '%s' of type %s cannot be made: %s; flags 0x%x may be newer than this kernel",
		map->name, type_name, strerror(-r), map->flags);
}
