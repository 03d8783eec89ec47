/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_SOCKET_OWNER_BPF_H
#define BPF_INCLUDE_SOCKET_OWNER_BPF_H

/*
 * Whose a TCP connection is, for programs that run when anybody runs: the process that began to connect, or accepted it.
 * Noted are connections that are made while the gadget runs; of those before nobody knows. This brings programs, so it is
 * included once by an object, behind gadget.bpf.h.
 */

#include "endpoint.bpf.h"

#define SOCKET_OWNERS_MAX 16384

struct socket_owner {
	u64 cgroup;
	struct gadget_process process;
};

/* By address of the socket; the oldest give way. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SOCKET_OWNERS_MAX);
	__type(key, u64);
	__type(value, struct socket_owner);
} socket_owners SEC(".maps");

static __always_inline void note_owner(struct sock *sock)
{
	struct socket_owner owner = { .cgroup = bpf_get_current_cgroup_id() };
	u64 key = (u64)sock;

	fill_process(&owner.process);
	bpf_map_update_elem(&socket_owners, &key, &owner, BPF_ANY);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(note_connect, struct sock *sock, int before, int now)
{
	if (now == TCP_SYN_SENT && BPF_CORE_READ(sock, sk_protocol) == IPPROTO_TCP)
		note_owner(sock);
	return 0;
}

static __always_inline int note_accepted(long descriptor)
{
	struct sock *sock = descriptor < 0 ? NULL : socket_of(descriptor);

	if (sock && is_inet(sock) && BPF_CORE_READ(sock, sk_protocol) == IPPROTO_TCP)
		note_owner(sock);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_accept")
int note_accept(struct syscall_trace_exit *ctx)
{
	return note_accepted(ctx->ret);
}

SEC("tracepoint/syscalls/sys_exit_accept4")
int note_accept4(struct syscall_trace_exit *ctx)
{
	return note_accepted(ctx->ret);
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(forget_owner, struct sock *sock)
{
	u64 key = (u64)sock;

	bpf_map_delete_elem(&socket_owners, &key);
	return 0;
}

static __always_inline struct socket_owner *find_owner(const struct sock *sock)
{
	u64 key = (u64)sock;

	return bpf_map_lookup_elem(&socket_owners, &key);
}

/* Filters are about the owner; what nobody owns is wanted when there are none. */
static __always_inline bool is_owner_wanted(struct socket_owner *owner)
{
	struct socket_owner nobody = {
		.process = { .creds = { GADGET_INVALID_ID, GADGET_INVALID_ID } },
	};
	const struct gadget_process *process;

	if (!owner)
		owner = &nobody;
	process = &owner->process;
	return is_wanted_cgroup(owner->cgroup) &&
	       !gadget_should_discard_thread(process->pid, process->tid, process->comm,
					     process->creds.uid, process->creds.gid);
}

/* ---- names ------------------------------------------------------------------------------------- */

enum tcp_state : u32 {
	tcp_established = 1,
	tcp_syn_sent,
	tcp_syn_recv,
	tcp_fin_wait1,
	tcp_fin_wait2,
	tcp_time_wait,
	tcp_close,
	tcp_close_wait,
	tcp_last_ack,
	tcp_listen,
	tcp_closing,
	tcp_new_syn_recv,
};

enum tcp_flags_set : u8 {
	FIN = 1 << 0,
	SYN = 1 << 1,
	RST = 1 << 2,
	PSH = 1 << 3,
	ACK = 1 << 4,
	URG = 1 << 5,
	ECE = 1 << 6,
	CWR = 1 << 7,
};

#endif
