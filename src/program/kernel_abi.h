/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_KERNEL_ABI_H
#define SRC_PROGRAM_KERNEL_ABI_H

/*
 * Numbers and layouts of bpf(2) that the headers of Debian 12 do not have yet.
 * It owns nothing. Names are ours, so that newer headers do not clash; a kernel that lacks one says so when asked.
 */

#include <stdint.h>

#define KERNEL_PROG_TYPE_NETFILTER 32u

#define KERNEL_MAP_CGRP_STORAGE 32u
#define KERNEL_MAP_ARENA 33u
#define KERNEL_MAP_INSN_ARRAY 34u

#define KERNEL_ATTACH_KPROBE_MULTI 42u
#define KERNEL_ATTACH_NETFILTER 45u
#define KERNEL_ATTACH_TCX_INGRESS 46u
#define KERNEL_ATTACH_TCX_EGRESS 47u
#define KERNEL_ATTACH_UPROBE_MULTI 48u
#define KERNEL_ATTACH_UNIX_CONNECT 49u
#define KERNEL_ATTACH_UNIX_SENDMSG 50u
#define KERNEL_ATTACH_UNIX_RECVMSG 51u
#define KERNEL_ATTACH_UNIX_GETPEERNAME 52u
#define KERNEL_ATTACH_UNIX_GETSOCKNAME 53u
#define KERNEL_ATTACH_NETKIT_PRIMARY 54u
#define KERNEL_ATTACH_NETKIT_PEER 55u
#define KERNEL_ATTACH_KPROBE_SESSION 56u
#define KERNEL_ATTACH_UPROBE_SESSION 57u

#define KERNEL_MULTI_RETURN 1u /* BPF_F_KPROBE_MULTI_RETURN and BPF_F_UPROBE_MULTI_RETURN */

/* The part of union bpf_attr that BPF_LINK_CREATE reads. All of it is zeroed before use. */
struct kernel_link_create {
	uint32_t prog_fd;
	uint32_t target; /* descriptor or interface index */
	uint32_t attach_type;
	uint32_t flags;
	union {
		struct {
			uint32_t flags, count;
			uint64_t symbols, addresses, cookies;
		} kprobe_multi;
		struct {
			uint64_t path, offsets, ref_ctr_offsets, cookies;
			uint32_t count, flags, pid, pad;
		} uprobe_multi;
		struct {
			uint32_t family, hook;
			int32_t priority;
			uint32_t flags;
		} netfilter;
		struct {
			uint32_t relative, pad;
			uint64_t expected_revision;
		} tcx; /* netkit too */
	};
};

/* A link descriptor or -errno. */
int kernel_create_link(const struct kernel_link_create *request);

#endif
