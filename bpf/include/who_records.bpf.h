/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_WHO_RECORDS_BPF_H
#define BPF_INCLUDE_WHO_RECORDS_BPF_H

/*
 * What the programs of who.bpf.c share: the table of processes, the ring, the figures, and how keys and tasks are filled in.
 * Only that file includes it, after kernel.bpf.h.
 */

#include "bpf/abi/who.h"

#include "task.bpf.h"

#define RING_BYTES (1u << 20)

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WHO_PROCESSES_MAX);
	__type(key, u32);
	__type(value, struct who_process);
} who_processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} who_records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct who_figures);
} who_figures SEC(".maps");

static __always_inline struct who_figures *figures(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&who_figures, &zero);
}

static __always_inline void count_lost(u32 kind)
{
	struct who_figures *all = figures();

	if (all)
		__sync_fetch_and_add(&all->lost[kind], 1);
}

static __always_inline void put_process(u32 tgid, const struct who_process *process, u64 flags)
{
	struct who_figures *all;

	/* An entry that is there already is no reason to count. */
	if (bpf_map_update_elem(&who_processes, &tgid, process, flags) == 0 ||
	    bpf_map_lookup_elem(&who_processes, &tgid))
		return;
	all = figures();
	if (all)
		__sync_fetch_and_add(&all->processes_full, 1);
}

static __always_inline void fill_header(struct who_header *header, u16 kind, u32 size, u64 now)
{
	header->size = size;
	header->kind = kind;
	header->version = WHO_VERSION;
	header->time_ns = now;
}

/* False when it is lost; that is counted. User space drains the ring on a timer; it is woken up only for a new cgroup,
 * which filters have to know before anything happens in it. */
static __always_inline bool send(void *record, u64 size, u32 kind)
{
	u64 wakeup = kind == WHO_RECORD_CGROUP_MADE ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;

	if (bpf_ringbuf_output(&who_records, record, size, wakeup) == 0)
		return true;
	count_lost(kind);
	return false;
}

static __always_inline void fill_key(struct who_key *key, u64 time_ns, u32 tgid)
{
	key->time_ns = time_ns;
	key->tgid = tgid;
	key->pad = 0;
}

/* The image that a process has at the moment. */
static __always_inline struct who_process *find_process(struct task_struct *task,
							struct who_key *ret_key)
{
	u32 tgid = task->tgid;
	struct who_process *process = bpf_map_lookup_elem(&who_processes, &tgid);
	u64 time_ns = task->group_leader->start_time;

	/* One load for both pointers, as the compiler would have it, is refused. */
	barrier_var(time_ns);
	if (process)
		time_ns = process->time_ns;
	fill_key(ret_key, time_ns, tgid);
	return process;
}

/* All but the keys. */
static __always_inline void fill_task(struct who_task *of, struct task_struct *task)
{
	of->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	of->flags = task->flags & PF_KTHREAD ? WHO_FLAG_KERNEL_THREAD : 0;
	of->tid = task->pid;
	of->own_pid = own_pid_of(task, &of->namespaces[WHO_NAMESPACE_PID]);
	of->pad = 0;
	fill_credentials(&of->credentials, task);
	fill_namespaces(of->namespaces, task);
}

static __always_inline u32 init_tree_flag(u32 own_pid, u32 before)
{
	return own_pid == 1 ? WHO_FLAG_IN_INIT_TREE : before & WHO_FLAG_IN_INIT_TREE;
}

static __always_inline void process_of_task(struct who_process *process,
					    const struct who_task *task, u64 binary_hash)
{
	process->time_ns = task->process.time_ns;
	process->parent_time_ns = task->parent.time_ns;
	process->parent_tgid = task->parent.tgid;
	process->flags = task->flags & WHO_FLAGS_KEPT;
	process->binary_hash = binary_hash;
	process->cgroup_id = task->cgroup_id;
	process->mntns = task->namespaces[WHO_NAMESPACE_MNT];
	process->netns = task->namespaces[WHO_NAMESPACE_NET];
}

#endif
