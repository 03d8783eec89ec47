/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_HOST_PROC_PID_H
#define SRC_HOST_PROC_PID_H

/*
 * What /proc says of one process by its number: its file, its working directory, its arguments.
 * The caller owns what is read. enrich/ asks it for processes that are older than the agent.
 */

#include <stddef.h>
#include <stdint.h>

struct host;

#define PROC_PID_LINK_MAX 4097 /* a path and " (deleted)" is cut */

struct proc_pid {
	char exe[PROC_PID_LINK_MAX]; /* "" when it cannot be read, as that of a kernel thread */
	char cwd[PROC_PID_LINK_MAX];
	char *arguments; /* owned; a NUL after each, argv[0] first; NULL when there are none */
	size_t arguments_len;
};

/* 0, or -ESRCH: it is gone (or /proc cannot be read). Arguments beyond max bytes are not read at all. */
int host__proc_pid(const struct host *host, uint32_t pid, size_t max, struct proc_pid *ret_process);
void proc_pid__done(struct proc_pid *process);

#endif
