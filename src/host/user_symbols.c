/* SPDX-License-Identifier: Apache-2.0 */
#include "host/user_symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/vec.h"
#include "host/elf_symbols.h"

#define MAPS_MAX_BYTES (4u << 20)
#define PATH_MAX_BYTES 4200
/* Of a process that has loaded something since, or that makes code as it goes. */
#define REFRESH_NS NS_PER_S

struct mapping {
	uint64_t start, end;
	uint64_t offset; /* in the file */
	uint32_t major, minor;
	uint64_t inode;
	const char *path; /* in the process' text; "" when there is none */
};

struct process {
	struct user_image image;
	uint64_t used; /* 0: nobody is here */
	int64_t read_ns;
	char *text; /* owned; /proc/PID/maps */
	VEC(struct mapping) mappings;
};

struct file {
	uint32_t major, minor;
	uint64_t inode;
	char *path;                  /* owned */
	uint64_t used;               /* 0: nobody is here */
	struct elf_symbols *symbols; /* owned; NULL: it has none, or we may not read it */
};

struct user_symbols {
	int root_fd; /* borrowed */
	uint64_t clock;
	size_t bytes; /* of all symbols */
	struct process processes[USER_SYMBOLS_PROCESSES];
	struct file files[USER_SYMBOLS_FILES];
};

int user_symbols__new(int root_fd, struct user_symbols **ret_symbols)
{
	struct user_symbols *symbols = new_zero(struct user_symbols);

	if (!symbols)
		return -ENOMEM;
	symbols->root_fd = root_fd;
	*ret_symbols = symbols;
	return 0;
}

static void forget_process(struct process *process)
{
	vec_done(&process->mappings);
	free(process->text);
	*process = (struct process){ .used = 0 };
}

static void forget_file(struct user_symbols *symbols, struct file *file)
{
	if (file->symbols)
		symbols->bytes -= elf_symbols__bytes(file->symbols);
	elf_symbols__free(file->symbols);
	free(file->path);
	*file = (struct file){ .used = 0 };
}

struct user_symbols *user_symbols__free(struct user_symbols *symbols)
{
	if (!symbols)
		return NULL;
	for (size_t i = 0; i < USER_SYMBOLS_PROCESSES; i++)
		forget_process(&symbols->processes[i]);
	for (size_t i = 0; i < USER_SYMBOLS_FILES; i++)
		forget_file(symbols, &symbols->files[i]);
	free(symbols);
	return NULL;
}

/* ---- processes ------------------------------------------------------------------------------ */

/* "start-end rwxp offset major:minor inode   path"; only what can be executed is kept. */
static int parse_line(struct process *process, const char *line)
{
	struct mapping mapping;
	char rights[8];
	int path_at = 0;

	if (sscanf(line,
		   "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %" SCNx32 ":%" SCNx32 " %" SCNu64 " %n",
		   &mapping.start, &mapping.end, rights, &mapping.offset, &mapping.major,
		   &mapping.minor, &mapping.inode, &path_at) != 7 ||
	    path_at == 0 || rights[0] == '\0' || rights[1] == '\0' || rights[2] != 'x')
		return 0;
	mapping.path = line + path_at;
	return vec_push(&process->mappings, mapping);
}

static void read_maps(const struct user_symbols *symbols, struct process *process)
{
	char path[64];
	char *rest;
	size_t len;

	vec_done(&process->mappings);
	free(take_ptr(process->text));
	process->read_ns = clock_monotonic_ns();
	(void)snprintf(path, sizeof(path), "proc/%" PRIu32 "/maps", process->image.pid);
	if (fd_read_all(symbols->root_fd, path, MAPS_MAX_BYTES, &process->text, &len) < 0)
		return; /* it is gone, or too large: addresses stay numbers */
	rest = process->text;
	while (*rest) {
		char *end = rest + strcspn(rest, "\n");
		char *next = *end ? end + 1 : end;

		*end = '\0';
		if (parse_line(process, rest) < 0)
			return;
		rest = next;
	}
}

static bool is_same(const struct user_image *a, const struct user_image *b)
{
	return a->pid == b->pid && a->inode == b->inode && a->base_hash == b->base_hash;
}

static struct process *get_process(struct user_symbols *symbols, const struct user_image *image)
{
	struct process *oldest = &symbols->processes[0];

	for (size_t i = 0; i < USER_SYMBOLS_PROCESSES; i++) {
		struct process *process = &symbols->processes[i];

		if (process->used && is_same(&process->image, image)) {
			process->used = ++symbols->clock;
			return process;
		}
		if (process->used < oldest->used)
			oldest = process;
	}
	forget_process(oldest);
	oldest->image = *image;
	oldest->used = ++symbols->clock;
	read_maps(symbols, oldest);
	return oldest;
}

