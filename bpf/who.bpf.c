/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who is there: processes and cgroups as they come and go. A table of processes for other programs of the engine, and a
 * ring of records, drained on a timer, from which user space keeps all that is told of a process.
 */
#include "kernel.bpf.h"

#include "who_records.bpf.h"

#include "wanted_cgroups.bpf.h"
#include "who_exec_texts.bpf.h"

/* Of containers that are wanted, for gadgets that filter so. sonde puts its own map in place of this one. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u64);
	__type(value, u32);
} wanted_mntns SEC(".maps");

/* That of the machine's first process, in which a container is not yet itself; 0 until who_seed has come by. */
volatile u32 host_mntns = 0;

struct cgroup_scratch {
	struct who_cgroup cgroup;
	char text[WHO_PATH_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2); /* of those that are made, of those that go */
	__type(key, u32);
	__type(value, struct cgroup_scratch);
} who_cgroup_scratch SEC(".maps");

/* ---- exec ------------------------------------------------------------------------------------- */

static __always_inline void fill_file(struct who_exec *exec, struct task_struct *task,
				      struct linux_binprm *bprm)
{
	struct inode *inode = bprm->file->f_inode;
	u32 mode = inode->i_mode;

	exec->inode = inode->i_ino;
	exec->links = inode->i_nlink;
	/* The bits mean nothing on a mount with nosuid, or under a tracer: it is the outcome that counts. */
	if (mode & S_ISUID && exec->task.credentials.euid == inode->i_uid.val)
		exec->task.flags |= WHO_FLAG_SETUID;
	if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
	    exec->task.credentials.egid == inode->i_gid.val)
		exec->task.flags |= WHO_FLAG_SETGID;
}

/* A second exec without a fork has the image before it as parent. */
static __always_inline void fill_exec_keys(struct who_task *of, struct task_struct *task, u64 now)
{
	u32 tgid = task->tgid;
	struct who_process *before = bpf_map_lookup_elem(&who_processes, &tgid);
	struct who_process *parent = before;

	fill_key(&of->process, now, tgid);
	if (before && before->flags & WHO_FLAG_EXEC)
		fill_key(&of->parent, before->time_ns, tgid);
	else if (before)
		fill_key(&of->parent, before->parent_time_ns, before->parent_tgid);
	else
		parent = find_process(task->real_parent, &of->parent);
	of->flags |= WHO_FLAG_EXEC | init_tree_flag(of->own_pid, parent ? parent->flags : 0);
}

/* In place, where the fork has put it: a quarter of the time of an update. Others may see half of it for an instant. */
static __always_inline void put_exec(const struct who_task *task, u64 binary_hash)
{
	u32 tgid = task->process.tgid;
	struct who_process *known = bpf_map_lookup_elem(&who_processes, &tgid);
	struct who_process process;

	if (known) {
		process_of_task(known, task, binary_hash);
		return;
	}
	process_of_task(&process, task, binary_hash);
	put_process(tgid, &process, BPF_ANY);
}

/* Before the first instruction of what a wanted container runs: user space hears of its namespace too late for that. */
static __always_inline void let_in(const struct who_task *task)
{
	u64 mntns = task->namespaces[WHO_NAMESPACE_MNT];
	u32 value = 1;

	if (!wanted_cgroup_bits || !host_mntns || mntns == host_mntns ||
	    !is_wanted_cgroup(task->cgroup_id))
		return;
	bpf_map_update_elem(&wanted_mntns, &mntns, &value, BPF_ANY);
}

/* The number of a namespace is free, and soon another's, once the container's first process is gone. */
static __always_inline void let_out(struct task_struct *task)
{
	u32 namespace;
	u64 mntns;

	if (!wanted_cgroup_bits || own_pid_of(task, &namespace) != 1)
		return;
	mntns = task->nsproxy->mnt_ns->ns.inum;
	if (mntns != host_mntns)
		bpf_map_delete_elem(&wanted_mntns, &mntns);
}

/* What execveat() runs by its descriptor alone is called /dev/fd/N: eight bytes, and the number. */
static __always_inline bool is_descriptor(const struct exec_scratch *scratch)
{
	static const char prefix[8] = "/dev/fd/";
	u64 expected, begin = *(const u64 *)scratch->text;

	__builtin_memcpy(&expected, prefix, sizeof(expected));
	return scratch->exec.filename_size > sizeof(prefix) && begin == expected;
}

