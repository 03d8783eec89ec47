/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_PATH_BPF_H
#define BPF_INCLUDE_PATH_BPF_H

/*
 * The path of a file, through all mounts, as its own mount namespace sees it. It is put together from its end in a scratch
 * of the CPU's: there is one for every program that asks (PATH_USERS), for where kernels let programs on tracepoints be
 * preempted, it is by another one. Include kernel.bpf.h first.
 */

#ifndef PATH_USERS
#define PATH_USERS 1
#endif
/* Of the text, with its NUL, a power of 2: what is before the last 511 bytes is left out. */
#define PATH_SIZE 512
#define PATH_COMPONENTS 48     /* with the mount points on the way */
#define PATH_COMPONENT_MAX 256 /* NAME_MAX and its NUL */

/* What is kept from round to round is here and not in variables: so the verifier knows as little of it in each round as in
 * the one before, and goes through the loop once per round and not once per way through it. */
struct path_scratch {
	struct dentry *dentry;
	struct vfsmount *mount;
	u64 begin; /* of what is there, in the text */
	/* A component is read to before the begin; the rest is for the NUL that comes with it. */
	char text[PATH_SIZE + PATH_COMPONENT_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PATH_USERS);
	__type(key, u32);
	__type(value, struct path_scratch);
} path_scratches SEC(".maps");

/* False when there is no room for it, or nothing to be read. */
static __always_inline bool prepend_component(struct path_scratch *scratch, struct dentry *dentry)
{
	u64 begin = scratch->begin;
	u64 len = BPF_CORE_READ(dentry, d_name.len);

	barrier_var(len);
	barrier_var(begin);
	if (len == 0 || len >= PATH_COMPONENT_MAX || begin <= len || begin >= PATH_SIZE)
		return false;
	begin -= len;
	barrier_var(begin);
	barrier_var(len);
	/* Which they are already; but old verifiers do not learn it from comparisons. */
	begin &= PATH_SIZE - 1;
	len &= PATH_COMPONENT_MAX - 1;
	if (begin == 0)
		return false;
	/* Without a NUL: the byte behind belongs to the component that is there. */
	if (bpf_probe_read_kernel(scratch->text + begin, len, BPF_CORE_READ(dentry, d_name.name)) <
	    0)
		return false;
	begin--;
	barrier_var(begin); /* or the compiler knows that the mask does nothing */
	begin &= PATH_SIZE - 1;
	scratch->text[begin] = '/';
	scratch->begin = begin;
	return true;
}

/* One step up; false at the end. */
static __always_inline bool climb(struct path_scratch *scratch)
{
	struct dentry *dentry = scratch->dentry;
	struct vfsmount *mount = scratch->mount;
	struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

	if (dentry == BPF_CORE_READ(mount, mnt_root)) {
		struct mount *inner = (void *)mount - bpf_core_field_offset(struct mount, mnt);
		struct mount *outer = BPF_CORE_READ(inner, mnt_parent);

		if (!outer || outer == inner)
			return false;
		scratch->dentry = BPF_CORE_READ(inner, mnt_mountpoint);
		scratch->mount = (void *)outer + bpf_core_field_offset(struct mount, mnt);
		return true;
	}
	/* Of a file without a place in a tree, as a memfd is, the name alone. */
	if (!prepend_component(scratch, dentry) || parent == dentry)
		return false;
	scratch->dentry = parent;
	return true;
}

static __noinline int climb_to_root(struct path_scratch *scratch)
{
	if (!scratch)
		return 0;
	for (u32 i = 0; i < PATH_COMPONENTS; i++) {
		barrier();
		if (!climb(scratch))
			break;
	}
	return 0;
}

/* Writes the path, cut at `size`; its length with the NUL, or a negative error. `user`: below PATH_USERS. */
static __always_inline long write_path(u32 user, struct dentry *dentry, struct vfsmount *mount,
				       char *into, u32 size)
{
	struct path_scratch *scratch = bpf_map_lookup_elem(&path_scratches, &user);
	u64 begin;

	if (!scratch || !dentry || !mount)
		return -1;
	scratch->dentry = dentry;
	scratch->mount = mount;
	scratch->begin = PATH_SIZE - 1;
	scratch->text[PATH_SIZE - 1] = 0;
	climb_to_root(scratch);
	begin = scratch->begin;
	if (begin == PATH_SIZE - 1)
		scratch->text[--begin] = '/';
	barrier_var(begin);
	/* A mask, which the verifier understands wherever the compiler puts the sum. */
	return bpf_probe_read_kernel_str(into, size, scratch->text + (begin & (PATH_SIZE - 1)));
}

static __always_inline long write_file_path(u32 user, struct file *file, char *into, u32 size)
{
	return write_path(user, BPF_CORE_READ(file, f_path.dentry), BPF_CORE_READ(file, f_path.mnt),
			  into, size);
}

#endif
