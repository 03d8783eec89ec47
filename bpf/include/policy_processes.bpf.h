/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_POLICY_PROCESSES_BPF_H
#define BPF_INCLUDE_POLICY_PROCESSES_BPF_H

/*
 * The table of what policies ask of processes, kept as they come and go: which sets of binaries an image is in, and which
 * scopes its cgroup; what it was at exec. Attached only while a policy asks, behind the programs of who.bpf.c at the same
 * places. What was there before is put in by user space. Only policy.bpf.c includes it, last.
 */

static __always_inline void add_mask(u64 *to, const struct policy_mask *mask)
{
	if (!mask)
		return;
#pragma unroll
	for (u32 i = 0; i < POLICY_MASK_WORDS; i++)
		to[i] |= mask->words[i];
}

/* Of what a process has, only what whatever it starts is to have as well. */
static __always_inline void keep_followed(u64 *masks)
{
	u32 zero = 0;
	struct policy_mask *followed = bpf_map_lookup_elem(&policy_followed, &zero);

#pragma unroll
	for (u32 i = 0; i < POLICY_MASK_WORDS; i++)
		masks[i] &= followed ? followed->words[i] : 0;
}

static __always_inline void set_scopes(struct policy_process *process, u64 cgroup)
{
	__builtin_memset(process->scopes, 0, sizeof(process->scopes));
	add_mask(process->scopes, bpf_map_lookup_elem(&policy_scopes, &cgroup));
}

/* A routine without a carrier: a function of its own for the verifier's sake. */
static __noinline int add_binary(struct policy_frame *frame, struct policy_process *process)
{
	struct policy_text_key key = { 0 };
	struct text_view text;

	if (!frame || !process || !find_text(frame, 0, sizeof(struct policy_path), &text))
		return 0;
	key.size = text.size;
	key.hash = hash_text(frame, &text);
	add_mask(process->binaries, bpf_map_lookup_elem(&policy_binary_names, &key));
	ask_prefix(frame, &text, 0);
	add_mask(process->binaries, bpf_map_lookup_elem(&policy_binary_prefixes, &frame->affix));
	ask_postfix(frame, &text, 0);
	add_mask(process->binaries, bpf_map_lookup_elem(&policy_binary_postfixes, &frame->affix));
	return 0;
}

static __always_inline void note_state(struct policy_process *process)
{
#pragma unroll
	for (u32 i = 0; i < WHO_NAMESPACE_COUNT; i++)
		process->namespaces[i] = namespace_of(i);
	process->capabilities[POLICY_CAPABILITIES_EFFECTIVE] =
		capabilities_of(POLICY_CAPABILITIES_EFFECTIVE);
	process->capabilities[POLICY_CAPABILITIES_INHERITABLE] =
		capabilities_of(POLICY_CAPABILITIES_INHERITABLE);
	process->capabilities[POLICY_CAPABILITIES_PERMITTED] =
		capabilities_of(POLICY_CAPABILITIES_PERMITTED);
}

SEC("raw_tp/sched_process_exec")
int policy_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct linux_binprm *bprm = (struct linux_binprm *)ctx->args[2];
	struct file *file = BPF_CORE_READ(bprm, file);
	u32 zero = 0, tgid = bpf_get_current_pid_tgid() >> 32;
	struct policy_process process = { 0 }, *before;
	struct policy_frame *frame = bpf_map_lookup_elem(&policy_exec_frame, &zero);

	if (!frame)
		return 0;
	before = bpf_map_lookup_elem(&policy_processes, &tgid);
	if (before) {
		__builtin_memcpy(process.binaries, before->binaries, sizeof(process.binaries));
		keep_followed(process.binaries);
	}
	begin_record(frame, 1);
	capture_path(frame, 0, (u64)file + bpf_core_field_offset(struct file, f_path));
	add_binary(frame, &process);
	set_scopes(&process, bpf_get_current_cgroup_id());
	note_state(&process);
	bpf_map_update_elem(&policy_processes, &tgid, &process, BPF_ANY);
	return 0;
}

/* The child has what its parent has: it is of the same image, in the same cgroup. */
SEC("raw_tp/sched_process_fork")
int policy_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *child = (struct task_struct *)ctx->args[1];
	u32 tgid = BPF_CORE_READ(child, tgid), parent_tgid = bpf_get_current_pid_tgid() >> 32;
	struct policy_process *parent;

	if ((u32)BPF_CORE_READ(child, pid) != tgid)
		return 0;
	parent = bpf_map_lookup_elem(&policy_processes, &parent_tgid);
	if (parent)
		bpf_map_update_elem(&policy_processes, &tgid, parent, BPF_ANY);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int policy_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[0];
	u32 tgid = BPF_CORE_READ(task, tgid);

	if (BPF_CORE_READ(task, signal, live.counter) == 0)
		bpf_map_delete_elem(&policy_processes, &tgid);
	return 0;
}

SEC("raw_tp/cgroup_attach_task")
int policy_moved(struct bpf_raw_tracepoint_args *ctx)
{
	struct cgroup *to = (struct cgroup *)ctx->args[0];
	struct task_struct *task = (struct task_struct *)ctx->args[2];
	u32 tgid = BPF_CORE_READ(task, tgid);
	struct policy_process *process;

	/* Of threads that go alone the first stands for the process. */
	if (BPF_CORE_READ(to, root, hierarchy_id) != 0 ||
	    (!(u32)ctx->args[3] && (u32)BPF_CORE_READ(task, pid) != tgid))
		return 0;
	process = bpf_map_lookup_elem(&policy_processes, &tgid);
	if (process)
		set_scopes(process, BPF_CORE_READ(to, kn, id));
	return 0;
}

#endif
