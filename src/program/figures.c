/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/num.h"
#include "base/str.h"
#include "program/private.h"

int program__figures(const struct program *program, uint32_t index,
		     struct part_figures *ret_figures)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	if (index >= program->part_count || program->parts[index].view.fd < 0)
		return -ENOENT;
	if (bpf_obj_get_info_by_fd(program->parts[index].view.fd, &info, &len) < 0)
		return -errno;
	ret_figures->run_time_ns = info.run_time_ns;
	ret_figures->run_count = info.run_cnt;
	ret_figures->missed_runs = info.recursion_misses;
	/* The kernel says how much of it it filled. */
	ret_figures->has_missed_runs = len >= offsetof(struct bpf_prog_info, recursion_misses) +
						      sizeof(info.recursion_misses);
	return 0;
}

/* The kernel tells it only in /proc/self/fdinfo: "memlock:\t4096". */
uint64_t program_memory_of(int fd)
{
	char path[64], text[1024];
	const char *found;
	uint64_t bytes;
	ssize_t len;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	len = fd_read_small(-1 /* absolute */, path, text, sizeof(text));
	found = len > 0 ? strstr(text, "memlock:") : NULL;
	if (!found)
		return 0;
	found += strlen("memlock:");
	found += strspn(found, "\t ");
	return num_parse_u64(found, strspn(found, "0123456789"), &bytes) < 0 ? 0 : bytes;
}

static int no_map(const struct program *program, const char *name, struct err *err)
{
	VEC(const char *) names = VEC_INIT;
	const char *nearest;
	int r;

	for (uint32_t i = 0; i < program->facts.map_count; i++)
		(void)vec_push(&names, program->facts.maps[i].name);
	nearest = str_nearest(name, names.items, names.len);
	r = err__set(err, -ENOENT, NULL, "object '%s' has no map '%s'%s%s%s", program->facts.path,
		     name, nearest ? "; nearest is '" : "", nearest ? nearest : "",
		     nearest ? "'" : "");
	vec_done(&names);
	return r;
}

int program__map(const struct program *program, const char *name, struct program_map *ret_map,
		 struct err *err)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(program->object, name);

	if (!map)
		return no_map(program, name, err);
	if (bpf_map__fd(map) < 0)
		return err__set(err, -ENOENT, NULL, "map '%s' is not loaded", name);
	*ret_map = (struct program_map){
		.name = bpf_map__name(map),
		.fd = bpf_map__fd(map),
		.type = bpf_map__type(map),
		.key_size = bpf_map__key_size(map),
		.value_size = bpf_map__value_size(map),
		.max_entries = bpf_map__max_entries(map),
		.flags = bpf_map__map_flags(map),
	};
	return 0;
}

struct map_at {
	const struct bpf_map *library; /* or NULL: it was made beside the object's */
	const char *name;
	int fd; /* -1: not loaded */
};

/* False: there are fewer. */
static bool find_map_at(const struct program *program, uint32_t index, struct map_at *ret_map)
{
	struct map_at found = { .fd = -1 };
	const struct bpf_map *map;

	bpf_object__for_each_map(map, program->object)
	{
		if (index-- > 0)
			continue;
		*ret_map = (struct map_at){ map, bpf_map__name(map), bpf_map__fd(map) };
		return true;
	}
	found.fd = rewriter__map(&program->rewriter, &index, &found.name);
	if (found.fd < 0)
		found.fd = counted_rings__map(&program->rings, &index, &found.name);
	if (found.fd < 0)
		return false;
	*ret_map = found;
	return true;
}

uint32_t program__map_count(const struct program *program)
{
	struct map_at map;
	uint32_t count = 0;

	while (find_map_at(program, count, &map))
		count++;
	return count;
}

void program__map_figures(const struct program *program, uint32_t index,
			  struct map_figures *ret_figures)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	struct map_at map;

	*ret_figures = (struct map_figures){ .name = "" };
	if (!find_map_at(program, index, &map))
		return;
	ret_figures->name = map.name;
	ret_figures->is_variables = map.library && bpf_map__is_internal(map.library);
	ret_figures->is_growing = map.library &&
				  bpf_map__map_flags(map.library) & BPF_F_NO_PREALLOC;
	if (map.fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(map.fd, &info, &len) == 0)
		ret_figures->id = info.id;
	ret_figures->memory_bytes = program_memory_of(map.fd);
}

uint64_t program__map_memory(const struct program *program, uint32_t index)
{
	struct map_at map;

	return find_map_at(program, index, &map) && map.fd >= 0 ? program_memory_of(map.fd) : 0;
}

uint64_t program__part_memory(const struct program *program, uint32_t index)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = program->parts[index].view.fd;

	if (fd < 0)
		return 0;
	/* fdinfo has the pages of the instructions; machine code is in memory of its own. */
	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		info.jited_prog_len = 0;
	return program_memory_of(fd) + info.jited_prog_len;
}

int program__part_maps(const struct program *program, uint32_t index, uint32_t *ids, uint32_t max)
{
	struct bpf_prog_info info = { .nr_map_ids = max, .map_ids = (uintptr_t)ids };
	uint32_t len = sizeof(info);
	int fd = program->parts[index].view.fd;

	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return -errno;
	return (int)(info.nr_map_ids < max ? info.nr_map_ids : max);
}

int program_enable_statistics(struct err *err)
{
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	if (fd >= 0)
		return fd;
	if (errno == EPERM)
		return err__set(
			err, -EPERM, NULL,
			"no privilege: BPF statistics need CAP_SYS_ADMIN, or kernel.bpf_stats_enabled set to 1");
	return err__set(err, -errno, NULL, "BPF statistics cannot be switched on: %s",
			strerror(errno));
}
