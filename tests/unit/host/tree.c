/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

void tree_make(struct tree *tree)
{
	const char *folder = getenv("TMPDIR");

	(void)snprintf(tree->root, sizeof(tree->root), "%s/sonde-tree-XXXXXX",
		       folder && strlen(folder) < 32 ? folder : "/tmp");
	assert_non_null(mkdtemp(tree->root));
	tree->fd = open(tree->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(tree->fd >= 0);
}

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *ftw)
{
	(void)status;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void tree_remove(struct tree *tree)
{
	(void)close(tree->fd);
	assert_int_equal(nftw(tree->root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void make_folders(const struct tree *tree, const char *path)
{
	char folder[PATH_MAX];

	for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
		(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		(void)mkdirat(tree->fd, folder, 0755); /* mostly there already */
	}
}

static void write_text(const struct tree *tree, const char *path, const char *text, int flags)
{
	int fd;

	make_folders(tree, path);
	fd = openat(tree->fd, path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

void tree_write(const struct tree *tree, const char *path, const char *text)
{
	write_text(tree, path, text, O_TRUNC);
}

void tree_append(const struct tree *tree, const char *path, const char *text)
{
	write_text(tree, path, text, O_APPEND);
}

unsigned long tree_mkdir(const struct tree *tree, const char *path)
{
	struct stat status;

	make_folders(tree, path);
	assert_int_equal(mkdirat(tree->fd, path, 0755), 0);
	assert_int_equal(fstatat(tree->fd, path, &status, 0), 0);
	return status.st_ino;
}

void tree_rmdir(const struct tree *tree, const char *path)
{
	assert_int_equal(unlinkat(tree->fd, path, AT_REMOVEDIR), 0);
}
