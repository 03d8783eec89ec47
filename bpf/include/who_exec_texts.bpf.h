/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_WHO_EXEC_TEXTS_BPF_H
#define BPF_INCLUDE_WHO_EXEC_TEXTS_BPF_H

/*
 * The texts of an exec record: names, paths, arguments and environment, put together in a scratch and sent in pieces.
 * Only who.bpf.c includes it, after who_records.bpf.h.
 */

#define COMPONENTS_MAX 48       /* of a path, with the mount points on the way */
#define TYPED_COMPONENTS_MAX 12 /* by typed pointers: see climb_mount() */
#define COMPONENT_MAX 256       /* NAME_MAX and its NUL */
#define TEXT_MAX (2 * WHO_FILENAME_MAX + 2 * WHO_PATH_MAX + WHO_ARGUMENTS_PIECE)
#define HASH_WORDS (WHO_FILENAME_MAX / 8)

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

/*
 * What loops is in functions that are not static and take numbers only: the verifier goes through each of these once, and not
 * once for each way that led to a call, and no kernel since 5.10 refuses them. They find the scratch by themselves.
 */
static __always_inline struct exec_scratch *exec_scratch(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&who_exec_scratch, &zero);
}

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

/* Of the file name, which is what the texts begin with. One that is not absolute is another file's in another directory:
 * it has none. */
__noinline u64 hash_filename(void)
{
	struct exec_scratch *scratch = exec_scratch();
	u64 hash = WHO_HASH_BEGIN, size;

	if (!scratch)
		return 0;
	size = scratch->exec.filename_size;
	barrier_var(size);
	if (size == 0 || size > WHO_FILENAME_MAX || scratch->text[0] != '/')
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
#define CLIMB_ON 1 /* from walk.dentry and walk.mount */
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

	for (u32 i = 0; i < TYPED_COMPONENTS_MAX; i++) {
		struct dentry *parent;
		u32 r;

		barrier();
		if (is_root_mount && dentry == scratch->walk.root_dentry)
			return CLIMB_DONE;
		if (dentry == top)
			break;
		r = add_component(scratch, dentry->d_name.name);
		if (r != CLIMB_DONE)
			return r;
		parent = dentry->d_parent;
		/* of a file without a place in a tree, as a memfd is */
		if (parent == dentry)
			return CLIMB_DONE;
		dentry = parent;
	}
	scratch->walk.dentry = dentry;
	scratch->walk.mount = mount;
	return CLIMB_ON;
}

/* From there on through all mounts, whose structs are around what is pointed to: only calls can read those. */
__noinline u32 climb_mounts(void)
{
	struct exec_scratch *scratch = exec_scratch();
	struct path_walk *walk;

	if (!scratch)
		return CLIMB_ERROR;
	walk = &scratch->walk;
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
static __always_inline u32 walk_path(struct exec_scratch *scratch, struct dentry *dentry,
				     struct vfsmount *mount, u32 *ret_flags)
{
	u32 r;

	scratch->walk.begin = scratch->at;
	r = climb_mount(scratch, dentry, mount);
	if (r == CLIMB_ON)
		r = climb_mounts();
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
	struct fs_struct *fs = task->fs;
	u32 flags = 0, size;

	scratch->walk.root_dentry = fs->root.dentry;
	scratch->walk.root_mount = fs->root.mnt;
	size = walk_path(scratch, fs->pwd.dentry, fs->pwd.mnt, &flags);
	scratch->exec.cwd_size = size;
	if (size == 0 && flags == 0)
		flags = WHO_FLAG_ROOT_CWD;
	scratch->exec.task.flags |= flags;
}

/* Where the file was, or what a memfd is called: its name in exec's arguments is no longer, or never was. After add_cwd(),
 * which has looked up where paths begin. */
static __always_inline void add_file(struct exec_scratch *scratch, struct file *file)
{
	u32 flags = 0;

	scratch->exec.file_size = walk_path(scratch, file->f_path.dentry, file->f_path.mnt, &flags);
}

/* Up to a piece of arguments goes into the exec record, what is before it into records of their own. How far it got is in
 * exec.arguments_size: in memory for the reason above. */
__noinline u32 send_pieces(u64 begin, u64 size)
{
	struct arguments_scratch *scratch;
	struct exec_scratch *texts = exec_scratch();
	struct who_exec *exec;
	u32 zero = 0;

	scratch = bpf_map_lookup_elem(&who_arguments_scratch, &zero);
	if (!scratch || !texts)
		return 0;
	exec = &texts->exec;
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
__noinline u32 send_environment(u64 begin, u64 size)
{
	struct arguments_scratch *scratch;
	struct exec_scratch *texts = exec_scratch();
	struct who_exec *exec;
	u32 zero = 0;

	scratch = bpf_map_lookup_elem(&who_arguments_scratch, &zero);
	if (!scratch || !texts)
		return 0;
	exec = &texts->exec;
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
		send_environment(begin, task->mm->env_end - begin);
}

static __always_inline void add_arguments(struct exec_scratch *scratch, struct task_struct *task)
{
	struct who_exec *exec = &scratch->exec;
	u64 begin = task->mm->arg_start;
	u64 size = task->mm->arg_end - begin;
	u64 at, offset, piece;

	exec->arguments_size = 0;
	if (size > WHO_ARGUMENTS_PIECE)
		send_pieces(begin, size);
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

#endif
