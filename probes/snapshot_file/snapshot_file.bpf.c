// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Files that processes have open.
 */
#include "gadget.bpf.h"

#include "path.bpf.h"

#define NAME_SIZE 256

enum file_type {
	REGULAR,
	SOCKET,
	PIPE,
	BPF_MAP, /* never: its number is the original's */
	DIRECTORY,
	CHAR_DEV,
	BLOCK_DEV,
	SYMLINK,
	OTHER,
};

struct gadget_file {
	gadget_mntns_id mntns_id;
	gadget_comm comm[TASK_COMM_LEN];
	gadget_pid pid;
	gadget_tid tid;
	u32 fd;
	enum file_type type_raw;
	char path[NAME_SIZE];
	u64 inode;
	gadget_file_flags flags_raw;
};

const volatile u32 file_type_mask = 1u << REGULAR | 1u << DIRECTORY;
GADGET_PARAM(file_type_mask);
const volatile bool paths = false;
GADGET_PARAM(paths);

GADGET_ITER(files, gadget_file, list_files);

/* By the upper four bits of the mode. */
static __always_inline u32 type_of(u32 mode)
{
	switch ((mode & S_IFMT) >> 12) {
	case 01:
		return PIPE;
	case 02:
		return CHAR_DEV;
	case 04:
		return DIRECTORY;
	case 06:
		return BLOCK_DEV;
	case 010:
		return REGULAR;
	case 012:
		return SYMLINK;
	case 014:
		return SOCKET;
	}
	return OTHER;
}

static __always_inline void fill_name(struct gadget_file *entry, struct file *file)
{
	long len;

	if (paths)
		len = write_file_path(0, file, entry->path, sizeof(entry->path));
	else
		len = bpf_probe_read_kernel_str(entry->path, sizeof(entry->path),
						BPF_CORE_READ(file, f_path.dentry, d_name.name));
	if (len < 0)
		entry->path[0] = 0;
}

SEC("iter/task_file")
int list_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct gadget_file entry = {};
	struct file *file = ctx->file;

	if (!task || !file)
		return 0;
	entry.type_raw = type_of(file->f_inode->i_mode);
	if (!(1u << entry.type_raw & file_type_mask) || !is_task_wanted(task))
		return 0;
	bpf_probe_read_kernel_str(entry.comm, sizeof(entry.comm), task->comm);
	entry.mntns_id = task->nsproxy->mnt_ns->ns.inum;
	entry.pid = task->tgid;
	entry.tid = task->pid;
	entry.fd = ctx->fd;
	entry.inode = file->f_inode->i_ino;
	entry.flags_raw = file->f_flags;
	fill_name(&entry, file);
	bpf_seq_write(ctx->meta->seq, &entry, sizeof(entry));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
