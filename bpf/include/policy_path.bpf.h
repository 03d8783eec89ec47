/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_POLICY_PATH_BPF_H
#define BPF_INCLUDE_POLICY_PATH_BPF_H

/*
 * Paths of hooks: through all mounts, as the process sees them, put together from the end in the frame. Only policy.bpf.c
 * includes it, after policy_text.bpf.h.
 */

#define WALK_COMPONENTS 64 /* with the mount points on the way */
#define COMPONENT_MAX 256  /* NAME_MAX and its NUL */

/* What the walk keeps from round to round: in memory, so that the verifier knows as little in each as in the one before. */
#define WALK_DENTRY 0
#define WALK_MOUNT 1
#define WALK_ROOT_DENTRY 2 /* where paths of the process begin */
#define WALK_ROOT_MOUNT 3
#define WALK_BEGIN 4 /* of what is there, in frame->path */
#define WALK_FLAGS 5

/* False when there is no room for it, or nothing to be read. */
static __always_inline bool put_component(struct policy_frame *frame, struct dentry *dentry)
{
	u64 begin = frame->walk[WALK_BEGIN];
	u64 len = BPF_CORE_READ(dentry, d_name.len);

	barrier_var(len);
	barrier_var(begin);
	if (len == 0 || len >= COMPONENT_MAX || begin <= len || begin >= POLICY_TEXT_MAX)
		return false;
	begin -= len;
	barrier_var(begin);
	barrier_var(len);
	/* Which they are already; but old verifiers do not learn it from comparisons. */
	begin &= POLICY_TEXT_MAX - 1;
	len &= COMPONENT_MAX - 1;
	if (begin == 0)
		return false;
	if (bpf_probe_read_kernel(frame->path + begin, len, BPF_CORE_READ(dentry, d_name.name)) < 0)
		return false;
	begin--;
	barrier_var(begin); /* or the compiler knows that the mask does nothing */
	begin &= POLICY_TEXT_MAX - 1;
	frame->path[begin] = '/';
	frame->walk[WALK_BEGIN] = begin;
	return true;
}

#define CLIMB_ON 0
#define CLIMB_END 1
#define CLIMB_CUT 2

static __always_inline u32 climb(struct policy_frame *frame)
{
	struct dentry *dentry = (void *)frame->walk[WALK_DENTRY];
	struct vfsmount *mount = (void *)frame->walk[WALK_MOUNT];
	struct dentry *parent;

	if ((u64)dentry == frame->walk[WALK_ROOT_DENTRY] &&
	    (u64)mount == frame->walk[WALK_ROOT_MOUNT])
		return CLIMB_END;
	if (mount && dentry == BPF_CORE_READ(mount, mnt_root)) {
		struct mount *inner = (void *)mount - bpf_core_field_offset(struct mount, mnt);
		struct mount *outer = BPF_CORE_READ(inner, mnt_parent);

		if (!outer || outer == inner)
			return CLIMB_END;
		frame->walk[WALK_DENTRY] = (u64)BPF_CORE_READ(inner, mnt_mountpoint);
		frame->walk[WALK_MOUNT] = (u64)outer + bpf_core_field_offset(struct mount, mnt);
		return CLIMB_ON;
	}
	parent = BPF_CORE_READ(dentry, d_parent);
	/* The root of a file system of which no mount is known. */
	if (!mount && parent == dentry)
		return CLIMB_END;
	if (!put_component(frame, dentry))
		return CLIMB_CUT;
	/* Of a file without a place in a tree, as a memfd is, the name alone. */
	if (parent == dentry)
		return CLIMB_END;
	frame->walk[WALK_DENTRY] = (u64)parent;
	return CLIMB_ON;
}

static __always_inline void walk(struct policy_frame *frame)
{
	for (u32 i = 0; i < WALK_COMPONENTS; i++) {
		u32 r;

		barrier();
		r = climb(frame);
		if (r == CLIMB_END)
			return;
		if (r == CLIMB_CUT)
			break;
	}
	frame->walk[WALK_FLAGS] |= POLICY_PATH_CUT;
}

#define DELETED " (deleted)"
#define DELETED_SIZE (sizeof(DELETED) - 1)

/* As the kernel's own names of open files end, when nothing leads to the file any more. */
static __always_inline void begin_path(struct policy_frame *frame, struct dentry *dentry)
{
	bool is_alone = BPF_CORE_READ(dentry, d_parent) == dentry;
	u64 begin = POLICY_TEXT_MAX - 1;

	*(u64 *)(frame->path + POLICY_TEXT_MAX) = 0;
	frame->path[begin] = 0;
	if (!is_alone && !BPF_CORE_READ(dentry, d_hash.pprev)) {
		begin -= DELETED_SIZE;
		__builtin_memcpy(frame->path + begin, DELETED, DELETED_SIZE);
	}
	frame->walk[WALK_BEGIN] = begin;
}

