/* SPDX-License-Identifier: Apache-2.0 */
#include "host/cgroup_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/vec.h"

#define MOUNTINFO_PATH "proc/self/mountinfo"
#define MOUNTINFO_BYTES (16u << 20)
#define USUAL_PLACE "/sys/fs/cgroup"

/* A cgroup2 line of mountinfo. */
struct candidate {
	char *path;    /* below the root; borrowed from the text that was read */
	bool is_whole; /* the hierarchy from its root on, not a part that was bound elsewhere */
	bool is_usual; /* at or below /sys/fs/cgroup */
};

struct candidate_list {
	struct candidate *items; /* owned */
	size_t len, capacity;
};

static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* mountinfo writes blanks, newlines and backslashes as \ooo. In place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* "id parent device ROOT PATH options [optional...] - TYPE source options" */
static bool parse_line(char *line, const char *prefix, struct candidate *ret_candidate)
{
	char *fields[5], *path;
	char *type = strstr(line, " - ");

	if (!type || strncmp(type + 3, "cgroup2 ", strlen("cgroup2 ")) != 0)
		return false;
	for (size_t i = 0; i < array_size(fields); i++) {
		char *end = strchr(line, ' ');

		if (!end)
			return false;
		*end = '\0';
		fields[i] = line;
		line = end + 1;
	}
	unescape(fields[4]);
	/* The list is this process' own: with the machine's root at /host, its paths begin with /host. */
	path = *prefix && is_below(fields[4], prefix) ? fields[4] + strlen(prefix) : fields[4];
	/* The kernel writes no such paths, and they would lead out of a root that is not ours. */
	if (strstr(path, "/../") || str_ends(path, "/.."))
		return false;
	*ret_candidate = (struct candidate){
		.path = path,
		.is_whole = str_eq(fields[3], "/"),
		.is_usual = is_below(path, USUAL_PLACE),
	};
	return true;
}

