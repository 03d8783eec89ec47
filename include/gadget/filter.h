/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_FILTER_H
#define SONDE_GADGET_FILTER_H

/*
 * Filters that most gadgets have: container, process, thread, user, group, name. Each is a parameter, and those that
 * are not set cost nothing, for the verifier removes them. Include vmlinux.h first.
 */

#include <bpf/bpf_helpers.h>

#include <gadget/mntns_filter.h>
#include <gadget/thread_filter.h>
#include <gadget/types.h>

/* Of somebody else's event. */
static __always_inline bool gadget_should_discard_data(gadget_mntns_id mntns_id, gadget_pid pid,
						       gadget_tid tid, const char *comm,
						       gadget_uid uid, gadget_gid gid)
{
	return gadget_should_discard_mntns_id(mntns_id) ||
	       gadget_should_discard_thread(pid, tid, comm, uid, gid);
}

/* Of a packet's: of one whose socket nobody knows, when there is any filter. */
static __always_inline bool gadget_should_discard_data_by_skb(struct gadget_socket_value *value)
{
	if (!value)
		return gadget_filter_by_mntns || targ_pid || targ_tid ||
		       targ_uid != GADGET_INVALID_ID || targ_gid != GADGET_INVALID_ID ||
		       targ_comm[0];
	return gadget_should_discard_data(value->mntns, value->pid_tgid >> 32,
					  (__u32)value->pid_tgid, value->task,
					  (__u32)value->uid_gid, value->uid_gid >> 32);
}

/* Programs that see packets run in nobody's name, and know no task. */
#ifndef GADGET_TYPE_NETWORKING

#include <gadget/mntns.h>

/* Of the running thread's. */
static __always_inline bool gadget_should_discard_data_current(void)
{
	return gadget_should_discard_mntns_id(gadget_filter_by_mntns ? gadget_get_current_mntns_id()
								     : 0) ||
	       gadget_should_discard_current_thread();
}

#endif

#endif
