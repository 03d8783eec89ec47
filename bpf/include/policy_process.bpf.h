/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_POLICY_PROCESS_BPF_H
#define BPF_INCLUDE_POLICY_PROCESS_BPF_H

/*
 * What hooks ask of the process that they are in. Only policy.bpf.c includes it, after policy_frame.bpf.h.
 */

/* A number and no typed pointer: all kinds of programs may follow it by calls. */
static __always_inline struct task_struct *current_task(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

/* ---- masks ---- */

/* Never NULL: a process that is not in the table is in no set. */
static __always_inline struct policy_process *process_of(u32 tgid)
{
	struct policy_process *process = bpf_map_lookup_elem(&policy_processes, &tgid);
	u32 zero = 0;

	return process ? process : bpf_map_lookup_elem(&policy_nobody, &zero);
}

ROUTINE struct policy_process *find_process(void)
{
	return process_of(bpf_get_current_pid_tgid() >> 32);
}
CARRIER(find_process, find_process() != NULL)

ROUTINE struct policy_process *find_parent_process(void)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct who_process *known = bpf_map_lookup_elem(&who_processes, &tgid);

	if (known)
		return process_of(known->parent_tgid);
	return process_of(BPF_CORE_READ(current_task(), real_parent, tgid));
}
CARRIER(find_parent_process, find_parent_process() != NULL)

/* ---- numbers of processes, up the tree: tasks as addresses ---- */

ROUTINE u64 pid_of(u64 task)
{
	return (u32)BPF_CORE_READ((struct task_struct *)task, tgid);
}
CARRIER(pid_of, pid_of(a[0]))

/* In its own pid namespace; 0: that is the first one. */
ROUTINE u64 own_pid_of(u64 address)
{
	struct task_struct *task = (struct task_struct *)address;
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	u64 level = BPF_CORE_READ(pid, level);
	struct upid *upid;

	if (level == 0)
		return 0;
	upid = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       level * bpf_core_type_size(struct upid);
	return (u32)BPF_CORE_READ(upid, nr);
}
CARRIER(own_pid_of, own_pid_of(a[0]))

ROUTINE u64 parent_of(u64 task)
{
	return (u64)BPF_CORE_READ((struct task_struct *)task, real_parent);
}
CARRIER(parent_of, parent_of(a[0]))

/* ---- namespaces ---- */

#define NAMESPACE_OF(proxy, member) BPF_CORE_READ(proxy, member, ns.inum)

/* Of a kind that is known when the program is made: the rest is never run, and the verifier sees it. */
ROUTINE u64 namespace_of(u64 kind)
{
	struct task_struct *task = current_task();
	struct nsproxy *proxy = BPF_CORE_READ(task, nsproxy);

	switch (kind) {
	case WHO_NAMESPACE_UTS:
		return NAMESPACE_OF(proxy, uts_ns);
	case WHO_NAMESPACE_IPC:
		return NAMESPACE_OF(proxy, ipc_ns);
	case WHO_NAMESPACE_MNT:
		return NAMESPACE_OF(proxy, mnt_ns);
	case WHO_NAMESPACE_PID_FOR_CHILDREN:
		return NAMESPACE_OF(proxy, pid_ns_for_children);
	case WHO_NAMESPACE_NET:
		return NAMESPACE_OF(proxy, net_ns);
	case WHO_NAMESPACE_TIME:
		return NAMESPACE_OF(proxy, time_ns);
	case WHO_NAMESPACE_TIME_FOR_CHILDREN:
		return NAMESPACE_OF(proxy, time_ns_for_children);
	case WHO_NAMESPACE_CGROUP:
		return NAMESPACE_OF(proxy, cgroup_ns);
	case WHO_NAMESPACE_USER:
		return BPF_CORE_READ(task, cred, user_ns, ns.inum);
	case WHO_NAMESPACE_PID: {
		struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
		u64 level = BPF_CORE_READ(pid, level);
		struct upid *upid = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
				    level * bpf_core_type_size(struct upid);

		return BPF_CORE_READ(upid, ns, ns.inum);
	}
	}
	return 0;
}
CARRIER(namespace_of, namespace_of(a[0]))

