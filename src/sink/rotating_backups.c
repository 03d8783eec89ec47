/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/rotating_backups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/rfc3339.h"
#include "base/str.h"
#include "base/vec.h"

#define COMPRESSED ".gz"
#define UNFINISHED ".gz.tmp"
#define STEP_BYTES (256u << 10) /* some milliseconds of work */
#define GZIP_WINDOW (15 + 16)   /* zlib's word for the format */
#define TIME_LEN 23             /* 2006-01-02T15-04-05.000 */

struct backup_compression {
	char from[NAME_MAX + 1], to[NAME_MAX + 1], unfinished[NAME_MAX + 1];
	int from_fd, to_fd; /* owned */
	z_stream stream;    /* owned */
	unsigned char in[STEP_BYTES], out[STEP_BYTES];
};

static void note(struct rotating_backups *backups, int error)
{
	backups->figures->failures++;
	backups->figures->last_error = error;
}

/* ---- names ---- */

int rotating_backups__init(struct rotating_backups *backups, const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t stem_len = dot ? (size_t)(dot - name) : strlen(name);

	/* With its time, and with what says that it is compressed or not yet. */
	if (strlen(name) + 1 + TIME_LEN + strlen(UNFINISHED) > NAME_MAX)
		return -ENAMETOOLONG;
	(void)snprintf(backups->stem, sizeof(backups->stem), "%.*s-", (int)stem_len, name);
	(void)snprintf(backups->ending, sizeof(backups->ending), "%s", dot ? dot : "");
	backups->is_due = true; /* of an earlier run */
	return 0;
}

static void format_time(int64_t wall_ns, char text[TIME_LEN + 1])
{
	char rfc[RFC3339_MAX_LEN];

	(void)rfc3339_format(rfc, wall_ns / NS_PER_S, (uint32_t)(wall_ns % NS_PER_S),
			     RFC3339_DIGITS_ALL);
	memcpy(text, rfc, TIME_LEN);
	text[TIME_LEN] = 0;
	text[13] = text[16] = '-';
}

