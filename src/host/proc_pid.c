/* SPDX-License-Identifier: Apache-2.0 */
#include "host/proc_pid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "host/host.h"

static void read_link(int folder, const char *name, char link[PROC_PID_LINK_MAX])
{
	ssize_t len = readlinkat(folder, name, link, PROC_PID_LINK_MAX - 1);

	link[len > 0 ? len : 0] = '\0';
}

int host__proc_pid(const struct host *host, uint32_t pid, size_t max, struct proc_pid *ret_process)
{
	__cleanup(fd_closep) int folder = -1;
	char path[32];

	(void)snprintf(path, sizeof(path), "proc/%u", pid);
	folder = openat(host__root_fd(host), path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -ESRCH;
	read_link(folder, "exe", ret_process->exe);
	read_link(folder, "cwd", ret_process->cwd);
	ret_process->arguments = NULL;
	ret_process->arguments_len = 0;
	(void)fd_read_all(folder, "cmdline", max, &ret_process->arguments,
			  &ret_process->arguments_len); /* then it has none */
	return 0;
}

void proc_pid__done(struct proc_pid *process)
{
	free(process->arguments);
	process->arguments = NULL;
	process->arguments_len = 0;
}
