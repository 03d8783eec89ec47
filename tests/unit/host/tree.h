/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_HOST_TREE_H
#define TESTS_UNIT_HOST_TREE_H

/*
 * A small machine of files: a temporary directory that tests fill and give to host/ as its root.
 * It owns the directory and everything in it. Tests of host/ and decode/ make one each; failures end the test.
 */

struct tree {
	char root[64];
	int fd; /* of the root */
};

void tree_make(struct tree *tree);
void tree_remove(struct tree *tree);
/* Writes a file (or replaces it); directories on the way are made. */
void tree_write(const struct tree *tree, const char *path, const char *text);
void tree_append(const struct tree *tree, const char *path, const char *text);
/* Makes a directory and those on the way; its inode number. */
unsigned long tree_mkdir(const struct tree *tree, const char *path);
void tree_rmdir(const struct tree *tree, const char *path);

#endif
