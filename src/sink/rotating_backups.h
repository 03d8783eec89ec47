/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_ROTATING_BACKUPS_H
#define SRC_SINK_ROTATING_BACKUPS_H

/*
 * The files that a rotating file has put aside: their names, which of them leave, and compressing them in steps so small
 * that nobody waits. It owns what is being compressed; the folder's descriptor is borrowed. Only rotating_file.c uses it.
 */

#include <limits.h>
#include "base/err.h"
#include "sink/rotating_file.h"

struct backup_compression;

struct rotating_backups {
	int folder_fd;             /* borrowed */
	char stem[NAME_MAX + 1];   /* "events-" */
	char ending[NAME_MAX + 1]; /* ".log" */
	uint32_t max;              /* 0: all are kept */
	bool compresses;
	mode_t mode;
	bool is_due; /* there may be some that leave, or are to be compressed */
	struct backup_compression *compression; /* owned; NULL: none is going on */
	struct rotating_file_figures *figures;  /* borrowed */
};

/* name: of the file. -ENAMETOOLONG. */
int rotating_backups__init(struct rotating_backups *backups, const char *name);
void rotating_backups__done(struct rotating_backups *backups);
/* The name that a file put aside now gets; one that is not there yet. */
int rotating_backups__name(const struct rotating_backups *backups, int64_t wall_ns,
			   char name[NAME_MAX + 1]);
/* A step; true: there is more. */
bool rotating_backups__work(struct rotating_backups *backups);

#endif
