/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_MNTNS_H
#define SONDE_GADGET_MNTNS_H

/* The mount namespace of the running thread, by which its container is found. Include vmlinux.h first. */

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include <gadget/types.h>

static __always_inline gadget_mntns_id gadget_get_current_mntns_id(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	/* An ending thread has no namespaces any more: every read then gives 0. */
	return BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
}

#endif