static int find_candidates(char *text, const char *prefix, struct candidate_list *candidates)
{
	for (char *line = text, *next; line; line = next) {
		struct candidate candidate;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (parse_line(line, prefix, &candidate) && vec_push(candidates, candidate) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Best first: the whole hierarchy, at its usual place, the shortest path. */
static int compare_candidates(const void *left, const void *right)
{
	const struct candidate *a = left;
	const struct candidate *b = right;
	size_t a_len = strlen(a->path);
	size_t b_len = strlen(b->path);

	if (a->is_whole != b->is_whole)
		return a->is_whole ? -1 : 1;
	if (a->is_usual != b->is_usual)
		return a->is_usual ? -1 : 1;
	return a_len < b_len ? -1 : a_len > b_len;
}

/* The path of one of our descriptors as /proc has it: bytes, or -errno. */
static ssize_t read_fd_path(int fd, char *buf, size_t size)
{
	char link[64];
	ssize_t len;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd); /* fits any int */
	len = readlink(link, buf, size - 1);
	if (len < 0)
		return -errno;
	buf[len] = '\0';
	return len;
}

/* Opens by the path that the mount has below the root. */
static int open_candidate(const struct candidate *candidate, int root_fd,
			  struct cgroup_mount *mount)
{
	const char *relative = candidate->path + strspn(candidate->path, "/");
	__cleanup(fd_closep) int fd = openat(root_fd, *relative ? relative : ".",
					     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs status;

	if (fd < 0)
		return -errno;
	mount->path = strdup(candidate->path);
	if (!mount->path)
		return -ENOMEM;
	mount->is_real = fstatfs(fd, &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
	mount->fd = take_fd(fd);
	return 0;
}

/* Something else may be mounted over the best candidate: a real cgroup2 goes before what only stands in the list. */
static int open_best(const struct candidate_list *candidates, int root_fd, const char *prefix,
		     struct cgroup_mount *ret_mount)
{
	struct cgroup_mount best = CGROUP_MOUNT_INIT;

	for (size_t i = 0; i < candidates->len && !best.is_real; i++) {
		struct cgroup_mount mount = CGROUP_MOUNT_INIT;

		if (open_candidate(&candidates->items[i], root_fd, &mount) < 0)
			continue;
		if (best.fd < 0 || mount.is_real) {
			cgroup_mount__close(&best);
			best = mount;
		} else {
			cgroup_mount__close(&mount);
		}
	}
	if (best.fd < 0)
		return -ENOENT;
	best.prefix = strdup(prefix);
	if (!best.prefix) {
		cgroup_mount__close(&best);
		return -ENOMEM;
	}
	*ret_mount = best;
	return 0;
}

static int open_id(const struct cgroup_mount *mount, uint64_t id)
{
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + KERNFS_HANDLE_BYTES];
	} key;
	int fd;

	key.handle.handle_bytes = KERNFS_HANDLE_BYTES;
	key.handle.handle_type = KERNFS_HANDLE_TYPE;
	memcpy(key.handle.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(mount->fd, &key.handle, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool can_open_ids(const struct cgroup_mount *mount)
{
	__cleanup(fd_closep) int fd = -1;
	struct stat status, again;

	if (!mount->is_real || fstat(mount->fd, &status) < 0)
		return false;
	fd = open_id(mount, status.st_ino);
	return fd >= 0 && fstat(fd, &again) == 0 && again.st_ino == status.st_ino;
}

int cgroup_mount__open(struct cgroup_mount *mount, int root_fd, struct err *err)
{
	__cleanup(x_freep) char *text = NULL;
	struct candidate_list candidates = VEC_INIT;
	char prefix[PATH_MAX];
	int r = fd_read_all(root_fd, MOUNTINFO_PATH, MOUNTINFO_BYTES, &text, NULL);

	if (r < 0)
		return err__set(err, r, NULL, "cannot read /%s: %s", MOUNTINFO_PATH, strerror(-r));
	if (read_fd_path(root_fd, prefix, sizeof(prefix)) < 0 || str_eq(prefix, "/"))
		prefix[0] = '\0';
	r = find_candidates(text, prefix, &candidates);
	if (r == 0 && candidates.len) {
		qsort(candidates.items, candidates.len, sizeof(*candidates.items),
		      compare_candidates);
		r = open_best(&candidates, root_fd, prefix, mount);
	} else if (r == 0) {
		r = -ENOENT;
	}
	vec_done(&candidates);
	if (r == -ENOENT)
		return err__set(err, r, NULL, "no cgroup v2 hierarchy is mounted");
	if (r < 0)
		return err__set(err, r, NULL, "cannot open the cgroup v2 hierarchy: %s",
				strerror(-r));
	mount->has_handles = can_open_ids(mount);
	return 0;
}

void cgroup_mount__close(struct cgroup_mount *mount)
{
	fd_closep(&mount->fd);
	free(mount->path);
	free(mount->prefix);
	*mount = (struct cgroup_mount)CGROUP_MOUNT_INIT;
}

int cgroup_mount__resolve(const struct cgroup_mount *mount, uint64_t id, struct strbuf *out)
{
	__cleanup(fd_closep) int fd = mount->has_handles ? open_id(mount, id) : -EOPNOTSUPP;
	char buf[PATH_MAX];
	const char *path = buf;

	if (fd == -ESTALE || fd == -ENOENT)
		return -ENOENT;
	if (fd < 0)
		return fd;
	if (read_fd_path(fd, buf, sizeof(buf)) < 0)
		return -EOPNOTSUPP;
	if (*mount->prefix && is_below(path, mount->prefix))
		path += strlen(mount->prefix);
	/* Outside of this mount's part of the hierarchy, or removed at this moment. */
	if (!is_below(path, mount->path) || str_ends(path, " (deleted)"))
		return -ENOENT;
	strbuf__add_text(out, path);
	return strbuf__status(out);
}
