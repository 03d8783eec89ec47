// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* A snapshot by two iterators, one behind the other: the tasks of one process. */
#include "gadget.bpf.h"

struct entry {
	gadget_pid pid;
	u32 from;
	gadget_comm comm[TASK_COMM_LEN];
};

const volatile u32 wanted = 0;
GADGET_PARAM(wanted);

GADGET_ITER(entries, entry, walk_first, walk_second);

static __always_inline void tell(struct bpf_iter__task *ctx, u32 from)
{
	struct task_struct *task = ctx->task;
	struct entry entry = { .from = from };

	if (!task || (u32)task->pid != wanted)
		return;
	entry.pid = task->tgid;
	bpf_probe_read_kernel_str(entry.comm, sizeof(entry.comm), task->comm);
	bpf_seq_write(ctx->meta->seq, &entry, sizeof(entry));
}

SEC("iter/task")
int walk_first(struct bpf_iter__task *ctx)
{
	tell(ctx, 1);
	return 0;
}

SEC("iter/task")
int walk_second(struct bpf_iter__task *ctx)
{
	tell(ctx, 2);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
