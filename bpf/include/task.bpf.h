/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_TASK_BPF_H
#define BPF_INCLUDE_TASK_BPF_H

/*
 * What a task is to others: its number in its own pid namespace, its credentials, its namespaces. Tasks are typed
 * pointers, as BTF tracepoints have them. Include kernel.bpf.h and bpf/abi/who.h first.
 */

/* The number of a process in its own pid namespace; 0 in the first one. */
static __always_inline u32 own_pid_of(struct task_struct *task, u32 *ret_namespace)
{
	struct pid *pid = task->group_leader->thread_pid;
	u32 level = pid->level;
	struct upid *upid;

	if (level == 0) {
		*ret_namespace = pid->numbers[0].ns->ns.inum;
		return 0;
	}
	/* As a number: before 5.11 the verifier lets nothing that it does not know be added to a typed pointer. */
	bpf_core_read(&pid, sizeof(pid), &task->group_leader->thread_pid);
	upid = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       (u64)level * bpf_core_type_size(struct upid);
	*ret_namespace = BPF_CORE_READ(upid, ns, ns.inum);
	return BPF_CORE_READ(upid, nr);
}

#define OLD_CAPABILITIES(of) ((of).cap[0] | (u64)(of).cap[1] << 32)

static __always_inline void fill_credentials(struct who_credentials *credentials,
					     struct task_struct *task)
{
	const struct cred *cred = task->cred;

	credentials->uid = cred->uid.val;
	credentials->gid = cred->gid.val;
	credentials->euid = cred->euid.val;
	credentials->egid = cred->egid.val;
	credentials->suid = cred->suid.val;
	credentials->sgid = cred->sgid.val;
	credentials->fsuid = cred->fsuid.val;
	credentials->fsgid = cred->fsgid.val;
	credentials->securebits = cred->securebits;
	credentials->auid = bpf_core_field_exists(task->loginuid) ? task->loginuid.val
								  : WHO_UID_UNSET;
	if (bpf_core_field_exists(cred->cap_permitted.val)) {
		credentials->permitted = cred->cap_permitted.val;
		credentials->effective = cred->cap_effective.val;
		credentials->inheritable = cred->cap_inheritable.val;
	} else {
		const struct cred___before_6_3 *old = (const void *)cred;

		credentials->permitted = OLD_CAPABILITIES(old->cap_permitted);
		credentials->effective = OLD_CAPABILITIES(old->cap_effective);
		credentials->inheritable = OLD_CAPABILITIES(old->cap_inheritable);
	}
}

static __always_inline void fill_namespaces(u32 *namespaces, struct task_struct *task)
{
	struct nsproxy *proxy = task->nsproxy;

	namespaces[WHO_NAMESPACE_UTS] = proxy->uts_ns->ns.inum;
	namespaces[WHO_NAMESPACE_IPC] = proxy->ipc_ns->ns.inum;
	namespaces[WHO_NAMESPACE_MNT] = proxy->mnt_ns->ns.inum;
	namespaces[WHO_NAMESPACE_PID_FOR_CHILDREN] = proxy->pid_ns_for_children->ns.inum;
	namespaces[WHO_NAMESPACE_NET] = proxy->net_ns->ns.inum;
	namespaces[WHO_NAMESPACE_TIME] = proxy->time_ns->ns.inum;
	namespaces[WHO_NAMESPACE_TIME_FOR_CHILDREN] = proxy->time_ns_for_children->ns.inum;
	namespaces[WHO_NAMESPACE_CGROUP] = proxy->cgroup_ns->ns.inum;
	namespaces[WHO_NAMESPACE_USER] = task->cred->user_ns->ns.inum;
}

#endif
