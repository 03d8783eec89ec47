/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_EVENT_FILE_H
#define SRC_PIPELINE_EVENT_FILE_H

/*
 * Events of policies on their way to a file that is put aside when it is full or old: filtered, made JSON, written. It owns
 * its filters and the file; policies and loop are borrowed. It subscribes when it is made, and hooks that tell nothing that
 * it could want go on counting in the kernel. `sonde agent` makes one.
 */

#include <stdint.h>
#include "base/err.h"
#include "filter/process_export.h"
#include "sink/rotating_file.h"

struct event_file;
struct loop;
struct policies;

struct event_file_options {
	struct policies *policies;
	struct loop *loop;
	struct rotating_file_options file;
	struct process_export_options export;
};

struct event_file_figures {
	uint64_t written; /* events, as far as the file took them */
	uint64_t dropped; /* for want of memory */
	struct process_export_figures export;
	struct rotating_file_figures file;
};

/* -EINVAL: a filter is wrong. */
int event_file__new(const struct event_file_options *options, struct event_file **ret_file,
		    struct err *err);
/* Writes what is there, and unsubscribes. Before the policies. */
struct event_file *event_file__free(struct event_file *file);
void event_file__figures(const struct event_file *file, struct event_file_figures *ret_figures);

#endif
