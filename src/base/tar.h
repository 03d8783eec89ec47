/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_TAR_H
#define SRC_BASE_TAR_H

/*
 * Reads a tar archive in memory, one file after another: POSIX ustar, with the long names of pax and GNU.
 * It owns nothing and writes nothing anywhere: a name is only ever compared. Readers of images use it.
 */

#include <stddef.h>
#include <stdint.h>

#define TAR_MAX_NAME 1024
#define TAR_MAX_ENTRIES 65536

struct tar {
	const uint8_t *data; /* borrowed */
	size_t len;
	size_t at;        /* of the next header */
	uint32_t entries; /* so far */
};

struct tar_file {
	char name[TAR_MAX_NAME]; /* without "./" before it */
	const void *data;        /* borrowed from the archive */
	size_t len;
};

/* Next regular file: 1; 0 at the end; -EINVAL: broken; -E2BIG: too many entries, or a name too long. */
int tar__next(struct tar *tar, struct tar_file *ret_file);
/* The first file of that name; 0, -ENOENT, or what is wrong before it. */
int tar_find(const void *data, size_t len, const char *name, struct tar_file *ret_file);

#endif
