/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_FILESYSTEM_H
#define SONDE_GADGET_FILESYSTEM_H

/*
 * Paths of files, through all mounts, as their own mount namespace sees them. Include vmlinux.h first.
 */

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define GADGET_PATH_MAX 512 /* of a text in a record, with its NUL */

/* Of the text that is put together, a power of 2: what is before its last bytes is left out. */
#define GADGET_PATH_TEXT_ 4096
#define GADGET_PATH_COMPONENTS_ 80 /* with the mount points on the way */
#define GADGET_PATH_NAME_ 256      /* of one, with its NUL */

/* A path is written from its end. What is kept from step to step is in memory: so the verifier knows as little of it in each
 * round as in the one before, and goes through the loop once per round. */
struct gadget_path_ {
	struct dentry *dentry;
	struct vfsmount *mount;
	__u64 begin; /* of what is there, in the text */
	char text[GADGET_PATH_TEXT_ + GADGET_PATH_NAME_];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gadget_path_);
} bufs SEC(".maps");

/* False when there is no room for it, or nothing to be read. */
static __always_inline bool gadget_path_prepend_(struct gadget_path_ *path, struct dentry *dentry)
{
	__u64 begin = path->begin;
	__u64 len = BPF_CORE_READ(dentry, d_name.len);

	barrier_var(len);
	barrier_var(begin);
	if (len == 0 || len >= GADGET_PATH_NAME_ || begin <= len || begin >= GADGET_PATH_TEXT_)
		return false;
	begin -= len;
	barrier_var(begin);
	barrier_var(len);
	/* Which they are already; but old verifiers do not learn it from comparisons. */
	begin &= GADGET_PATH_TEXT_ - 1;
	len &= GADGET_PATH_NAME_ - 1;
	if (begin == 0)
		return false;
	if (bpf_probe_read_kernel(path->text + begin, len, BPF_CORE_READ(dentry, d_name.name)) < 0)
		return false;
	begin--;
	barrier_var(begin); /* or the compiler knows that the mask does nothing */
	begin &= GADGET_PATH_TEXT_ - 1;
	path->text[begin] = '/';
	path->begin = begin;
	return true;
}

/* One step up; false at the end. */
static __always_inline bool gadget_path_climb_(struct gadget_path_ *path)
{
	struct dentry *dentry = path->dentry, *parent = BPF_CORE_READ(dentry, d_parent);
	struct vfsmount *mount = path->mount;

	if (dentry == BPF_CORE_READ(mount, mnt_root)) {
		struct mount *inner = (void *)mount - bpf_core_field_offset(struct mount, mnt);
		struct mount *outer = BPF_CORE_READ(inner, mnt_parent);

		if (!outer || outer == inner)
			return false;
		path->dentry = BPF_CORE_READ(inner, mnt_mountpoint);
		path->mount = (void *)outer + bpf_core_field_offset(struct mount, mnt);
		return true;
	}
	/* Of a file without a place in a tree, as a memfd is, the name alone. */
	if (!gadget_path_prepend_(path, dentry) || parent == dentry)
		return false;
	path->dentry = parent;
	return true;
}

static __noinline int gadget_path_climb_all_(struct gadget_path_ *path)
{
	if (!path)
		return 0;
	for (int i = 0; i < GADGET_PATH_COMPONENTS_; i++) {
		barrier();
		if (!gadget_path_climb_(path))
			break;
	}
	return 0;
}

/* The text of a path of the kernel's, until somebody asks for the next one on this CPU; NULL when there is none. */
static __always_inline void *get_path_str(const struct path *of)
{
	__u32 zero = 0;
	struct gadget_path_ *path = bpf_map_lookup_elem(&bufs, &zero);
	__u64 begin;

	if (!path)
		return NULL;
	path->dentry = BPF_CORE_READ(of, dentry);
	path->mount = BPF_CORE_READ(of, mnt);
	path->begin = GADGET_PATH_TEXT_ - 1;
	path->text[GADGET_PATH_TEXT_ - 1] = 0;
	gadget_path_climb_all_(path);
	begin = path->begin;
	if (begin == GADGET_PATH_TEXT_ - 1)
		path->text[--begin] = '/';
	barrier_var(begin);
	return path->text + (begin & (GADGET_PATH_TEXT_ - 1)); /* which the verifier understands */
}

/* The file behind a descriptor of the running thread; NULL when there is none. */
static __always_inline struct file *get_struct_file_for_fd(int fd)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct file **files = BPF_CORE_READ(task, files, fdt, fd), *file = NULL;

	if (fd < 0 || (__u32)fd >= BPF_CORE_READ(task, files, fdt, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	return file;
}

/* Its path; the length with the NUL, or a negative error. */
static __always_inline long read_full_path_of_open_file_fd(int fd, char *into, __u64 size)
{
	struct file *file = get_struct_file_for_fd(fd);
	struct path path;
	void *text;

	if (!file || BPF_CORE_READ_INTO(&path, file, f_path) < 0)
		return -1;
	text = get_path_str(&path);
	return text ? bpf_probe_read_kernel_str(into, size, text) : -1;
}

#endif
