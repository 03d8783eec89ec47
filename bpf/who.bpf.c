/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who is there: processes and cgroups as they come and go. A table of processes for other programs of the engine, and a
 * ring of records, drained on a timer, from which user space keeps all that is told of a process.
 */
#include "kernel.bpf.h"

#include "bpf/abi/who.h"
#include "wanted_cgroups.bpf.h"

#define PROCESSES_MAX 32768
#define RING_BYTES (1u << 20)
#define COMPONENTS_MAX 48 /* of a path, with the mount points on the way */
#define COMPONENT_MAX 256 /* NAME_MAX and its NUL */
#define TEXT_MAX (2 * WHO_FILENAME_MAX + 2 * WHO_PATH_MAX + WHO_ARGUMENTS_PIECE)
#define HASH_WORDS (WHO_FILENAME_MAX / 8)

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PROCESSES_MAX);
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

/* Of containers that are wanted, for gadgets that filter so. sonde puts its own map in place of this one. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u64);
	__type(value, u32);
} wanted_mntns SEC(".maps");

/* That of the machine's first process, in which a container is not yet itself; 0 until who_seed has come by. */
volatile u32 host_mntns = 0;

/* Whether records have the environment: it is long, and full of secrets. */
const volatile bool who_wants_environment = false;

/* Where records of no fixed length are put together. One for each program: where kernels let programs on tracepoints be
 * preempted, it is by another one. */
struct path_walk {
	struct dentry *dentry;
	struct vfsmount *mount;
	struct dentry *root_dentry; /* where paths of the process begin */
	struct vfsmount *root_mount;
	u64 begin; /* in the text */
};

/*
 * `at`, where the next text goes, is here and not in a variable: of what comes out of memory the verifier knows nothing,
 * so that it need not go through all that follows once more for every way that led there.
 */
struct exec_scratch {
	struct path_walk walk;
	u64 at;
	struct who_exec exec;
	char text[TEXT_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct exec_scratch);
} who_exec_scratch SEC(".maps");

struct arguments_scratch {
	struct who_arguments arguments;
	char text[WHO_ARGUMENTS_PIECE];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct arguments_scratch);
} who_arguments_scratch SEC(".maps");

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

/* ---- helpers ---------------------------------------------------------------------------------- */

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

