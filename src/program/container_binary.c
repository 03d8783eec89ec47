/* SPDX-License-Identifier: Apache-2.0 */
#include "program/container_binary.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "host/library_cache.h"

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#define TRIPLET "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#define TRIPLET "aarch64-linux-gnu"
#else
#error "say here how this architecture's binaries are told from others"
#endif

/* In the order in which the dynamic linkers of glibc and musl look. */
static const char *const library_dirs[] = {
	"/lib/" TRIPLET, "/usr/lib/" TRIPLET, "/lib64",         "/usr/lib64",
	"/lib",          "/usr/lib",          "/usr/local/lib",
};
static const char *const program_dirs[] = {
	"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
};

/* Entries of one directory that are looked at; of the largest distributions it has a few thousand. */
#define MAX_ENTRIES 65536
/* A path that a rename gets in the way of is tried again so often. */
#define MAX_TRIES 16

/* ---- opening, whatever it is ---- */

static int open_below(int root_fd, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;

	for (int i = 0; i < MAX_TRIES; i++) {
		fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

/* Found first and opened afterwards: opening a device or a pipe may do something. */
static int open_file(int root_fd, const char *path)
{
	__cleanup(fd_closep) int found = open_below(root_fd, path, O_PATH);
	char again[32];
	struct stat status;
	int fd;

	if (found < 0)
		return found;
	if (fstat(found, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENOENT;
	(void)snprintf(again, sizeof(again), "/proc/self/fd/%d", found);
	fd = open(again, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool is_ours(int fd)
{
	Elf64_Ehdr header;

	return pread(fd, &header, sizeof(header), 0) == (ssize_t)sizeof(header) &&
	       memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
	       header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_machine == MACHINE;
}

/* An ELF file for this machine, or -ENOENT and whatever opening says. */
static int open_binary(int root_fd, const char *path)
{
	__cleanup(fd_closep) int fd = open_file(root_fd, path);

	if (fd < 0)
		return fd;
	return is_ours(fd) ? take_fd(fd) : -ENOENT;
}

/* ---- libraries ---- */

bool container_binary_is_library(const char *file, const char *wanted)
{
	size_t len = strlen(wanted);

	if (strncmp(file, wanted, len) != 0)
		return false;
	file += len;
	if (str_ends(wanted, ".so") || strstr(wanted, ".so."))
		return *file == '\0' || *file == '.';
	/* musl's libc is called libc.musl-ARCHITECTURE.so.1. */
	return str_starts(file, ".so") || str_starts(file, ".musl-");
}

struct search {
	int root_fd;
	const char *wanted;
	int fd; /* what was found, or -1 */
};

static int try_entry(void *ctx, const char *name, const char *path)
{
	struct search *search = ctx;

	if (!container_binary_is_library(name, search->wanted))
		return 0;
	search->fd = open_binary(search->root_fd, path);
	return search->fd >= 0;
}

static int find_in_cache(int root_fd, const char *name)
{
	struct search search = { .root_fd = root_fd, .wanted = name, .fd = -1 };
	__cleanup(fd_closep) int fd = open_file(root_fd, "/etc/ld.so.cache");
	__cleanup(x_freep) char *bytes = NULL;
	char path[32];
	size_t len;

	if (fd < 0)
		return -ENOENT;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd_read_all(AT_FDCWD, path, LIBRARY_CACHE_MAX_BYTES, &bytes, &len) < 0 ||
	    library_cache_find(bytes, len, try_entry, &search) <= 0)
		return -ENOENT;
	return search.fd;
}

/* Of several the first in alphabetical order, so that it is always the same. */
static int find_in_directory(int root_fd, const char *dir, const char *wanted)
{
	int dir_fd = open_below(root_fd, dir, O_RDONLY | O_DIRECTORY);
	char best[NAME_MAX + 1] = "", path[PATH_MAX];
	DIR *entries = dir_fd < 0 ? NULL : fdopendir(dir_fd);
	const struct dirent *entry;
	int found = -ENOENT;

	if (!entries) {
		fd_closep(&dir_fd);
		return -ENOENT;
	}
	for (int i = 0; i < MAX_ENTRIES && (entry = readdir(entries)); i++) {
		int fd;

		if (!container_binary_is_library(entry->d_name, wanted) ||
		    (best[0] && strcmp(entry->d_name, best) >= 0) ||
		    snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >= (int)sizeof(path))
			continue;
		fd = open_binary(root_fd, path);
		if (fd < 0)
			continue;
		if (found >= 0)
			(void)close(found);
		found = fd;
		(void)snprintf(best, sizeof(best), "%s", entry->d_name);
	}
	(void)closedir(entries);
	return found;
}

static int find_library(int root_fd, const char *name)
{
	int fd = find_in_cache(root_fd, name);

	for (size_t i = 0; fd < 0 && i < array_size(library_dirs); i++)
		fd = find_in_directory(root_fd, library_dirs[i], name);
	return fd;
}

/* ---- programs ---- */

static int find_program(int root_fd, const char *name)
{
	char path[PATH_MAX];
	int fd = -ENOENT;

	for (size_t i = 0; fd < 0 && i < array_size(program_dirs); i++)
		if (snprintf(path, sizeof(path), "%s/%s", program_dirs[i], name) <
		    (int)sizeof(path))
			fd = open_binary(root_fd, path);
	return fd;
}

int container_binary_open(int root_fd, const char *name, struct err *err)
{
	int fd;

	if (strchr(name, '/')) {
		fd = open_binary(root_fd, name);
	} else {
		fd = find_library(root_fd, name);
		if (fd < 0)
			fd = find_program(root_fd, name);
	}
	if (fd >= 0)
		return fd;
	if (fd == -ENOTDIR || fd == -ELOOP)
		fd = -ENOENT; /* a path that leads nowhere */
	return err__set(err, fd, NULL, "there is no binary '%s'", name);
}
