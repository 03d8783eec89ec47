/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_KERNEL_MEMORY_CGROUP_H
#define TESTS_KERNEL_MEMORY_CGROUP_H

/*
 * A new cgroup with a limit of memory, of either version, and a child in it that wants more.
 * It owns the directories that it makes. Tests of probes that tell of memory call it.
 */

#include <stdbool.h>

struct memory_cgroup {
	char limit_dir[256]; /* where the limit is set; of version 1 on hybrid hosts */
	char name_dir
		[256]; /* of version 2: the name that the children's cgroup has; "" when there is none */
};

/* False when none is to be had here; errno says why. */
bool memory_cgroup__make(struct memory_cgroup *group);
/* How a child ended that touched more memory than it may have: wait status. */
int memory_cgroup__overrun(const struct memory_cgroup *group);
void memory_cgroup__remove(struct memory_cgroup *group);

#endif
