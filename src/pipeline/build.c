/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/build.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "program/compile.h"

#define SOURCE_SUFFIX ".bpf.c"

static int name_object(const char *source, const char *output_dir, char *ret_object, size_t size)
{
	const char *slash = strrchr(source, '/');
	const char *file = slash ? slash + 1 : source;
	/* "x.bpf.c" becomes "x.bpf.o"; without an output directory the whole path stays. */
	const char *from = output_dir ? file : source;
	int len = (int)(strlen(from) - 1);
	int needed = output_dir ? snprintf(ret_object, size, "%s/%.*so", output_dir, len, from)
				: snprintf(ret_object, size, "%.*so", len, from);

	return needed < 0 || (size_t)needed >= size ? -ENAMETOOLONG : 0;
}

static int build_file(const char *source, const struct build_options *options)
{
	char object[PATH_MAX];
	struct strbuf warnings = STRBUF_INIT;
	struct err err = ERR_INIT;
	int r = name_object(source, options->output_dir, object, sizeof(object));

	if (r < 0) {
		err__set(&err, r, NULL, "the object's path would be too long");
	} else {
		const struct compile_options compile = {
			.input = source,
			.output = object,
			.include_dirs = options->include_dirs,
			.include_dir_count = options->include_dir_count,
			.btf_path = options->btf_path,
			.clang = options->clang,
		};

		r = program_compile(&compile, &warnings, &err);
	}
	options->on_file(options->ctx, source, object, strbuf__text(&warnings),
			 r < 0 ? &err : NULL);
	strbuf__done(&warnings);
	err__done(&err);
	return r;
}

static int is_source(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_ends(entry->d_name, SOURCE_SUFFIX);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int build_entry(const char *directory, const char *name, const struct build_options *options)
{
	char source[PATH_MAX];

	if (snprintf(source, sizeof(source), "%s/%s", directory, name) >= (int)sizeof(source))
		return -ENAMETOOLONG;
	return build_file(source, options);
}

static int build_directory(const char *directory, const struct build_options *options,
			   struct err *err)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, is_source, by_bytes);
	int result = count;

	if (count < 0)
		return err__set(err, -errno, NULL, "cannot read directory '%s': %s", directory,
				strerror(errno));
	for (int i = 0; i < count; i++) {
		int r = build_entry(directory, entries[i]->d_name, options);

		if (r < 0 && result >= 0)
			result = r;
		free(entries[i]);
	}
	free(entries);
	if (count == 0)
		return err__set(err, -ENOENT, NULL,
				"there is no NAME" SOURCE_SUFFIX " in directory '%s'", directory);
	return result;
}

int build_objects(const char *path, const struct build_options *options, struct err *err)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return err__set(err, -errno, NULL, "cannot open '%s': %s", path, strerror(errno));
	if (S_ISDIR(status.st_mode))
		return build_directory(path, options, err);
	if (!str_ends(path, SOURCE_SUFFIX))
		return err__set(err, -EINVAL, NULL,
				"'%s' is neither a directory nor a NAME" SOURCE_SUFFIX, path);

	int r = build_file(path, options);

	return r < 0 ? r : 1;
}