static __always_inline void fill_texts(struct exec_scratch *scratch, struct task_struct *task,
				       struct linux_binprm *bprm)
{
	struct who_exec *exec = &scratch->exec;

	exec->interpreter_size = exec->file_size = exec->piece_size = 0;
	if (bprm->interp != bprm->filename)
		exec->interpreter_size = add_string(scratch, bprm->interp);
	add_cwd(scratch, task);
	if (exec->links == 0 || is_descriptor(scratch))
		add_file(scratch, bprm->file);
	add_environment(exec, task);
	add_arguments(scratch, task);
}

static __always_inline void send_exec(struct exec_scratch *scratch)
{
	u64 text_size = scratch->at;

	barrier_var(text_size);
	if (text_size > TEXT_MAX)
		return;
	scratch->exec.header.size = sizeof(scratch->exec) + text_size;
	send(&scratch->exec, sizeof(scratch->exec) + text_size, WHO_RECORD_EXEC);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(who_exec, struct task_struct *task, s32 old_tid, struct linux_binprm *bprm)
{
	struct exec_scratch *scratch;
	struct who_exec *exec;
	u32 zero = 0;

	scratch = bpf_map_lookup_elem(&who_exec_scratch, &zero);
	if (!scratch)
		return 0;
	exec = &scratch->exec;
	fill_header(&exec->header, WHO_RECORD_EXEC, 0, bpf_ktime_get_ns());
	fill_task(&exec->task, task);
	fill_exec_keys(&exec->task, task, exec->header.time_ns);
	exec->task.tid = old_tid;
	if (old_tid != task->tgid)
		exec->task.flags |= WHO_FLAG_THREAD_EXEC;
	fill_file(exec, task, bprm);

	scratch->at = 0;
	exec->filename_size = add_string(scratch, bprm->filename);
	if (exec->filename_size == 0)
		exec->task.flags |= WHO_FLAG_FILENAME_ERROR;
	exec->binary_hash = hash_filename();
	put_exec(&exec->task, exec->binary_hash);
	let_in(&exec->task);
	fill_texts(scratch, task, bprm);
	send_exec(scratch);
	return 0;
}

/* ---- fork and exit ---------------------------------------------------------------------------- */

SEC("tp_btf/sched_process_fork")
int BPF_PROG(who_fork, struct task_struct *parent, struct task_struct *child)
{
	struct who_process process = { 0 }, *before;
	struct who_fork *record;
	struct who_key key;
	u32 own_pid, namespace;

	if (child->pid != child->tgid)
		return 0;
	/* Not the one that called: CLONE_PARENT makes a sibling of it. */
	before = find_process(child->real_parent, &key);
	own_pid = own_pid_of(child, &namespace);
	process.time_ns = child->start_time;
	process.parent_time_ns = key.time_ns;
	process.parent_tgid = key.tgid;
	process.flags = child->flags & PF_KTHREAD ? WHO_FLAG_KERNEL_THREAD : 0;
	process.flags |= init_tree_flag(own_pid, before ? before->flags : 0);
	process.binary_hash = before ? before->binary_hash : 0;
	process.cgroup_id = child->cgroups->dfl_cgrp->kn->id;
	process.mntns = child->nsproxy->mnt_ns->ns.inum;
	process.netns = child->nsproxy->net_ns->ns.inum;
	put_process(child->tgid, &process, BPF_ANY);

	record = bpf_ringbuf_reserve(&who_records, sizeof(*record), 0);
	if (!record) {
		count_lost(WHO_RECORD_FORK);
		return 0;
	}
	fill_header(&record->header, WHO_RECORD_FORK, sizeof(*record), bpf_ktime_get_ns());
	fill_key(&record->process, process.time_ns, child->tgid);
	record->parent = key;
	record->cgroup_id = process.cgroup_id;
	record->flags = process.flags;
	record->own_pid = own_pid;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(who_exit, struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	struct who_exit *record;
	u32 tgid = task->tgid;
	struct who_key key;

	if (signal->live.counter != 0)
		return 0;
	find_process(task, &key);
	bpf_map_delete_elem(&who_processes, &tgid);
	let_out(task);

	record = bpf_ringbuf_reserve(&who_records, sizeof(*record), 0);
	if (!record) {
		count_lost(WHO_RECORD_EXIT);
		return 0;
	}
	fill_header(&record->header, WHO_RECORD_EXIT, sizeof(*record), bpf_ktime_get_ns());
	record->process = key;
	/* As wait_task_zombie() has it. */
	record->code = signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code
							 : task->group_leader->exit_code;
	record->tid = task->pid;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

/* ---- from cgroup to cgroup -------------------------------------------------------------------- */

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(who_moved, struct cgroup *to, const char *path, struct task_struct *task,
	     bool is_whole)
{
	struct who_process *process;
	struct who_moved *record;
	struct who_key key;

	/* Of threads that go alone the first stands for the process. */
	if (to->root->hierarchy_id != 0 || (!is_whole && task->pid != task->tgid))
		return 0;
	process = find_process(task, &key);
	if (process)
		process->cgroup_id = to->kn->id;
	record = bpf_ringbuf_reserve(&who_records, sizeof(*record), 0);
	if (!record) {
		count_lost(WHO_RECORD_MOVED);
		return 0;
	}
	fill_header(&record->header, WHO_RECORD_MOVED, sizeof(*record), bpf_ktime_get_ns());
	record->process = key;
	record->cgroup_id = to->kn->id;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

/* ---- those that are there already ------------------------------------------------------------- */

/*
 * Processes that the programs above have told are left out: their records are in the ring. A row that has no room in the
 * reader's buffer is asked for again, so those with the flag are told as often as they are asked for.
 */
SEC("iter/task")
int who_seed(struct bpf_iter__task *ctx)
{
	struct who_process process, *known;
	struct task_struct *task = ctx->task;
	struct who_seed seed = { 0 };
	u32 tgid;

	if (!task || task->pid != task->tgid || task->signal->live.counter == 0)
		return 0;
	tgid = task->tgid;
	known = bpf_map_lookup_elem(&who_processes, &tgid);
	if (known && !(known->flags & WHO_FLAG_SEED))
		return 0;
	fill_header(&seed.header, WHO_RECORD_SEED, sizeof(seed), bpf_ktime_get_ns());
	fill_task(&seed.task, task);
	/* The first process, or where that is not to be seen the first thread of the kernel, which has its namespaces. */
	if (tgid == 1 || (tgid == 2 && !host_mntns))
		host_mntns = seed.task.namespaces[WHO_NAMESPACE_MNT];
	fill_key(&seed.task.process, task->start_time, tgid);
	find_process(task->real_parent, &seed.task.parent);
	seed.task.flags |= WHO_FLAG_EXEC | WHO_FLAG_SEED | init_tree_flag(seed.task.own_pid, 0);
	bpf_probe_read_kernel_str(seed.comm, sizeof(seed.comm), task->comm);
	process_of_task(&process, &seed.task, 0);
	put_process(tgid, &process, BPF_NOEXIST);
	/* It may have ended since: then the program for that has deleted nothing. */
	if (task->signal->live.counter == 0)
		bpf_map_delete_elem(&who_processes, &tgid);
	bpf_seq_write(ctx->meta->seq, &seed, sizeof(seed));
	return 0;
}

/* ---- cgroups ---------------------------------------------------------------------------------- */

static __always_inline int send_cgroup(u32 kind, struct cgroup *cgroup, const char *path)
{
	u32 index = kind - WHO_RECORD_CGROUP_MADE;
	struct cgroup_scratch *scratch;
	struct who_cgroup *record;
	s64 len;

	scratch = bpf_map_lookup_elem(&who_cgroup_scratch, &index);
	if (!scratch)
		return 0;
	record = &scratch->cgroup;
	len = bpf_probe_read_kernel_str(scratch->text, sizeof(scratch->text), path);
	if (len < 0)
		len = 0;
	barrier_var(len);
	if (len > (s64)sizeof(scratch->text))
		return 0;
	fill_header(&record->header, kind, sizeof(*record) + len, bpf_ktime_get_ns());
	record->id = cgroup->kn->id;
	record->parent_id = cgroup->self.parent->cgroup->kn->id;
	record->hierarchy = cgroup->root->hierarchy_id;
	record->level = cgroup->level;
	record->path_size = len;
	record->pad = 0;
	send(scratch, sizeof(*record) + (u64)len, kind);
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(who_cgroup_made, struct cgroup *cgroup, const char *path)
{
	return send_cgroup(WHO_RECORD_CGROUP_MADE, cgroup, path);
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(who_cgroup_removed, struct cgroup *cgroup, const char *path)
{
	return send_cgroup(WHO_RECORD_CGROUP_REMOVED, cgroup, path);
}

char LICENSE[] SEC("license") = "GPL";
