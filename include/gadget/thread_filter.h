/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_THREAD_FILTER_H
#define SONDE_GADGET_THREAD_FILTER_H

/*
 * Filters by process, thread, user, group and name, without the one by container: filter.h has that, too. Each is a
 * parameter, and those that are not set cost nothing, for the verifier removes them. Include vmlinux.h first.
 */

#include <bpf/bpf_helpers.h>

#include <gadget/macros.h>
#include <gadget/types.h>

#define GADGET_INVALID_ID ((gadget_uid)-1)

const volatile gadget_pid targ_pid = 0;
GADGET_PARAM(targ_pid);
const volatile gadget_tid targ_tid = 0;
GADGET_PARAM(targ_tid);
const volatile gadget_uid targ_uid = GADGET_INVALID_ID; /* any */
GADGET_PARAM(targ_uid);
const volatile gadget_gid targ_gid = GADGET_INVALID_ID; /* any */
GADGET_PARAM(targ_gid);
const volatile gadget_comm targ_comm[TASK_COMM_LEN] = {};
GADGET_PARAM(targ_comm);

static __always_inline bool gadget_should_discard_pid(gadget_pid pid)
{
	return targ_pid && targ_pid != pid;
}

static __always_inline bool gadget_should_discard_tid(gadget_tid tid)
{
	return targ_tid && targ_tid != tid;
}

static __always_inline bool gadget_should_discard_uid(gadget_uid uid)
{
	return targ_uid != GADGET_INVALID_ID && targ_uid != uid;
}

static __always_inline bool gadget_should_discard_gid(gadget_gid gid)
{
	return targ_gid != GADGET_INVALID_ID && targ_gid != gid;
}

static __always_inline bool gadget_should_discard_comm(const char *comm)
{
	if (!targ_comm[0])
		return false;
	for (int i = 0; i < TASK_COMM_LEN; i++) {
		if (comm[i] != targ_comm[i])
			return true;
		if (!comm[i])
			return false;
	}
	return false;
}

/* Of somebody else. */
static __always_inline bool gadget_should_discard_thread(gadget_pid pid, gadget_tid tid,
							 const char *comm, gadget_uid uid,
							 gadget_gid gid)
{
	return gadget_should_discard_pid(pid) || gadget_should_discard_tid(tid) ||
	       gadget_should_discard_uid(uid) || gadget_should_discard_gid(gid) ||
	       gadget_should_discard_comm(comm);
}

static __always_inline bool gadget_should_discard_current_thread(void)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid(), uid_gid = bpf_get_current_uid_gid();
	char comm[TASK_COMM_LEN] = {};

	if (targ_comm[0])
		bpf_get_current_comm(comm, sizeof(comm));
	return gadget_should_discard_thread(pid_tgid >> 32, (__u32)pid_tgid, comm, (__u32)uid_gid,
					    uid_gid >> 32);
}

#endif