/* Lines of the file are in order of addresses. */
static const struct mapping *find_mapping(const struct process *process, uint64_t address)
{
	size_t low = 0, high = process->mappings.len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (process->mappings.items[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == process->mappings.len || process->mappings.items[low].start > address)
		return NULL;
	return &process->mappings.items[low];
}

static const struct mapping *get_mapping(const struct user_symbols *symbols,
					 struct process *process, uint64_t address)
{
	const struct mapping *mapping = find_mapping(process, address);

	if (!mapping && clock_monotonic_ns() - process->read_ns > REFRESH_NS) {
		read_maps(symbols, process);
		mapping = find_mapping(process, address);
	}
	return mapping;
}

/* ---- files ---------------------------------------------------------------------------------- */

static int open_regular(int root_fd, const char *path, struct stat *ret_stat)
{
	int fd __cleanup(fd_closep) = openat(root_fd, path,
					     O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	if (fstat(fd, ret_stat) < 0)
		return -errno;
	return S_ISREG(ret_stat->st_mode) ? take_fd(fd) : -EINVAL;
}

/*
 * The very file that is mapped, which takes CAP_CHECKPOINT_RESTORE; otherwise what now has its path in the process' own
 * tree, if that is it: links in there may lead anywhere.
 */
static int open_mapped(const struct user_symbols *symbols, uint32_t pid,
		       const struct mapping *mapping)
{
	char path[PATH_MAX_BYTES];
	struct stat stat;
	int fd;

	(void)snprintf(path, sizeof(path), "proc/%" PRIu32 "/map_files/%" PRIx64 "-%" PRIx64, pid,
		       mapping->start, mapping->end);
	fd = open_regular(symbols->root_fd, path, &stat);
	if (fd >= 0 || (size_t)snprintf(path, sizeof(path), "proc/%" PRIu32 "/root%s", pid,
					mapping->path) >= sizeof(path))
		return fd;
	fd = open_regular(symbols->root_fd, path, &stat);
	if (fd >= 0 && stat.st_ino != mapping->inode) {
		fd_closep(&fd);
		return -ESTALE;
	}
	return fd;
}

static void read_symbols(struct user_symbols *symbols, struct file *file, uint32_t pid,
			 const struct mapping *mapping)
{
	int fd __cleanup(fd_closep) = open_mapped(symbols, pid, mapping);

	/* Whatever is wrong with it: it has no names then, and that is remembered as well. */
	if (fd < 0 || elf_symbols__read(fd, &file->symbols) < 0)
		return;
	symbols->bytes += elf_symbols__bytes(file->symbols);
}

static struct file *oldest_file(struct user_symbols *symbols, bool has_to_be_used)
{
	struct file *oldest = NULL;

	for (size_t i = 0; i < USER_SYMBOLS_FILES; i++) {
		struct file *file = &symbols->files[i];

		if (has_to_be_used && !file->symbols)
			continue;
		if (!oldest || file->used < oldest->used)
			oldest = file;
	}
	return oldest;
}

static struct file *find_file(struct user_symbols *symbols, const struct mapping *mapping)
{
	for (size_t i = 0; i < USER_SYMBOLS_FILES; i++) {
		struct file *file = &symbols->files[i];

		if (file->used && file->inode == mapping->inode && file->major == mapping->major &&
		    file->minor == mapping->minor && str_eq(file->path, mapping->path))
			return file;
	}
	return NULL;
}

/* NULL: there are no names to be had. */
static const struct elf_symbols *get_symbols(struct user_symbols *symbols, uint32_t pid,
					     const struct mapping *mapping)
{
	struct file *file = find_file(symbols, mapping);

	if (!file) {
		file = oldest_file(symbols, false);
		forget_file(symbols, file);
		*file = (struct file){ .major = mapping->major,
				       .minor = mapping->minor,
				       .inode = mapping->inode,
				       .path = strdup(mapping->path) };
		if (!file->path)
			return NULL;
		read_symbols(symbols, file, pid, mapping);
	}
	file->used = ++symbols->clock;
	/* It is the newest, so that it goes last. */
	while (symbols->bytes > USER_SYMBOLS_MAX_BYTES && oldest_file(symbols, true) != file)
		forget_file(symbols, oldest_file(symbols, true));
	return file->symbols;
}

/* ---- text ----------------------------------------------------------------------------------- */

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void user_symbols__add(struct user_symbols *symbols, const struct user_image *image,
		       uint64_t address, struct strbuf *out)
{
	struct process *process = get_process(symbols, image);
	const struct mapping *mapping = get_mapping(symbols, process, address);
	const struct elf_symbols *of_file;
	const char *name;
	uint64_t offset;

	if (!mapping || !mapping->path[0]) {
		strbuf__printf(out, "0x%" PRIx64, address);
		return;
	}
	offset = address - mapping->start + mapping->offset;
	of_file = mapping->path[0] == '/' ? get_symbols(symbols, image->pid, mapping) : NULL;
	name = of_file ? elf_symbols__find(of_file, offset) : NULL;
	if (name)
		strbuf__add_text(out, name);
	else
		strbuf__printf(out, "%s+0x%" PRIx64, last_part(mapping->path), offset);
}
