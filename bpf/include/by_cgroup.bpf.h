/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_BY_CGROUP_BPF_H
#define BPF_INCLUDE_BY_CGROUP_BPF_H

/*
 * A probe's option to tell its numbers by cgroup (the parameter `by_cgroup` of its YAML, `sonde run --by cgroup`). While it
 * is off, what is counted by a few values of a label is counted in a per-CPU array; when it is on, in a hash by cgroup and
 * label. The verifier knows the constant and drops the other half of the program.
 * A hash for all CPUs: one of them for each takes their number times the memory, and rows of buckets are long.
 * Include kernel.bpf.h and maps.bpf.h first.
 */

#define CGROUP_ROWS_MAX 2048

const volatile bool by_cgroup = false;

struct cgroup_key {
	u64 cgroup;
	u64 label;
};

/* The cgroup of version 2 that a task is in, as bpf_get_current_cgroup_id() has it of the current one. Only for tasks
 * that a tp_btf program was given. */
static __always_inline u64 cgroup_of_task(struct task_struct *task)
{
	return task->cgroups->dfl_cgrp->kn->id;
}

#endif
