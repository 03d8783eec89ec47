// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Processes that there are, or their threads.
 */
#include "gadget.bpf.h"

const volatile bool show_threads = false;
GADGET_PARAM(show_threads);

GADGET_ITER(processes, gadget_process, list_processes);

SEC("iter/task")
int list_processes(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct gadget_process process = {};

	if (!task || (!show_threads && task->tgid != task->pid) || !is_task_wanted(task))
		return 0;
	fill_process_of(&process, task);
	bpf_seq_write(ctx->meta->seq, &process, sizeof(process));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
