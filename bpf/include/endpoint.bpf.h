/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_ENDPOINT_BPF_H
#define BPF_INCLUDE_ENDPOINT_BPF_H

/* Both ends of a socket of IPv4 or IPv6, as records have them. Include kernel.bpf.h and gadget/types.h first. */

static __always_inline bool is_inet(struct sock *sock)
{
	u16 family = BPF_CORE_READ(sock, __sk_common.skc_family);

	return family == AF_INET || family == AF_INET6;
}

static __always_inline void fill_port(struct gadget_l4endpoint_t *endpoint, u16 port, u16 protocol,
				      u8 version)
{
	endpoint->port = bpf_ntohs(port);
	endpoint->proto_raw = protocol;
	endpoint->version = version;
}

static __always_inline void fill_v4(struct gadget_l4endpoint_t *endpoint, u32 address)
{
	__builtin_memset(&endpoint->addr_raw, 0, sizeof(endpoint->addr_raw));
	endpoint->addr_raw.v4 = address;
}

/* The own end. */
static __always_inline void fill_source(struct gadget_l4endpoint_t *source, struct sock *sock)
{
	struct inet_sock *inet = (void *)sock;
	bool is_v6 = BPF_CORE_READ(sock, __sk_common.skc_family) == AF_INET6;

	if (is_v6)
		BPF_CORE_READ_INTO(&source->addr_raw.v6, sock, __sk_common.skc_v6_rcv_saddr);
	else
		fill_v4(source, BPF_CORE_READ(sock, __sk_common.skc_rcv_saddr));
	fill_port(source, BPF_CORE_READ(inet, inet_sport), BPF_CORE_READ(sock, sk_protocol),
		  is_v6 ? 6 : 4);
}

static __always_inline void fill_endpoints(struct gadget_l4endpoint_t *source,
					   struct gadget_l4endpoint_t *destination,
					   struct sock *sock)
{
	bool is_v6 = BPF_CORE_READ(sock, __sk_common.skc_family) == AF_INET6;

	fill_source(source, sock);
	if (is_v6)
		BPF_CORE_READ_INTO(&destination->addr_raw.v6, sock, __sk_common.skc_v6_daddr);
	else
		fill_v4(destination, BPF_CORE_READ(sock, __sk_common.skc_daddr));
	fill_port(destination, BPF_CORE_READ(sock, __sk_common.skc_dport),
		  BPF_CORE_READ(sock, sk_protocol), is_v6 ? 6 : 4);
}

static __always_inline u32 network_namespace_of(struct sock *sock)
{
	return BPF_CORE_READ(sock, __sk_common.skc_net.net, ns.inum);
}

/* The socket behind a descriptor of the current task; NULL when there is none, or another kind of file. */
static __always_inline struct sock *socket_of(u32 fd)
{
	struct file *file = file_of(fd);
	struct socket *socket;

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return socket ? BPF_CORE_READ(socket, sk) : NULL;
}

#endif