/* The number of a process in its own pid namespace; 0 in the first one. */
static __always_inline u32 own_pid_of(struct task_struct *task, u32 *ret_namespace)
{
	struct pid *pid = task->group_leader->thread_pid;
	u32 level = pid->level;
	struct upid *upid;

	if (level == 0) {
		*ret_namespace = pid->numbers[0].ns->ns.inum;
		return 0;
	}
	/* As a number: before 5.11 the verifier lets nothing that it does not know be added to a typed pointer. */
	bpf_core_read(&pid, sizeof(pid), &task->group_leader->thread_pid);
	upid = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       (u64)level * bpf_core_type_size(struct upid);
	*ret_namespace = BPF_CORE_READ(upid, ns, ns.inum);
	return BPF_CORE_READ(upid, nr);
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

#define OLD_CAPABILITIES(of) ((of).cap[0] | (u64)(of).cap[1] << 32)

static __always_inline void fill_credentials(struct who_credentials *credentials,
					     struct task_struct *task)
{
	const struct cred *cred = task->cred;

	credentials->uid = cred->uid.val;
	credentials->gid = cred->gid.val;
	credentials->euid = cred->euid.val;
	credentials->egid = cred->egid.val;
	credentials->suid = cred->suid.val;
	credentials->sgid = cred->sgid.val;
	credentials->fsuid = cred->fsuid.val;
	credentials->fsgid = cred->fsgid.val;
	credentials->securebits = cred->securebits;
	credentials->auid = bpf_core_field_exists(task->loginuid) ? task->loginuid.val
								  : WHO_UID_UNSET;
	if (bpf_core_field_exists(cred->cap_permitted.val)) {
		credentials->permitted = cred->cap_permitted.val;
		credentials->effective = cred->cap_effective.val;
		credentials->inheritable = cred->cap_inheritable.val;
	} else {
		const struct cred___before_6_3 *old = (const void *)cred;

		credentials->permitted = OLD_CAPABILITIES(old->cap_permitted);
		credentials->effective = OLD_CAPABILITIES(old->cap_effective);
		credentials->inheritable = OLD_CAPABILITIES(old->cap_inheritable);
	}
}

static __always_inline void fill_namespaces(u32 *namespaces, struct task_struct *task)
{
	struct nsproxy *proxy = task->nsproxy;

	namespaces[WHO_NAMESPACE_UTS] = proxy->uts_ns->ns.inum;
	namespaces[WHO_NAMESPACE_IPC] = proxy->ipc_ns->ns.inum;
	namespaces[WHO_NAMESPACE_MNT] = proxy->mnt_ns->ns.inum;
	namespaces[WHO_NAMESPACE_PID_FOR_CHILDREN] = proxy->pid_ns_for_children->ns.inum;
	namespaces[WHO_NAMESPACE_NET] = proxy->net_ns->ns.inum;
	namespaces[WHO_NAMESPACE_TIME] = proxy->time_ns->ns.inum;
	namespaces[WHO_NAMESPACE_TIME_FOR_CHILDREN] = proxy->time_ns_for_children->ns.inum;
	namespaces[WHO_NAMESPACE_CGROUP] = proxy->cgroup_ns->ns.inum;
	namespaces[WHO_NAMESPACE_USER] = task->cred->user_ns->ns.inum;
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

/* ---- exec: texts ------------------------------------------------------------------------------ */

/* A text of the kernel; its length with the NUL, 0 when it cannot be read. */
static __always_inline u32 add_string(struct exec_scratch *scratch, const char *string)
{
	u64 at = scratch->at;
	s64 len;

	barrier_var(at);
	if (at > TEXT_MAX - WHO_FILENAME_MAX)
		return 0;
	len = bpf_probe_read_kernel_str(scratch->text + at, WHO_FILENAME_MAX, string);
	if (len < 0)
		return 0;
	scratch->at = at + len;
	return len;
}

struct unaligned_word {
	u64 value;
} __attribute__((packed));

/* Of the file name, which is what the texts begin with. */
static __always_inline u64 hash_filename(struct exec_scratch *scratch)
{
	u64 size = scratch->exec.filename_size;
	u64 hash = WHO_HASH_BEGIN;

	barrier_var(size);
	if (size == 0 || size > WHO_FILENAME_MAX)
		return 0;
	((struct unaligned_word *)(scratch->text + size))->value = 0;
	for (u32 i = 0; i < HASH_WORDS; i++) {
		if (i * 8 >= size - 1)
			break;
		hash = who_hash_step(hash, ((const u64 *)scratch->text)[i]);
	}
	return hash;
}

#define CLIMB_DONE 0
#define CLIMB_MOUNT 1 /* at the root of the mount, and not at that of the process */
#define CLIMB_CUT 2
#define CLIMB_ERROR 3

/* A component at scratch->at. */
static __always_inline u32 add_component(struct exec_scratch *scratch, const unsigned char *name)
{
	u64 at = scratch->at, begin = scratch->walk.begin;
	s64 len;

	barrier_var(at);
	if (at > TEXT_MAX - COMPONENT_MAX || at - begin > WHO_PATH_MAX - COMPONENT_MAX)
		return CLIMB_CUT;
	len = bpf_probe_read_kernel_str(scratch->text + at, COMPONENT_MAX, name);
	if (len < 0)
		return CLIMB_ERROR;
	scratch->at = at + len;
	return CLIMB_DONE;
}

/*
 * What the walks keep from round to round is in the scratch: so the verifier knows as little of it in each round as in
 * the one before, and goes through the loop once per round and not once per way through it.
 * Within one mount, by typed pointers: a step is a load and not a call.
 */
static __noinline u32 climb_mount(struct exec_scratch *scratch, struct dentry *dentry,
				  struct vfsmount *mount)
{
	bool is_root_mount = mount == scratch->walk.root_mount;
	struct dentry *top = mount->mnt_root;

	for (u32 i = 0; i < COMPONENTS_MAX; i++) {
		struct dentry *parent;
		u32 r;

		barrier();
		if (is_root_mount && dentry == scratch->walk.root_dentry)
			return CLIMB_DONE;
		if (dentry == top) {
			scratch->walk.dentry = top;
			scratch->walk.mount = mount;
			return CLIMB_MOUNT;
		}
		r = add_component(scratch, dentry->d_name.name);
		if (r != CLIMB_DONE)
			return r;
		parent = dentry->d_parent;
		/* of a file without a place in a tree, as a memfd is */
		if (parent == dentry)
			return CLIMB_DONE;
		dentry = parent;
	}
	return CLIMB_CUT;
}

/* From there on through all mounts, whose structs are around what is pointed to: only calls can read those. */
static __noinline u32 climb_mounts(struct exec_scratch *scratch)
{
	struct path_walk *walk = &scratch->walk;

	for (u32 i = 0; i < COMPONENTS_MAX; i++) {
		struct dentry *dentry;
		struct vfsmount *mount;
		u32 r;

		barrier();
		dentry = walk->dentry;
		mount = walk->mount;
		if (dentry == walk->root_dentry && mount == walk->root_mount)
			return CLIMB_DONE;
		if (dentry == BPF_CORE_READ(mount, mnt_root)) {
			struct mount *inner = (void *)mount -
					      bpf_core_field_offset(struct mount, mnt);
			struct mount *outer = BPF_CORE_READ(inner, mnt_parent);

			if (outer == inner)
				return CLIMB_DONE;
			walk->dentry = BPF_CORE_READ(inner, mnt_mountpoint);
			walk->mount = (void *)outer + bpf_core_field_offset(struct mount, mnt);
			continue;
		}
		r = add_component(scratch, BPF_CORE_READ(dentry, d_name.name));
		if (r != CLIMB_DONE)
			return r;
		walk->dentry = BPF_CORE_READ(dentry, d_parent);
		if (walk->dentry == dentry)
			return CLIMB_DONE;
	}
	return CLIMB_CUT;
}

/* The length of the pieces; *ret_flags: what was not to be had. */
static __always_inline u32 walk_path(struct exec_scratch *scratch, struct task_struct *task,
				     struct dentry *dentry, struct vfsmount *mount, u32 *ret_flags)
{
	u32 r;

	scratch->walk.root_dentry = task->fs->root.dentry;
	scratch->walk.root_mount = task->fs->root.mnt;
	scratch->walk.begin = scratch->at;
	r = climb_mount(scratch, dentry, mount);
	if (r == CLIMB_MOUNT)
		r = climb_mounts(scratch);
	if (r == CLIMB_CUT)
		*ret_flags = WHO_FLAG_CWD_CUT;
	if (r == CLIMB_ERROR) {
		*ret_flags = WHO_FLAG_CWD_ERROR;
		scratch->at = scratch->walk.begin;
	}
	return scratch->at - scratch->walk.begin;
}

static __always_inline void add_cwd(struct exec_scratch *scratch, struct task_struct *task)
{
	u32 flags = 0;
	u32 size = walk_path(scratch, task, task->fs->pwd.dentry, task->fs->pwd.mnt, &flags);

	scratch->exec.cwd_size = size;
	if (size == 0 && flags == 0)
		flags = WHO_FLAG_ROOT_CWD;
	scratch->exec.task.flags |= flags;
}

/* Where the file was, or what a memfd is called: its name in exec's arguments is no longer, or never was. */
static __always_inline void add_file(struct exec_scratch *scratch, struct task_struct *task,
				     struct file *file)
{
	u32 flags = 0;

	scratch->exec.file_size = walk_path(scratch, task, file->f_path.dentry, file->f_path.mnt,
					    &flags);
}

/* Up to a piece of arguments goes into the exec record, what is before it into records of their own. How far it got is in
 * exec.arguments_size: in memory for the reason above. */
static __noinline u32 send_pieces(struct who_exec *exec, u64 begin, u64 size)
{
	struct arguments_scratch *scratch;
	u32 zero = 0;

	scratch = bpf_map_lookup_elem(&who_arguments_scratch, &zero);
	if (!scratch)
		return 0;
	fill_header(&scratch->arguments.header, WHO_RECORD_ARGUMENTS, sizeof(*scratch),
		    exec->header.time_ns);
	scratch->arguments.process = exec->task.process;
	scratch->arguments.piece_size = WHO_ARGUMENTS_PIECE;
	for (u32 i = 0; i < WHO_ARGUMENTS_PIECES; i++) {
		u64 offset;

		barrier();
		offset = exec->arguments_size;
		if (size - offset <= WHO_ARGUMENTS_PIECE)
			break;
		scratch->arguments.offset = offset;
		if (bpf_probe_read_user(scratch->text, WHO_ARGUMENTS_PIECE,
					(const void *)(begin + offset)) < 0) {
			exec->task.flags |= WHO_FLAG_ARGUMENTS_ERROR;
			break;
		}
		if (!send(scratch, sizeof(*scratch), WHO_RECORD_ARGUMENTS)) {
			exec->task.flags |= WHO_FLAG_ARGUMENTS_CUT;
			break;
		}
		exec->arguments_size = offset + WHO_ARGUMENTS_PIECE;
	}
	return 0;
}

/* All of it in records of its own, for few ask. How far it got is in exec.environment_size. */
static __noinline u32 send_environment(struct who_exec *exec, u64 begin, u64 size)
{
	struct arguments_scratch *scratch;
	u32 zero = 0;

	scratch = bpf_map_lookup_elem(&who_arguments_scratch, &zero);
	if (!scratch)
		return 0;
	for (u32 i = 0; i < WHO_ARGUMENTS_PIECES; i++) {
		u64 offset, piece;

		barrier();
		offset = exec->environment_size;
		piece = size - offset;
		if (piece > WHO_ARGUMENTS_PIECE)
			piece = WHO_ARGUMENTS_PIECE;
		if (piece == 0)
			return 0;
		barrier_var(piece);
		if (piece > WHO_ARGUMENTS_PIECE)
			return 0;
		fill_header(&scratch->arguments.header, WHO_RECORD_ENVIRONMENT,
			    sizeof(scratch->arguments) + piece, exec->header.time_ns);
		scratch->arguments.process = exec->task.process;
		scratch->arguments.offset = offset;
		scratch->arguments.piece_size = piece;
		if (bpf_probe_read_user(scratch->text, piece, (const void *)(begin + offset)) < 0) {
			exec->task.flags |= WHO_FLAG_ENVIRONMENT_ERROR;
			return 0;
		}
		if (!send(scratch, sizeof(scratch->arguments) + piece, WHO_RECORD_ENVIRONMENT)) {
			exec->task.flags |= WHO_FLAG_ENVIRONMENT_CUT;
			return 0;
		}
		exec->environment_size = offset + piece;
	}
	if (exec->environment_size < size)
		exec->task.flags |= WHO_FLAG_ENVIRONMENT_CUT;
	return 0;
}

static __always_inline void add_environment(struct who_exec *exec, struct task_struct *task)
{
	u64 begin = task->mm->env_start;

	exec->environment_size = 0;
	if (who_wants_environment)
		send_environment(exec, begin, task->mm->env_end - begin);
}

static __always_inline void add_arguments(struct exec_scratch *scratch, struct task_struct *task)
{
	struct who_exec *exec = &scratch->exec;
	u64 begin = task->mm->arg_start;
	u64 size = task->mm->arg_end - begin;
	u64 at, offset, piece;

	exec->arguments_size = 0;
	if (size > WHO_ARGUMENTS_PIECE)
		send_pieces(exec, begin, size);
	at = scratch->at;
	offset = exec->arguments_size;
	piece = size - offset;
	if (piece > WHO_ARGUMENTS_PIECE) {
		piece = WHO_ARGUMENTS_PIECE;
		exec->task.flags |= WHO_FLAG_ARGUMENTS_CUT;
	}
	barrier_var(at);
	barrier_var(piece);
	if (at > TEXT_MAX - WHO_ARGUMENTS_PIECE || piece > WHO_ARGUMENTS_PIECE)
		return;
	if (bpf_probe_read_user(scratch->text + at, piece, (const void *)(begin + offset)) < 0) {
		exec->task.flags |= WHO_FLAG_ARGUMENTS_ERROR;
		return;
	}
	exec->piece_size = piece;
	exec->arguments_size = offset + piece;
	scratch->at = at + piece;
}

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
		add_file(scratch, task, bprm->file);
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
	exec->binary_hash = hash_filename(scratch);
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
