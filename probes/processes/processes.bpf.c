// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Processes and threads that started, programs that were executed, and processes that ended, by exit code or signal.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "wanted_cgroups.bpf.h"

enum task_kind {
	TASK_KIND_PROCESS,
	TASK_KIND_THREAD,
	TASK_KIND_KERNEL_THREAD,
	TASK_KIND_COUNT,
};

/* As wait() has it: 256 codes, or 128 signals. So the map cannot be full. */
#define EXIT_MAX 384
#define EXIT_SIGNAL(status) ((status)&0x7f)
#define EXIT_CODE(status) (((status) >> 8) & 0xff)

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TASK_KIND_COUNT);
	__type(key, u32);
	__type(value, u64);
} task_starts_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} process_execs_total SEC(".maps");

struct exit_key {
	u8 code;   /* 0 when a signal ended it */
	u8 signal; /* 0 when it exited */
	u16 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, EXIT_MAX);
	__type(key, struct exit_key);
	__type(value, u64);
} process_exits_total SEC(".maps");

/*
 * A thread other than the first that executes a program ends all others and takes the first one's place: the first one
 * ends, and the process goes on.
 */
static __always_inline bool is_replaced(struct signal_struct *signal)
{
	struct signal_struct___before_5_17 *old = (void *)signal;
	struct task_struct *waiting;

	if (bpf_core_field_exists(signal->group_exec_task))
		waiting = signal->group_exec_task;
	else
		waiting = BPF_CORE_READ(old, group_exit_task); /* set by core dumps, too */
	return waiting && !(signal->flags & SIGNAL_GROUP_EXIT);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
	u32 kind = TASK_KIND_PROCESS;

	if (!is_current_wanted())
		return 0;
	if (child->flags & PF_KTHREAD)
		kind = TASK_KIND_KERNEL_THREAD;
	else if (child->pid != child->tgid)
		kind = TASK_KIND_THREAD;
	increment_map(&task_starts_total, &kind, 1);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(sched_process_exec)
{
	u32 zero = 0;

	if (is_current_wanted())
		increment_map(&process_execs_total, &zero, 1);
	return 0;
}

/* A process ends with its first thread, whose exit code wait() returns. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct *task)
{
	struct exit_key key = {};

	if (task->pid != task->tgid || (task->flags & PF_KTHREAD) || is_replaced(task->signal))
		return 0;
	if (!is_current_wanted())
		return 0;
	key.signal = EXIT_SIGNAL(task->exit_code);
	if (!key.signal)
		key.code = EXIT_CODE(task->exit_code);
	increment_map(&process_exits_total, &key, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
