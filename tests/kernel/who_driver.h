/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_KERNEL_WHO_DRIVER_H
#define TESTS_KERNEL_WHO_DRIVER_H

/*
 * The engine's object `who` with a table of processes behind it, without an agent around them.
 * The driver owns program, ring and table. Tests and benches open it, drain it and look into the table.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "config/spec.h"
#include "enrich/process.h"

struct event_source;
struct host;
struct program;

struct who_driver {
	struct program_spec spec;
	struct host *host;           /* owned */
	struct program *program;     /* owned */
	struct event_source *ring;   /* owned */
	struct process_table *table; /* owned */
	bool wants_environment;      /* set before open */
	/* Set before open, or NULL: every record that is not of a process. */
	void (*other)(void *ctx, const struct who_header *header, const void *record);
	void *ctx;
};

/* Loads, attaches, reads those that are there. 0 or -errno, -EPERM: not without root. Options: see enrich/process.h;
 * the host is the driver's own. */
int who_driver__open(struct who_driver *driver, const struct process_options *options,
		     struct err *err);
void who_driver__close(struct who_driver *driver);
/* Number of records or -errno. */
int who_driver__drain(struct who_driver *driver);
/* Drains until that child has ended and its exit was told; the status of waitpid(). */
int who_driver__wait(struct who_driver *driver, pid_t child);
struct who_figures who_driver__figures(const struct who_driver *driver);
/* The kernel's own entry. 0 or -ENOENT. */
int who_driver__kernel_process(const struct who_driver *driver, uint32_t tgid,
			       struct who_process *ret_process);

#endif
