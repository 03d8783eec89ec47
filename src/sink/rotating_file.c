/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/rotating_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sink/rotating_backups.h"

#define DEFAULT_MODE 0600
#define FOLDER_MODE 0755
#define RETRY_NS NS_PER_S /* after a failure it is not opened again before */

struct rotating_file {
	struct rotating_file_options options;
	char *path;       /* owned */
	const char *name; /* in path: the last part */
	int folder_fd;    /* owned */
	int fd;           /* owned; -1: it is not open */
	bool is_regular;  /* others, such as pipes, are not put aside */
	uint64_t size;
	int64_t rotated_ns;
	int64_t retry_ns; /* not opened before */
	struct rotating_backups backups;
	struct rotating_file_figures figures;
};

static void note(struct rotating_file *file, int error)
{
	file->figures.failures++;
	file->figures.last_error = error;
}

/* ---- opening ---- */

/* path is the file's; each folder on the way to it. */
static int make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int r;

		*slash = 0;
		r = mkdir(path, FOLDER_MODE);
		*slash = '/';
		if (r < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int open_folder(struct rotating_file *file)
{
	char *slash = strrchr(file->path, '/');
	int r = slash ? make_folders(file->path) : 0;

	if (r < 0)
		return r;
	file->name = slash ? slash + 1 : file->path;
	if (!*file->name)
		return -EISDIR;
	if (slash)
		*slash = 0;
	file->folder_fd = open(!slash                ? "."
			       : slash == file->path ? "/"
						     : file->path,
			       O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (slash)
		*slash = '/';
	return file->folder_fd < 0 ? -errno : 0;
}

static int open_file(struct rotating_file *file)
{
	struct stat status;
	int fd = openat(file->folder_fd, file->name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			file->options.mode);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0 ||
	    (S_ISREG(status.st_mode) && (status.st_mode & 07777) != file->options.mode &&
	     fchmod(fd, file->options.mode) < 0)) {
		int r = -errno;

		close(fd);
		return r;
	}
	file->fd = fd;
	file->is_regular = S_ISREG(status.st_mode);
	file->size = file->is_regular ? (uint64_t)status.st_size : 0;
	return 0;
}

static bool is_open(struct rotating_file *file, int64_t now_ns)
{
	int r;

	if (file->fd >= 0)
		return true;
	if (now_ns < file->retry_ns)
		return false;
	r = open_file(file);
	if (r < 0) {
		note(file, -r);
		file->retry_ns = now_ns + RETRY_NS;
	}
	return r == 0;
}

static void set_defaults(struct rotating_file_options *options)
{
	if (options->max_bytes == 0)
		options->max_bytes = ROTATING_FILE_MAX_BYTES;
	if (options->mode == 0)
		options->mode = DEFAULT_MODE;
}

static int init(struct rotating_file *file, struct err *err)
{
	int r = open_folder(file);

	if (r == 0)
		r = rotating_backups__init(&file->backups, file->name);
	if (r == 0)
		r = open_file(file);
	if (r < 0)
		return err__set(err, r, NULL, "cannot open '%s': %s", file->options.path,
				strerror(-r));
	file->backups.folder_fd = file->folder_fd;
	file->backups.max = file->options.max_backups;
	file->backups.compresses = file->options.compresses;
	file->backups.mode = file->options.mode;
	file->backups.figures = &file->figures;
	return 0;
}

int rotating_file__new(const struct rotating_file_options *options, int64_t now_ns,
		       struct rotating_file **ret_file, struct err *err)
{
	struct rotating_file *file = new_zero(struct rotating_file);
	int r;

	if (!file)
		return -ENOMEM;
	file->options = *options;
	file->fd = file->folder_fd = -1;
	file->rotated_ns = now_ns;
	file->path = strdup(options->path);
	set_defaults(&file->options);
	r = file->path ? init(file, err) : -ENOMEM;
	if (r < 0) {
		rotating_file__free(file);
		return r;
	}
	file->options.path = file->path;
	*ret_file = file;
	return 0;
}

struct rotating_file *rotating_file__free(struct rotating_file *file)
{
	if (!file)
		return NULL;
	rotating_backups__done(&file->backups);
	if (file->fd >= 0)
		close(file->fd);
	if (file->folder_fd >= 0)
		close(file->folder_fd);
	free(file->path);
	free(file);
	return NULL;
}

/* ---- putting aside ---- */

static void rotate(struct rotating_file *file, int64_t now_ns)
{
	char backup[NAME_MAX + 1];
	int r = rotating_backups__name(&file->backups, clock_wall_ns(), backup);

	file->rotated_ns = now_ns;
	if (r == 0 && renameat(file->folder_fd, file->name, file->folder_fd, backup) < 0)
		r = -errno;
	/* When it cannot be put aside it grows: better too long than lost. */
	if (r < 0 && r != -ENOENT) {
		note(file, -r);
		return;
	}
	close(file->fd);
	file->fd = -1;
	file->retry_ns = 0;
	file->figures.rotations++;
	file->backups.is_due = true;
	(void)is_open(file, now_ns);
}

bool rotating_file__work(struct rotating_file *file, int64_t now_ns)
{
	if (file->options.interval_ns > 0 && file->fd >= 0 && file->is_regular &&
	    now_ns - file->rotated_ns >= file->options.interval_ns) {
		if (file->size > 0)
			rotate(file, now_ns);
		else
			file->rotated_ns = now_ns;
	}
	return rotating_backups__work(&file->backups);
}

/* ---- writing ---- */

static uint64_t count_lines(const char *lines, size_t len)
{
	uint64_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += lines[i] == '\n';
	return count;
}

static void lose(struct rotating_file *file, const char *lines, size_t len)
{
	file->figures.lost_bytes += len;
	file->figures.lost_lines += count_lines(lines, len);
}

/* As much as there is room for; the rest of a line that found none is taken back. */
static void write_piece(struct rotating_file *file, const char *lines, size_t len, int64_t now_ns)
{
	size_t done = 0, whole;

	while (done < len) {
		ssize_t written = write(file->fd, lines + done, len - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			note(file, errno);
			break;
		}
		done += (size_t)written;
	}
	whole = done;
	if (done < len) {
		while (whole > 0 && lines[whole - 1] != '\n')
			whole--;
		/* A torn line that cannot be taken back is followed by another: readers lose both. */
		if (whole < done && file->is_regular &&
		    ftruncate(file->fd, (off_t)(file->size + whole)) < 0)
			note(file, errno);
		close(file->fd);
		file->fd = -1;
		file->retry_ns = now_ns + RETRY_NS;
		lose(file, lines + whole, len - whole);
	}
	file->size += whole;
	file->figures.written_bytes += whole;
}

/* How much of the lines goes into what the file has room for: whole ones, and one at least. */
static size_t fitting(const char *lines, size_t len, uint64_t room)
{
	const char *end;

	if (len <= room)
		return len;
	end = room > 0 ? memrchr(lines, '\n', (size_t)room) : NULL;
	if (!end)
		end = memchr(lines, '\n', len);
	return end ? (size_t)(end - lines) + 1 : len;
}

void rotating_file__write(struct rotating_file *file, const char *lines, size_t len, int64_t now_ns)
{
	while (len > 0) {
		uint64_t max;
		size_t piece;

		if (!is_open(file, now_ns)) {
			lose(file, lines, len);
			return;
		}
		max = file->is_regular ? file->options.max_bytes : UINT64_MAX;
		piece = fitting(lines, len, max > file->size ? max - file->size : 0);
		if (file->size > 0 && file->size + piece > max) {
			rotate(file, now_ns);
			if (!is_open(file, now_ns))
				continue;
			/* If it could not be put aside the line goes where the others are. */
			piece = fitting(lines, len, max > file->size ? max - file->size : 0);
		}
		write_piece(file, lines, piece, now_ns);
		lines += piece;
		len -= piece;
	}
}

void rotating_file__figures(const struct rotating_file *file,
			    struct rotating_file_figures *ret_figures)
{
	*ret_figures = file->figures;
}
