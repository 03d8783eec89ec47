/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/configs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "config/load.h"
#include "pipeline/agent.h"

#define SUFFIX ".yaml"
#define DIALECT_NAME "ebpf_exporter"

static const char *name_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *file = slash ? slash + 1 : path;
	size_t len = strlen(file);

	if (str_ends(file, SUFFIX))
		len -= strlen(SUFFIX);
	return arena__strndup(arena, file, len);
}

static int add_path(struct config_paths *paths, const char *path)
{
	struct config_path item = { .path = path };

	if (path)
		item.name = name_of(&paths->arena, path);
	if (!item.name)
		return -ENOMEM;
	return vec_push(paths, item);
}

static int is_config(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_ends(entry->d_name, SUFFIX);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_directory(struct config_paths *paths, const char *directory, struct err *err)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, is_config, by_bytes);
	int r = 0;

	if (count < 0)
		return err__set(err, -errno, NULL, "cannot read directory '%s': %s", directory,
				strerror(errno));
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = add_path(paths, arena__printf(&paths->arena, "%s/%s", directory,
							  entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
	if (r == 0 && count == 0)
		return err__set(err, -ENOENT, NULL, "there is no NAME.yaml in directory '%s'",
				directory);
	return r < 0 ? err__set(err, r, NULL, "no memory for the list of configs") : 0;
}

int config_paths__add(struct config_paths *paths, const char *argument, struct err *err)
{
	struct stat status;

	if (stat(argument, &status) < 0)
		return err__set(err, -errno, NULL, "cannot open config '%s': %s", argument,
				strerror(errno));
	if (S_ISDIR(status.st_mode))
		return add_directory(paths, argument, err);
	if (add_path(paths, arena__strdup(&paths->arena, argument)) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for the list of configs");
	return 0;
}

void config_paths__done(struct config_paths *paths)
{
	vec_done(paths);
	arena__done(&paths->arena);
}

/* What cannot be read is reported by who reads it as a config. */
static const struct dialect *dialect_of_file(const char *path)
{
	__cleanup(x_freep) char *text = NULL;
	const struct dialect *dialect = NULL;
	size_t len;

	if (fd_read_all(AT_FDCWD, path, CONFIG_MAX_BYTES, &text, &len) == 0)
		dialect = dialect_of_text(text);
	return dialect ? dialect : dialect_find(DIALECT_NAME);
}

int config_read_file(const char *path, struct spec **ret_spec, struct err_list *errors)
{
	return config_load_file(dialect_of_file(path), path, NULL /* object: beside it */, ret_spec,
				errors);
}

int config_add_file(struct agent *agent, const char *path, struct err_list *errors)
{
	struct spec *spec;
	int r = config_read_file(path, &spec, errors);

	if (r < 0)
		return r;
	if (spec->policy_count > 0) {
		r = err_list__set(errors, -EOPNOTSUPP, &spec->policies[0].at,
				  "a policy is not run this way; 'sonde policy' runs it");
		spec__free(spec);
		return r;
	}
	return agent__add(agent, spec, errors);
}
