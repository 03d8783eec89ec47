// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* A snapshot by two iterators. */
#include <vmlinux.h>

#include <bpf/bpf_helpers.h>

#include <gadget/macros.h>
#include <gadget/types.h>

struct entry {
	gadget_pid pid;
	gadget_comm comm[TASK_COMM_LEN];
	union {
		__u32 as_number;
		__u8 as_bytes[4];
	} what;
};

GADGET_ITER(entries, entry, walk_tasks, walk_files);

SEC("iter/task")
int walk_tasks(struct bpf_iter__task *ctx)
{
	struct entry entry = {};

	bpf_seq_write(ctx->meta->seq, &entry, sizeof(entry));
	return 0;
}

SEC("iter/task_file")
int walk_files(struct bpf_iter__task_file *ctx)
{
	struct entry entry = {};

	bpf_seq_write(ctx->meta->seq, &entry, sizeof(entry));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