int rotating_backups__name(const struct rotating_backups *backups, int64_t wall_ns,
			   char name[NAME_MAX + 1])
{
	char time[TIME_LEN + 1];

	/* Two in a millisecond would be one: the later one gets another. */
	for (int i = 0; i < 1000; i++, wall_ns += NS_PER_MS) {
		size_t len;

		format_time(wall_ns, time);
		len = (size_t)snprintf(name, NAME_MAX + 1, "%s%s%s" COMPRESSED, backups->stem, time,
				       backups->ending);
		if (faccessat(backups->folder_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		name[len - strlen(COMPRESSED)] = 0;
		if (faccessat(backups->folder_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			return 0;
	}
	return -EEXIST;
}

static bool is_time(const char *text)
{
	static const char form[] = "dddd-dd-ddTdd-dd-dd.ddd";

	for (size_t i = 0; i < TIME_LEN; i++) {
		bool is_digit = text[i] >= '0' && text[i] <= '9';

		if (form[i] == 'd' ? !is_digit : text[i] != form[i])
			return false;
	}
	return true;
}

/* Whether the file is a backup, compressed or not; others in the folder are nobody's business. */
static bool is_backup(const struct rotating_backups *backups, const char *name)
{
	size_t stem_len = strlen(backups->stem);
	const char *rest;

	if (!str_starts(name, backups->stem) || strlen(name) < stem_len + TIME_LEN ||
	    !is_time(name + stem_len))
		return false;
	rest = name + stem_len + TIME_LEN;
	if (!str_starts(rest, backups->ending))
		return false;
	rest += strlen(backups->ending);
	return str_eq(rest, "") || str_eq(rest, COMPRESSED);
}

typedef VEC(char *) name_list;

static void name_list__done(name_list *names)
{
	for (size_t i = 0; i < names->len; i++)
		free(names->items[i]);
	vec_done(names);
}

/* Names are as long as each other up to their time, and times compare as texts do. */
static int compare_newest_first(const void *a, const void *b)
{
	return -strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int list_backups(const struct rotating_backups *backups, name_list *names)
{
	int fd = openat(backups->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = folder ? 0 : -errno;

	if (!folder && fd >= 0)
		close(fd);
	while (r == 0 && (entry = readdir(folder))) {
		char *name = is_backup(backups, entry->d_name) ? strdup(entry->d_name) : NULL;

		if (name && vec_push(names, name) < 0) {
			free(name);
			r = -ENOMEM;
		}
	}
	if (folder)
		(void)closedir(folder);
	if (r == 0 && names->len > 0)
		qsort(names->items, names->len, sizeof(*names->items), compare_newest_first);
	return r;
}

/* ---- those that leave ---- */

static bool is_same_time(const struct rotating_backups *backups, const char *a, const char *b)
{
	return strncmp(a, b, strlen(backups->stem) + TIME_LEN) == 0;
}

/* One that is there compressed and not is one. */
static void remove_oldest(struct rotating_backups *backups, name_list *names)
{
	uint32_t count = 0;
	size_t kept = 0;

	for (size_t i = 0; i < names->len; i++) {
		if (i == 0 || !is_same_time(backups, names->items[i], names->items[i - 1]))
			count++;
		if (backups->max == 0 || count <= backups->max) {
			kept = i + 1;
			continue;
		}
		if (unlinkat(backups->folder_fd, names->items[i], 0) < 0)
			note(backups, errno);
		else
			backups->figures->removed++;
	}
	for (size_t i = kept; i < names->len; i++)
		free(names->items[i]);
	names->len = kept;
}

/* ---- those that are compressed ---- */

static void end_compression(struct rotating_backups *backups, bool is_good)
{
	struct backup_compression *compression = backups->compression;

	backups->compression = NULL;
	if (compression->from_fd >= 0)
		close(compression->from_fd);
	if (compression->to_fd >= 0 && close(compression->to_fd) < 0)
		is_good = false;
	(void)deflateEnd(&compression->stream);
	/* Not before it is whole under its name does the plain one go. The disk is not waited for, as for the lines
	 * themselves. */
	if (is_good && renameat(backups->folder_fd, compression->unfinished, backups->folder_fd,
				compression->to) == 0) {
		(void)unlinkat(backups->folder_fd, compression->from, 0);
		backups->figures->compressed++;
	} else {
		(void)unlinkat(backups->folder_fd, compression->unfinished, 0);
	}
	free(compression);
}

static int begin_compression(struct rotating_backups *backups, const char *name)
{
	struct backup_compression *compression = new_zero(struct backup_compression);
	int r;

	if (!compression)
		return -ENOMEM;
	(void)snprintf(compression->from, sizeof(compression->from), "%s", name);
	(void)snprintf(compression->to, sizeof(compression->to), "%.*s" COMPRESSED,
		       NAME_MAX - (int)strlen(COMPRESSED), name);
	(void)snprintf(compression->unfinished, sizeof(compression->unfinished), "%.*s" UNFINISHED,
		       NAME_MAX - (int)strlen(UNFINISHED), name);
	compression->from_fd = openat(backups->folder_fd, compression->from,
				      O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	compression->to_fd = openat(backups->folder_fd, compression->unfinished,
				    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
				    backups->mode);
	r = compression->from_fd < 0 || compression->to_fd < 0 ? -errno : 0;
	if (r == 0 && deflateInit2(&compression->stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 8,
				   Z_DEFAULT_STRATEGY) != Z_OK)
		r = -ENOMEM;
	backups->compression = compression;
	if (r < 0)
		end_compression(backups, false);
	return r;
}

/* Of the ones that are not yet: the newest. */
static int compress_next(struct rotating_backups *backups, const name_list *names)
{
	for (size_t i = 0; i < names->len; i++) {
		if (str_ends(names->items[i], COMPRESSED))
			continue;
		return begin_compression(backups, names->items[i]);
	}
	backups->is_due = false;
	return 0;
}

/* 1: it is finished; 0: there is more; or -errno. */
static int compress_step(struct backup_compression *compression)
{
	z_stream *stream = &compression->stream;
	ssize_t len = read(compression->from_fd, compression->in, sizeof(compression->in));
	int flush = len == 0 ? Z_FINISH : Z_NO_FLUSH;
	int r;

	if (len < 0)
		return -errno;
	stream->next_in = compression->in;
	stream->avail_in = (uInt)len;
	do {
		stream->next_out = compression->out;
		stream->avail_out = sizeof(compression->out);
		(void)deflate(stream, flush);
		r = fd_write_all(compression->to_fd, compression->out,
				 sizeof(compression->out) - stream->avail_out);
	} while (r == 0 && stream->avail_out == 0);
	return r < 0 ? r : len == 0;
}

bool rotating_backups__work(struct rotating_backups *backups)
{
	name_list names = VEC_INIT;
	int r;

	if (backups->compression) {
		r = compress_step(backups->compression);
		if (r != 0)
			end_compression(backups, r > 0);
	} else if (backups->is_due) {
		r = list_backups(backups, &names);
		if (r == 0)
			remove_oldest(backups, &names);
		if (r == 0 && backups->compresses)
			r = compress_next(backups, &names);
		else
			backups->is_due = false;
		name_list__done(&names);
	} else {
		return false;
	}
	if (r < 0) {
		/* Not again before the next one is put aside: a disk that is full stays so for a while. */
		note(backups, -r);
		backups->is_due = false;
	}
	return backups->compression || backups->is_due;
}

void rotating_backups__done(struct rotating_backups *backups)
{
	if (backups->compression)
		end_compression(backups, false);
}