/* What stands in frame->path goes into the record. */
static __always_inline u64 keep_path(struct policy_frame *frame, u64 index, struct inode *inode)
{
	u64 at = find_room(frame, index, sizeof(struct policy_path) + POLICY_TEXT_MAX);
	struct policy_path *path;
	u64 begin, size;

	if (!at)
		return 0;
	begin = frame->walk[WALK_BEGIN];
	barrier_var(begin);
	begin &= POLICY_TEXT_MAX - 1;
	size = POLICY_TEXT_MAX - 1 - begin;
	barrier_var(size);
	size &= POLICY_TEXT_MAX - 1;
	path = (struct policy_path *)(frame->data + at);
	path->flags = frame->walk[WALK_FLAGS];
	path->mode = BPF_CORE_READ(inode, i_mode);
	path->inode = BPF_CORE_READ(inode, i_ino);
	path->size = size;
	/* With the zeros behind it, up to the end of the word. */
	bpf_probe_read_kernel(frame->data + at + sizeof(*path),
			      (size + 8) & (2 * POLICY_TEXT_MAX - 1), frame->path + begin);
	return keep_bytes(frame, index, at, sizeof(*path) + size);
}

static __always_inline u64 capture_place(struct policy_frame *frame, u64 index,
					 struct dentry *dentry, struct vfsmount *mount)
{
	struct fs_struct *fs = BPF_CORE_READ(current_task(), fs);

	if (!dentry)
		return fail_value(frame, index, BAD_ADDRESS);
	frame->walk[WALK_DENTRY] = (u64)dentry;
	frame->walk[WALK_MOUNT] = (u64)mount;
	frame->walk[WALK_ROOT_DENTRY] = (u64)BPF_CORE_READ(fs, root.dentry);
	frame->walk[WALK_ROOT_MOUNT] = (u64)BPF_CORE_READ(fs, root.mnt);
	frame->walk[WALK_FLAGS] = 0;
	begin_path(frame, dentry);
	walk(frame);
	if (frame->walk[WALK_BEGIN] == POLICY_TEXT_MAX - 1) {
		frame->path[POLICY_TEXT_MAX - 2] = '/';
		frame->walk[WALK_BEGIN] = POLICY_TEXT_MAX - 2;
	}
	return keep_path(frame, index, BPF_CORE_READ(dentry, d_inode));
}

/* A struct path. */
ROUTINE u64 capture_path(struct policy_frame *frame, u64 index, u64 address)
{
	struct path *path = (struct path *)address;

	return capture_place(frame, index, BPF_CORE_READ(path, dentry), BPF_CORE_READ(path, mnt));
}
FRAME_CARRIER(capture_path, capture_path(frame, a[0], a[1]))

/* A struct dentry: up to the root of its file system. */
ROUTINE u64 capture_dentry(struct policy_frame *frame, u64 index, u64 address)
{
	return capture_place(frame, index, (struct dentry *)address, NULL);
}
FRAME_CARRIER(capture_dentry, capture_dentry(frame, a[0], a[1]))

/* An open file of the current task. */
ROUTINE u64 capture_descriptor(struct policy_frame *frame, u64 index, u64 descriptor)
{
	struct fdtable *table = BPF_CORE_READ(current_task(), files, fdt);
	u64 number = (u32)descriptor;
	struct file *file = NULL;

	if (number >= BPF_CORE_READ(table, max_fds))
		return fail_value(frame, index, NOT_THERE);
	bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + number);
	if (!file)
		return fail_value(frame, index, NOT_THERE);
	return capture_place(frame, index, BPF_CORE_READ(file, f_path.dentry),
			     BPF_CORE_READ(file, f_path.mnt));
}
FRAME_CARRIER(capture_descriptor, capture_descriptor(frame, a[0], a[1]))

/* `types`: a bit for each S_IFMT >> 12. */
ROUTINE u64 file_type_is(struct policy_frame *frame, u64 index, u64 types)
{
	u64 at = word_of(frame, index)->place.offset;

	if (at == 0)
		return ASK_NOTHING;
	return types >> (((struct policy_path *)(frame->data + (at & FRAME_MASK)))->mode >> 12) & 1;
}
FRAME_CARRIER(file_type_is, file_type_is(frame, a[0], a[1]))

#endif
