/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_FILTER_H
#define SONDE_GADGET_FILTER_H

/*
 * Filters that most gadgets have: container, process, thread, user, group, name. Each is a parameter, and those that
 * are not set cost nothing, for the verifier removes them. Include vmlinux.h first.
 */

#include <bpf/bpf_helpers.h>

#include <gadget/mntns.h>
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

/* Of the running thread's. */
static __always_inline bool gadget_should_discard_data_current(void)
{
	return gadget_should_discard_mntns_id(gadget_filter_by_mntns ? gadget_get_current_mntns_id()
								     : 0) ||
	       gadget_should_discard_current_thread();
}

#endif
