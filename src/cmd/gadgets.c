/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/gadgets.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "cmd/configs.h"
#include "cmd/own_files.h"

#define METADATA "gadget.yaml"

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_gadget(const char *dir)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/" METADATA, dir);

	return len > 0 && (size_t)len < sizeof(path) && access(path, R_OK) == 0;
}

static int add(struct config_paths *paths, const char *dir, const char *name)
{
	struct config_path item = {
		.path = arena__printf(&paths->arena, "%s/%s", dir, name),
		.name = arena__strdup(&paths->arena, name),
		.is_gadget = true,
	};

	if (!item.path || !item.name)
		return -ENOMEM;
	return is_gadget(item.path) ? vec_push(paths, item) : 0;
}

int gadgets_find(const char *dir, struct config_paths *paths, struct err *err)
{
	struct dirent **entries;
	char own[PATH_MAX];
	int count, r = 0;

	if (!dir[0]) {
		if (own_files_find("probes", own, sizeof(own)) < 0)
			return 0;
		dir = own;
	}
	count = scandir(dir, &entries, is_visible, by_bytes);
	if (count < 0)
		return err__set(err, -errno, NULL, "cannot read directory '%s': %s", dir,
				strerror(errno));
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = add(paths, dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return r < 0 ? err__set(err, r, NULL, "no memory for the list of gadgets") : 0;
}

static int write_path(char *ret_path, size_t size, const char *dir, const char *gadget)
{
	int len = snprintf(ret_path, size, "%s%s%s", dir, dir[0] ? "/" : "", gadget);

	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

int gadget_locate(const char *gadget, char *ret_path, size_t size)
{
	char own[PATH_MAX];

	if (!strchr(gadget, '/') && access(gadget, F_OK) < 0 &&
	    own_files_find("probes", own, sizeof(own)) == 0) {
		int r = write_path(ret_path, size, own, gadget);

		if (r < 0 || is_gadget(ret_path))
			return r;
	}
	return write_path(ret_path, size, "", gadget);
}
