/* SPDX-License-Identifier: Apache-2.0 */
#include "program/kernel_targets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "host/host.h"
#include "program/btf_check.h"

#define BTF_DIR "sys/kernel/btf"
#define BTF_MAX_BYTES (256u << 20)

/* A name's similarity is measured only when its length and one of its ends agree: there are 60,000 of them. */
#define NEAREST_EDITS 3
#define NEAREST_END 3

/* ---- one file ---- */

struct btf_file {
	void *data; /* owned: mapped, or from malloc() */
	size_t len;
	bool is_mapped;
};

static void btf_file__close(struct btf_file *file)
{
	if (file->is_mapped)
		(void)munmap(file->data, file->len);
	else
		free(file->data);
}

static int read_whole(int fd, struct btf_file *file)
{
	size_t len = 0;

	file->data = malloc(file->len);
	if (!file->data)
		return -ENOMEM;
	while (len < file->len) {
		ssize_t got = read(fd, (char *)file->data + len, file->len - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		len += (size_t)got;
	}
	return 0;
}

static int btf_file__open(struct btf_file *file, int dir_fd, const char *name)
{
	__cleanup(fd_closep) int fd = fd_open_read(dir_fd, name);
	struct stat status;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_size <= 0 || status.st_size > (off_t)BTF_MAX_BYTES)
		return -EFBIG;
	file->len = (size_t)status.st_size;
	/* Since 6.16 the kernel lets its types be mapped: not a byte is copied. */
	file->data = mmap(NULL, file->len, PROT_READ, MAP_PRIVATE, fd, 0);
	file->is_mapped = file->data != MAP_FAILED;
	if (file->is_mapped)
		return 0;
	return read_whole(fd, file);
}

/* ---- the search ---- */

struct search {
	struct kernel_target *targets; /* borrowed */
	size_t count;
	struct arena *arena; /* borrowed */
	size_t missing;
	/* Of the kernel itself: what modules' types count on from. */
	uint32_t base_types, base_strings;
};

static void match(struct search *search, const char *name, uint32_t kind, uint32_t id,
		  const char *module)
{
	for (size_t i = 0; i < search->count; i++) {
		struct kernel_target *target = &search->targets[i];

		if (target->btf_id || target->kind != kind || strcmp(target->name, name) != 0)
			continue;
		target->btf_id = id;
		target->module = module;
		search->missing--;
	}
}

/* module NULL: the kernel itself. */
static int search_file(struct search *search, const struct btf_file *file, const char *module)
{
	struct btf_walk walk;
	struct btf_item item;
	uint32_t id = module ? search->base_types : 1;
	int r = btf_walk__init(&walk, file->data, file->len, NULL);

	if (r < 0)
		return r;
	walk.strings_base = module ? search->base_strings : 0;
	while ((r = btf_walk__next(&walk, &item)) > 0) {
		const char *name = btf_walk__name(&walk, item.name);

		if (name && *name && search->missing)
			match(search, name, item.kind, id, module);
		id++;
	}
	if (!module) {
		search->base_types = id;
		search->base_strings = (uint32_t)walk.strings_len;
	}
	return r;
}

static int search_modules(struct search *search, int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		r = -errno;
		fd_closep(&fd);
		return r;
	}
	while (r == 0 && search->missing && (entry = readdir(dir))) {
		__cleanup(btf_file__close) struct btf_file file = { 0 };
		const char *module;

		if (entry->d_name[0] == '.' || str_eq(entry->d_name, "vmlinux"))
			continue;
		module = arena__strdup(search->arena, entry->d_name);
		if (!module)
			r = -ENOMEM;
		else if (btf_file__open(&file, dir_fd, entry->d_name) == 0)
			(void)search_file(search, &file,
					  module); /* one odd module hides nothing else */
	}
	(void)closedir(dir);
	return r;
}

/* ---- the nearest name ---- */

static bool is_similar(const char *name, const char *wanted, size_t wanted_len)
{
	size_t len = strlen(name);
	size_t difference = len > wanted_len ? len - wanted_len : wanted_len - len;

	if (difference > NEAREST_EDITS || len < NEAREST_END || wanted_len < NEAREST_END)
		return false;
	return strncmp(name, wanted, NEAREST_END) == 0 ||
	       strcmp(name + len - NEAREST_END, wanted + wanted_len - NEAREST_END) == 0;
}

static void find_nearest(struct search *search, struct kernel_target *target,
			 const struct btf_file *file)
{
	VEC(const char *) names = VEC_INIT;
	size_t len = strlen(target->name);
	struct btf_walk walk;
	struct btf_item item;
	const char *nearest;

	if (btf_walk__init(&walk, file->data, file->len, NULL) < 0)
		return;
	while (btf_walk__next(&walk, &item) > 0) {
		const char *name = item.kind == target->kind ? btf_walk__name(&walk, item.name)
							     : NULL;

		if (name && is_similar(name, target->name, len))
			(void)vec_push(&names, name); /* without memory there is no hint */
	}
	nearest = str_nearest(target->name, names.items, names.len);
	if (nearest)
		target->nearest = arena__strdup(search->arena, nearest);
	vec_done(&names);
}

int kernel_targets_find(const struct host *host, struct kernel_target *targets, size_t count,
			struct arena *arena, struct err *err)
{
	__cleanup(btf_file__close) struct btf_file kernel = { 0 };
	__cleanup(fd_closep) int dir_fd = openat(host__root_fd(host), BTF_DIR,
						 O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct search search = {
		.targets = targets, .count = count, .arena = arena, .missing = count
	};
	int r = dir_fd < 0 ? -errno : btf_file__open(&kernel, dir_fd, "vmlinux");

	if (r == 0)
		r = search_file(&search, &kernel, NULL);
	if (r == 0 && search.missing)
		r = search_modules(&search, dir_fd);
	if (r < 0)
		return err__set(err, r, NULL, "the kernel's types (/%s/vmlinux) cannot be read: %s",
				BTF_DIR, strerror(-r));
	for (size_t i = 0; i < count && search.missing; i++)
		if (!targets[i].btf_id)
			find_nearest(&search, &targets[i], &kernel);
	return 0;
}

const char *kernel_target_hint(const struct host *host, const char *prefix, const char *name,
			       uint32_t kind, char *buf, size_t size)
{
	struct arena arena = ARENA_INIT;
	struct kernel_target target = { .kind = kind };

	buf[0] = '\0';
	target.name = arena__printf(&arena, "%s%s", prefix, name);
	if (target.name && kernel_targets_find(host, &target, 1, &arena, NULL) == 0 &&
	    target.nearest && str_starts(target.nearest, prefix))
		(void)snprintf(buf, size, "; nearest is '%s'", target.nearest + strlen(prefix));
	arena__done(&arena);
	return buf;
}
