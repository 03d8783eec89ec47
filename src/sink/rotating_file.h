/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_ROTATING_FILE_H
#define SRC_SINK_ROTATING_FILE_H

/*
 * A file of lines that is put aside when it is full or old: NAME.EXT becomes NAME-2006-01-02T15-04-05.000.EXT, the oldest of
 * those leave, and where it is asked for they are compressed, a piece at a time. It owns its descriptors. pipeline/ writes
 * events to it and calls rotating_file__work() from a timer.
 *
 * A disk that fails or is full does not stop anybody: what could not be written is counted, no line is left torn where
 * that can be helped, and the file is opened again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/err.h"

struct rotating_file;

struct rotating_file_options {
	const char *path;     /* its folder is made when it is not there */
	uint64_t max_bytes;   /* 0: ROTATING_FILE_MAX_BYTES; a longer line has a file of its own */
	uint32_t max_backups; /* 0: all are kept */
	int64_t interval_ns; /* it is put aside so often, if there is anything in it; 0: only when full */
	bool compresses; /* backups, with gzip */
	mode_t mode;     /* of the files; 0: 0600 */
};

#define ROTATING_FILE_MAX_BYTES (10u << 20)

struct rotating_file_figures {
	uint64_t written_bytes;
	uint64_t lost_lines, lost_bytes; /* that could not be written */
	uint64_t rotations, compressed, removed;
	uint64_t failures; /* of any kind */
	int last_error;    /* errno of the last one */
};

/* now_ns: monotonic, here and below. -errno: it cannot be opened. */
int rotating_file__new(const struct rotating_file_options *options, int64_t now_ns,
		       struct rotating_file **ret_file, struct err *err);
/* What is being compressed stays as it was. */
struct rotating_file *rotating_file__free(struct rotating_file *file);
/* Whole lines, each with its end. */
void rotating_file__write(struct rotating_file *file, const char *lines, size_t len,
			  int64_t now_ns);
/* Puts it aside when its time has come, and takes a step of what is left to do with backups. True: there is more. */
bool rotating_file__work(struct rotating_file *file, int64_t now_ns);
void rotating_file__figures(const struct rotating_file *file,
			    struct rotating_file_figures *ret_figures);

#endif
