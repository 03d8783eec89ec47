/* SPDX-License-Identifier: Apache-2.0 */
#include "program/vmlinux.h"

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

/* ---- where it is kept ---- */

static int default_cache_dir(char *buf, size_t size, struct err *err)
{
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	int len;

	if (geteuid() == 0)
		len = snprintf(buf, size, "/var/cache/sonde");
	else if (cache && *cache == '/')
		len = snprintf(buf, size, "%s/sonde", cache);
	else if (home && *home == '/')
		len = snprintf(buf, size, "%s/.cache/sonde", home);
	else
		return err__set(err, -ENOENT, NULL, "there is no HOME to keep vmlinux.h below");
	return len < (int)size ? 0
			       : err__set(err, -ENAMETOOLONG, NULL,
					  "the cache directory's name is too long");
}

static int make_dirs(const char *path)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(part))
		return -ENAMETOOLONG;
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* A header that others may write would be their way into our programs. */
static int check_dir(const char *path, struct err *err)
{
	struct stat status;
	int r = make_dirs(path);

	if (r < 0)
		return err__set(err, r, NULL, "directory '%s' cannot be made: %s", path,
				strerror(-r));
	if (stat(path, &status) < 0)
		return err__set(err, -errno, NULL, "directory '%s' cannot be read: %s", path,
				strerror(errno));
	if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))
		return err__set(
			err, -EPERM, NULL,
			"directory '%s' may be written by others; chmod 755, or name another",
			path);
	return 0;
}

/* FNV-1a: the same in every process, which hash_bytes() is not. It tells kernels apart, nothing more. */
static uint64_t fingerprint(const unsigned char *bytes, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash;
}

/* ---- what it contains ---- */

__attribute__((format(printf, 2, 0))) static void print_type(void *ctx, const char *format,
							     va_list args)
{
	FILE *out = ctx;

	(void)vfprintf(out, format, args); /* ferror() tells at the end */
}

static int print_types(FILE *out, const struct btf *btf)
{
	struct btf_dump *dump = btf_dump__new(btf, print_type, out, NULL);
	int r = 0;

	if (!dump)
		return -errno;
	for (uint32_t id = 1; r == 0 && id < btf__type_cnt(btf); id++)
		r = btf_dump__dump_type(dump, id);
	btf_dump__free(dump);
	return r;
}

static int print_header(FILE *out, const struct btf *btf)
{
	int r;

	(void)fputs(
		"#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n\n"
		"#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
		"#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)\n"
		"#endif\n\n",
		out);
	r = print_types(out, btf);
	(void)fputs(
		"\n#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n#pragma clang attribute pop\n#endif\n\n#endif\n",
		out);
	if (r == 0 && (ferror(out) || fflush(out) != 0))
		r = -EIO;
	return r;
}

static int read_types(const char *path, struct btf **ret_btf, uint64_t *ret_fingerprint,
		      struct err *err)
{
	struct btf *btf = btf__parse(path, NULL);
	const void *bytes;
	uint32_t len;
	int r;

	if (!btf) {
		r = -errno;
		return err__set(err, r, NULL, "kernel types (BTF) at '%s' cannot be read: %s", path,
				strerror(-r));
	}
	bytes = btf__raw_data(btf, &len);
	*ret_fingerprint = bytes ? fingerprint(bytes, len) : 0;
	*ret_btf = btf;
	return 0;
}

/* Written beside and renamed: a reader sees all of it or nothing. */
static int write_header(const char *dir, const struct btf *btf, struct err *err)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	FILE *out = NULL;
	int fd, r;

	if (snprintf(path, sizeof(path), "%s/vmlinux.h", dir) >= (int)sizeof(path) ||
	    snprintf(temporary, sizeof(temporary), "%s/.vmlinux.XXXXXX", dir) >=
		    (int)sizeof(temporary))
		return err__set(err, -ENAMETOOLONG, NULL, "the cache directory's name is too long");
	if (access(path, R_OK) == 0)
		return 0;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd >= 0)
		out = fdopen(fd, "w");
	if (!out) {
		r = -errno;
		fd_closep(&fd);
		return err__set(err, r, NULL, "'%s' cannot be written: %s", path, strerror(-r));
	}
	(void)fchmod(fd, 0644); /* at worst, others make their own */
	r = print_header(out, btf);
	if (fclose(out) != 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(temporary);
		return err__set(err, r, NULL, "'%s' cannot be written: %s", path, strerror(-r));
	}
	return 0;
}

int vmlinux_header(const char *btf_path, const char *cache_dir, char *buf, size_t size,
		   struct err *err)
{
	char base[PATH_MAX];
	uint64_t name = 0;
	struct btf *btf = NULL;
	int r = 0;

	if (cache_dir)
		(void)snprintf(base, sizeof(base), "%s", cache_dir);
	else
		r = default_cache_dir(base, sizeof(base), err);
	if (r < 0)
		return r;
	r = read_types(btf_path ? btf_path : KERNEL_BTF, &btf, &name, err);
	if (r < 0)
		return r;
	if (snprintf(buf, size, "%s/vmlinux-%016llx", base, (unsigned long long)name) >= (int)size)
		r = err__set(err, -ENAMETOOLONG, NULL, "the cache directory's name is too long");
	if (r == 0)
		r = check_dir(buf, err);
	if (r == 0)
		r = write_header(buf, btf, err);
	btf__free(btf);
	(void)malloc_trim(0);
	return r;
}
