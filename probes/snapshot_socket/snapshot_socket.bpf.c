// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Sockets of TCP and UDP that there are.
 */
#include "kernel.bpf.h"

#include <gadget/macros.h>
#include <gadget/types.h>

/* As the kernel numbers them; sockets of UDP are ESTABLISHED while they are connected, and otherwise CLOSE. */
enum socket_state : u32 {
	ESTABLISHED = 1,
	SYN_SENT,
	SYN_RECV,
	FIN_WAIT1,
	FIN_WAIT2,
	TIME_WAIT,
	CLOSE,
	CLOSE_WAIT,
	LAST_ACK,
	LISTEN,
	CLOSING,
};

struct socket_entry {
	struct gadget_l4endpoint_t src;
	struct gadget_l4endpoint_t dst;
	enum socket_state state_raw;
	u32 ino;
	gadget_netns_id netns_id;
};

GADGET_ITER(sockets, socket_entry, list_tcp, list_udp);

static __always_inline void fill_addresses(struct socket_entry *entry, struct sock_common *common)
{
	bool is_v6 = common->skc_family == AF_INET6;

	if (is_v6) {
		bpf_core_read(entry->src.addr_raw.v6, sizeof(entry->src.addr_raw.v6),
			      &common->skc_v6_rcv_saddr);
		bpf_core_read(entry->dst.addr_raw.v6, sizeof(entry->dst.addr_raw.v6),
			      &common->skc_v6_daddr);
	} else {
		entry->src.addr_raw.v4 = common->skc_rcv_saddr;
		entry->dst.addr_raw.v4 = common->skc_daddr;
	}
	entry->src.version = entry->dst.version = is_v6 ? 6 : 4;
	entry->src.port = common->skc_num;
	entry->dst.port = bpf_ntohs(common->skc_dport);
}

/* What has no socket of its own, while a connection begins or has ended, has no inode either. */
static __always_inline u32 inode_of(struct sock_common *common)
{
	struct socket *socket = BPF_CORE_READ((struct sock *)common, sk_socket);
	struct socket_alloc *around = (void *)socket -
				      bpf_core_field_offset(struct socket_alloc, socket);

	return socket ? BPF_CORE_READ(around, vfs_inode.i_ino) : 0;
}

static __always_inline int list(struct seq_file *seq, struct sock_common *common, u16 protocol)
{
	struct socket_entry entry = {};
	u8 state = common->skc_state;

	if (common->skc_family != AF_INET && common->skc_family != AF_INET6)
		return 0;
	fill_addresses(&entry, common);
	entry.src.proto_raw = entry.dst.proto_raw = protocol;
	entry.netns_id = common->skc_net.net->ns.inum;
	if (state == TCP_TIME_WAIT)
		entry.state_raw = BPF_CORE_READ((struct inet_timewait_sock *)common, tw_substate);
	else if (state == TCP_NEW_SYN_RECV)
		entry.state_raw = TCP_SYN_RECV;
	else
		entry.state_raw = state;
	if (state != TCP_TIME_WAIT && state != TCP_NEW_SYN_RECV)
		entry.ino = inode_of(common);
	bpf_seq_write(seq, &entry, sizeof(entry));
	return 0;
}

SEC("iter/tcp")
int list_tcp(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;

	return common ? list(ctx->meta->seq, common, IPPROTO_TCP) : 0;
}

SEC("iter/udp")
int list_udp(struct bpf_iter__udp *ctx)
{
	struct sock_common *common = (void *)ctx->udp_sk;

	return common ? list(ctx->meta->seq, common, IPPROTO_UDP) : 0;
}

char LICENSE[] SEC("license") = "GPL";
