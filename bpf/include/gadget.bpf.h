/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_GADGET_BPF_H
#define BPF_INCLUDE_GADGET_BPF_H

/*
 * What our own gadgets begin with: kernel types, the language, and its filters. Containers are filtered by cgroup and not
 * by mount namespace, so that units, users and the rest of the machine can be as well.
 * Records are made in the ring itself, and nobody is woken up for one: user space drains rings on a timer.
 */

#include "kernel.bpf.h"

#include "wanted_cgroups.bpf.h"

#define GADGET_NO_BUF_RESERVE /* no perf buffers: every kernel that has what we hook into has rings */
#include <gadget/buffer.h>
#include <gadget/macros.h>
#include <gadget/thread_filter.h>
#include <gadget/types.h>

/* Ask first, before anything is measured. */
static __always_inline bool is_wanted(void)
{
	return is_current_wanted() && !gadget_should_discard_current_thread();
}

/* The same of a task that an iterator has come to. */
static __always_inline bool is_task_wanted(struct task_struct *task)
{
	char comm[TASK_COMM_LEN];

	if (wanted_cgroup_bits && !is_wanted_cgroup(task->cgroups->dfl_cgrp->kn->id))
		return false;
	bpf_probe_read_kernel_str(comm, sizeof(comm), task->comm);
	return !gadget_should_discard_thread(task->tgid, task->pid, comm, task->cred->uid.val,
					     task->cred->gid.val);
}

/* Room for a record in the ring `map`; NULL when there is none, which has been counted. Ends with submit_record(), or
 * bpf_ringbuf_discard(). */
#define reserve_record(map, size) reserve_record_(map, map##_lost_samples, size)

static __always_inline void *reserve_record_(void *map, void *losses, u64 size)
{
	void *record = bpf_ringbuf_reserve(map, size, 0);

	if (!record)
		gadget_count_loss(losses);
	return record;
}

static __always_inline void submit_record(void *record)
{
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

/* A record of no fixed length, from elsewhere. */
#define output_record(map, record, size) output_record_(map, map##_lost_samples, record, size)

static __always_inline void output_record_(void *map, void *losses, void *record, u64 size)
{
	if (bpf_ringbuf_output(map, record, size, BPF_RB_NO_WAKEUP) != 0)
		gadget_count_loss(losses);
}

/* Of a kernel object that is read by calls, on kernels that have no typed pointer to it. */
static __always_inline void fill_process_by_calls(struct gadget_process *process)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct task_struct *parent = BPF_CORE_READ(task, real_parent);

	process->mntns_id = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	process->parent.pid = BPF_CORE_READ(parent, tgid);
	process->parent.tid = BPF_CORE_READ(parent, pid);
	BPF_CORE_READ_STR_INTO(&process->parent.comm, parent, comm);
}

static __always_inline void fill_process_typed(struct gadget_process *process)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *parent = task->real_parent;

	/* An ending thread has no namespaces any more: that reads as 0. */
	process->mntns_id = task->nsproxy->mnt_ns->ns.inum;
	process->parent.pid = parent->tgid;
	process->parent.tid = parent->pid;
	bpf_probe_read_kernel_str(process->parent.comm, sizeof(process->parent.comm), parent->comm);
}

/* The running thread: as gadget_process_populate(), in a third of the calls. */
static __always_inline void fill_process(struct gadget_process *process)
{
	u64 pid_tgid = bpf_get_current_pid_tgid(), uid_gid = bpf_get_current_uid_gid();

	bpf_get_current_comm(process->comm, sizeof(process->comm));
	process->pid = pid_tgid >> 32;
	process->tid = (u32)pid_tgid;
	process->creds.uid = (u32)uid_gid;
	process->creds.gid = uid_gid >> 32;
	if (has_typed_task())
		fill_process_typed(process);
	else
		fill_process_by_calls(process);
}

/* A task that an iterator has come to. */
static __always_inline void fill_process_of(struct gadget_process *process,
					    struct task_struct *task)
{
	struct task_struct *parent = task->real_parent;

	bpf_probe_read_kernel_str(process->comm, sizeof(process->comm), task->comm);
	process->pid = task->tgid;
	process->tid = task->pid;
	process->mntns_id = task->nsproxy->mnt_ns->ns.inum;
	process->creds.uid = task->cred->uid.val;
	process->creds.gid = task->cred->gid.val;
	bpf_probe_read_kernel_str(process->parent.comm, sizeof(process->parent.comm), parent->comm);
	process->parent.pid = parent->tgid;
	process->parent.tid = parent->pid;
}

#endif
