// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * What processes read from and write to files, seen where the calls are left.
 */
#include "gadget.bpf.h"

#include "maps.bpf.h"

#include "path.bpf.h"
#include "syscall.bpf.h"

#define ROWS_MAX 4096
#define FILE_SIZE 256

enum type {
	R, /* regular */
	S, /* socket */
	O, /* other */
};

struct row_key {
	u64 inode;
	u32 dev;
	u32 __pid; /* proc.pid says it */
};

struct row {
	struct gadget_process proc;
	gadget_counter__u64 reads;
	gadget_bytes rbytes_raw;
	gadget_counter__u64 writes;
	gadget_bytes wbytes_raw;
	enum type t_raw;
	char file[FILE_SIZE];
};

const volatile bool all_files = false;
GADGET_PARAM(all_files);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ROWS_MAX);
	__type(key, struct row_key);
	__type(value, struct row);
} files SEC(".maps");

GADGET_MAPITER(file, files);

static __always_inline enum type type_of(struct inode *inode)
{
	u32 mode = BPF_CORE_READ(inode, i_mode) & S_IFMT;

	return mode == S_IFREG ? R : mode == S_IFSOCK ? S : O;
}

static __always_inline struct row *add_row(const struct row_key *key, struct file *file,
					   enum type type)
{
	struct row row = { .t_raw = type };

	fill_process(&row.proc);
	if (write_file_path(0, file, row.file, sizeof(row.file)) < 0)
		row.file[0] = 0;
	bpf_map_update_elem(&files, key, &row, BPF_NOEXIST);
	return bpf_map_lookup_elem(&files, key);
}

static __always_inline struct row *find_row(void)
{
	struct file *file = file_of(left_argument(0));
	struct inode *inode = file ? BPF_CORE_READ(file, f_inode) : NULL;
	struct row_key key = { .__pid = bpf_get_current_pid_tgid() >> 32 };
	enum type type;
	struct row *row;

	if (!inode)
		return NULL;
	type = type_of(inode);
	if (!all_files && type != R)
		return NULL;
	key.inode = BPF_CORE_READ(inode, i_ino);
	key.dev = BPF_CORE_READ(inode, i_sb, s_dev);
	row = bpf_map_lookup_elem(&files, &key);
	return row ? row : add_row(&key, file, type);
}

static __always_inline int count_read(long result)
{
	struct row *row = result >= 0 && is_wanted() ? find_row() : NULL;

	if (row) {
		__sync_fetch_and_add(&row->reads, 1);
		__sync_fetch_and_add(&row->rbytes_raw, result);
	}
	return 0;
}

static __always_inline int count_write(long result)
{
	struct row *row = result >= 0 && is_wanted() ? find_row() : NULL;

	if (row) {
		__sync_fetch_and_add(&row->writes, 1);
		__sync_fetch_and_add(&row->wbytes_raw, result);
	}
	return 0;
}

#define PROGRAM(call, count)                                                                       \
	SEC("tracepoint/syscalls/sys_exit_" #call)                                                 \
	int count##_##call(struct syscall_trace_exit *ctx)                                         \
	{                                                                                          \
		return count(ctx->ret);                                                            \
	}

PROGRAM(read, count_read)
PROGRAM(pread64, count_read)
PROGRAM(readv, count_read)
PROGRAM(preadv, count_read)
PROGRAM(write, count_write)
PROGRAM(pwrite64, count_write)
PROGRAM(writev, count_write)
PROGRAM(pwritev, count_write)

char LICENSE[] SEC("license") = "GPL";