/* ---- capabilities ---- */

static __always_inline u64 old_set(const struct cred___before_6_3 *cred, u64 kind)
{
	kernel_cap_t___before_6_3 set;

	if (kind == POLICY_CAPABILITIES_EFFECTIVE)
		set = BPF_CORE_READ(cred, cap_effective);
	else if (kind == POLICY_CAPABILITIES_INHERITABLE)
		set = BPF_CORE_READ(cred, cap_inheritable);
	else
		set = BPF_CORE_READ(cred, cap_permitted);
	return set.cap[0] | (u64)set.cap[1] << 32;
}

static __always_inline u64 capability_set(const struct cred *cred, u64 kind)
{
	if (!bpf_core_field_exists(cred->cap_permitted.val))
		return old_set((const void *)cred, kind);
	if (kind == POLICY_CAPABILITIES_EFFECTIVE)
		return BPF_CORE_READ(cred, cap_effective.val);
	if (kind == POLICY_CAPABILITIES_INHERITABLE)
		return BPF_CORE_READ(cred, cap_inheritable.val);
	return BPF_CORE_READ(cred, cap_permitted.val);
}

ROUTINE u64 capabilities_of(u64 kind)
{
	return capability_set(BPF_CORE_READ(current_task(), cred), kind);
}
CARRIER(capabilities_of, capabilities_of(a[0]))

/* 1: its user namespace is not the first one. */
ROUTINE u64 is_in_own_user_namespace(u64 unused)
{
	struct user_namespace *namespace = BPF_CORE_READ(current_task(), cred, user_ns);

	return BPF_CORE_READ(namespace, level) != 0;
}
CARRIER(is_in_own_user_namespace, is_in_own_user_namespace(a[0]))

/* ---- the stack of numbers that a rate is about ---- */

#define RATE_WORDS 5        /* of a text: 40 bytes */
#define ALREADY_THERE (-17) /* EEXIST */

/*
 * Whether it may be posted: nothing of the same rule, scope and values was within the time. `numbers`: a bit for each value
 * that is the word itself; the others begin where the word says.
 */
ROUTINE u64 may_post(struct policy_frame *frame, u64 rule, u64 scope, u64 interval_ns, u64 numbers)
{
	struct policy_rate_key key = { .hook = frame->record.hook, .rule = rule };
	u64 now = frame->record.entry_time_ns, *last;
	struct policy_hash hash;

	if (scope == POLICY_RATE_THREAD)
		key.scope = (u64)frame->record.tgid << 32 | frame->record.tid;
	else if (scope == POLICY_RATE_PROCESS)
		key.scope = frame->record.tgid;
	policy_hash_begin(&hash, policy_seed);
	for (u32 i = 0; i < POLICY_VALUES_MAX; i++) {
		union policy_word word = *word_of(frame, i);

		if (i >= frame->record.value_count)
			break;
		if (numbers & 1u << i) {
			policy_hash_add(&hash, word.number);
			continue;
		}
		policy_hash_add(&hash, (u32)word.place.size);
		for (u32 j = 0; j < RATE_WORDS; j++) {
			if (word.place.offset == 0 || (s32)(j * 8) >= word.place.size)
				break;
			policy_hash_add(&hash, word_at(frame, word.place.offset + j * 8));
		}
	}
	key.values = policy_hash_end(&hash, frame->record.value_count);
	last = bpf_map_lookup_elem(&policy_rates, &key);
	/* Of several at once one takes the old time away, and one leaves the new one, which may be later than that of another. */
	if (last &&
	    ((s64)(now - *last) < (s64)interval_ns || bpf_map_delete_elem(&policy_rates, &key) < 0))
		return 0;
	return bpf_map_update_elem(&policy_rates, &key, &now, BPF_NOEXIST) != ALREADY_THERE;
}
FRAME_CARRIER(may_post, may_post(frame, a[0], a[1], a[2], a[3]))

#endif
