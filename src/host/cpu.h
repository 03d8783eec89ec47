/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_HOST_CPU_H
#define SRC_HOST_CPU_H

/*
 * Lists of processors as the kernel writes them: "0-3,8".
 * A list owns its numbers. host.c reads the possible and the online ones.
 */

#include <stddef.h>
#include <stdint.h>

struct cpu_list {
	uint32_t *cpus; /* owned */
	size_t len, capacity;
};

#define CPU_LIST_INIT                                                                              \
	{                                                                                          \
		0                                                                                  \
	}

/* Adds what the file says. -EINVAL: it is no such list, or an empty one. */
int cpu_list__read(struct cpu_list *list, int root_fd, const char *path);
void cpu_list__done(struct cpu_list *list);

#endif
