// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Processes that the kernel kills for want of memory, and who wanted memory when it did.
 */
#include "gadget.bpf.h"

#define SIGKILL 9
#define SENT_BY_KERNEL 1 /* instead of details of a signal */
#define VICTIMS_MAX 256

struct event {
	gadget_timestamp timestamp_raw;
	gadget_mntns_id tmntns_id; /* the first one says whose container it is */
	struct gadget_process fprocess;
	gadget_pid tpid;
	gadget_comm tcomm[TASK_COMM_LEN];
	u64 pages;
};

GADGET_TRACER_MAP(events, 256 * 1024);
GADGET_TRACER(oomkill, events, event);

struct victim {
	u32 pid; /* of the thread that was sent the signal */
	u32 tgid;
	u64 mntns;
	u64 cgroup;
	u64 pages; /* that there are where memory is short; 0 where it is not known */
	char comm[TASK_COMM_LEN];
};

/* By the thread that wanted memory, from the decision to the kill. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, VICTIMS_MAX);
	__type(key, u32);
	__type(value, struct victim);
} victims SEC(".maps");

struct oom_control {
	unsigned long totalpages;
} __attribute__((preserve_access_index));

/* Where there are kprobes it is also known how many pages there are to be had. */
SEC("kprobe/oom_kill_process")
int BPF_KPROBE(note_pages, struct oom_control *control)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct victim victim = { .pages = BPF_CORE_READ(control, totalpages) };

	bpf_map_update_elem(&victims, &tid, &victim, BPF_ANY);
	return 0;
}

/*
 * The kernel kills by a SIGKILL, and in the same breath, with the victim's lock held, passes mark_victim. Until 6.8 that has
 * the victim's number only, so whose it is is noted here. A mark without a SIGKILL is of a process that was dying already:
 * nobody was killed.
 */
SEC("tp_btf/signal_generate")
int BPF_PROG(note_victim, int number, u64 details, struct task_struct *task)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct victim victim = {}, *before;

	if (number != SIGKILL || details != SENT_BY_KERNEL)
		return 0;
	before = bpf_map_lookup_elem(&victims, &tid);
	if (before)
		victim.pages = before->pages;
	victim.pid = task->pid;
	victim.tgid = task->tgid;
	victim.mntns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	victim.cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	bpf_probe_read_kernel_str(victim.comm, sizeof(victim.comm), task->comm);
	bpf_map_update_elem(&victims, &tid, &victim, BPF_ANY);
	return 0;
}

static __always_inline void output(const struct victim *victim)
{
	struct event *event = reserve_record(&events, sizeof(*event));

	if (!event)
		return;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	event->tmntns_id = victim->mntns;
	fill_process(&event->fprocess);
	event->tpid = victim->tgid;
	__builtin_memcpy(event->tcomm, victim->comm, sizeof(event->tcomm));
	event->pages = victim->pages;
	submit_record(event);
}

/* Filters are about the victim, as far as they are about containers; those of the thread are about who wanted memory. */
SEC("tp_btf/mark_victim")
int trace_victim(u64 *ctx)
{
	u32 tid = bpf_get_current_pid_tgid(), pid = ctx[0];
	struct victim *victim = bpf_map_lookup_elem(&victims, &tid);

	if (bpf_core_type_exists(btf_trace_mark_victim))
		pid = BPF_CORE_READ((struct task_struct *)ctx[0], pid);
	if (!victim || victim->pid != pid)
		return 0;
	if (is_wanted_cgroup(victim->cgroup) && !gadget_should_discard_current_thread())
		output(victim);
	bpf_map_delete_elem(&victims, &tid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
