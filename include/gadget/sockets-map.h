/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_SOCKETS_MAP_H
#define SONDE_GADGET_SOCKETS_MAP_H

/*
 * Whose a socket is: user space keeps the map. Programs that see packets define GADGET_TYPE_NETWORKING before this, and
 * have the headers of the packet's parts; those that see sockets of the kernel define GADGET_TYPE_TRACING. Include vmlinux.h
 * or linux/types.h first.
 */

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <gadget/types.h>

#define GADGET_MAX_SOCKETS 16384

struct gadget_socket_key {
	__u32 netns;
	__u16 family; /* AF_INET or AF_INET6 */
	__u8 proto;   /* IPPROTO_TCP or IPPROTO_UDP */
	__u16 port;   /* the own one, host order */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GADGET_MAX_SOCKETS);
	__type(key, struct gadget_socket_key);
	__type(value, struct gadget_socket_value);
} gadget_sockets SEC(".maps");

/* Numbers that the headers of both kinds of programs have, or have not. */
#define GADGET_SE_PACKET_HOST 0
#define GADGET_SE_ETH_HLEN 14
#define GADGET_SE_ETH_P_IP 0x0800
#define GADGET_SE_ETH_P_IPV6 0x86dd
#define GADGET_SE_AF_INET 2
#define GADGET_SE_AF_INET6 10
#define GADGET_SE_IPV6_HLEN 40

#define GADGET_SE_NEXTHDR_HOP 0
#define GADGET_SE_NEXTHDR_TCP 6
#define GADGET_SE_NEXTHDR_UDP 17
#define GADGET_SE_NEXTHDR_ROUTING 43
#define GADGET_SE_NEXTHDR_FRAGMENT 44
#define GADGET_SE_NEXTHDR_AUTH 51
#define GADGET_SE_NEXTHDR_DEST 60

static __always_inline bool gadget_is_transport_(__u8 proto)
{
	return proto == GADGET_SE_NEXTHDR_TCP || proto == GADGET_SE_NEXTHDR_UDP;
}

#ifdef GADGET_TYPE_NETWORKING

#define GADGET_IPV6_HEADERS_MAX_ 6

/* Length of a header of IPv6 that others follow, by its first two bytes; 0 of one that nothing follows. */
static __always_inline __u32 gadget_ipv6_header_len_(__u8 kind, __u8 units)
{
	switch (kind) {
	case GADGET_SE_NEXTHDR_FRAGMENT:
		return 8;
	case GADGET_SE_NEXTHDR_AUTH:
		return (units + 2) * 4;
	case GADGET_SE_NEXTHDR_HOP:
	case GADGET_SE_NEXTHDR_ROUTING:
	case GADGET_SE_NEXTHDR_DEST:
		return (units + 1) * 8;
	}
	return 0;
}

/* Where the ports are, behind all headers of IPv6; 0: there are none. */
static __always_inline __u32 gadget_find_ipv6_ports_(const struct __sk_buff *skb, __u8 *ret_proto)
{
	__u32 at = GADGET_SE_ETH_HLEN + GADGET_SE_IPV6_HLEN;
	__u8 proto = 0, header[2];

	if (bpf_skb_load_bytes(skb, GADGET_SE_ETH_HLEN + 6, &proto, sizeof(proto)) < 0)
		return 0;
	for (int i = 0; i < GADGET_IPV6_HEADERS_MAX_ && !gadget_is_transport_(proto); i++) {
		__u32 len;

		if (bpf_skb_load_bytes(skb, at, header, sizeof(header)) < 0)
			return 0;
		len = gadget_ipv6_header_len_(proto, header[1]);
		if (len == 0)
			return 0;
		proto = header[0];
		at += len;
	}
	*ret_proto = proto;
	return at;
}

static __always_inline __u32 gadget_find_ipv4_ports_(const struct __sk_buff *skb, __u8 *ret_proto)
{
	__u8 first = 0;

	if (bpf_skb_load_bytes(skb, GADGET_SE_ETH_HLEN, &first, sizeof(first)) < 0 ||
	    bpf_skb_load_bytes(skb, GADGET_SE_ETH_HLEN + 9, ret_proto, sizeof(*ret_proto)) < 0)
		return 0;
	return GADGET_SE_ETH_HLEN + (first & 0xf) * 4;
}

/* The own end's socket of a packet that comes (is_ingress) or goes; NULL: nobody knows. */
static __always_inline struct gadget_socket_value *gadget_socket_lookup_with_direction(
	const struct __sk_buff *skb, __u8 is_ingress)
{
	struct gadget_socket_key key = {};
	struct gadget_socket_value *found;
	__u16 protocol = 0, port = 0;
	__u32 at = 0;

	key.netns = skb->cb[0]; /* the one that calls us puts it there */
	if (bpf_skb_load_bytes(skb, 12, &protocol, sizeof(protocol)) < 0)
		return NULL;
	if (protocol == bpf_htons(GADGET_SE_ETH_P_IP)) {
		key.family = GADGET_SE_AF_INET;
		at = gadget_find_ipv4_ports_(skb, &key.proto);
	} else if (protocol == bpf_htons(GADGET_SE_ETH_P_IPV6)) {
		key.family = GADGET_SE_AF_INET6;
		at = gadget_find_ipv6_ports_(skb, &key.proto);
	}
	/* The port of whom it goes to is behind that of whom it comes from. */
	if (at == 0 || !gadget_is_transport_(key.proto) ||
	    bpf_skb_load_bytes(skb, at + (is_ingress ? 2 : 0), &port, sizeof(port)) < 0)
		return NULL;
	key.port = bpf_ntohs(port);
	found = bpf_map_lookup_elem(&gadget_sockets, &key);
	if (found || key.family == GADGET_SE_AF_INET6)
		return found;
	/* A socket of IPv6 may serve IPv4 as well. */
	key.family = GADGET_SE_AF_INET6;
	found = bpf_map_lookup_elem(&gadget_sockets, &key);
	return found && !found->ipv6only ? found : NULL;
}

/* Not on an interface of the machine's, where what is for a container comes in, too. */
static __always_inline struct gadget_socket_value *gadget_socket_lookup(const struct __sk_buff *skb)
{
	return gadget_socket_lookup_with_direction(skb, skb->pkt_type == GADGET_SE_PACKET_HOST);
}

#endif

#ifdef GADGET_TYPE_TRACING

static __always_inline struct gadget_socket_value *gadget_socket_lookup(const struct sock *sock,
									__u32 netns)
{
	const struct inet_sock *inet = (const void *)sock;
	struct gadget_socket_key key = { .netns = netns };

	key.family = BPF_CORE_READ(sock, __sk_common.skc_family);
	key.proto = BPF_CORE_READ_BITFIELD_PROBED(sock, sk_protocol);
	key.port = bpf_ntohs(BPF_CORE_READ(inet, inet_sport));
	return gadget_is_transport_(key.proto) ? bpf_map_lookup_elem(&gadget_sockets, &key) : NULL;
}

#endif

/* Of nobody: the process is left as it is. */
static __always_inline void gadget_process_populate_from_socket(
	const struct gadget_socket_value *value, struct gadget_process *process)
{
	if (!value)
		return;
	__builtin_memcpy(process->comm, value->task, sizeof(process->comm));
	process->pid = value->pid_tgid >> 32;
	process->tid = (__u32)value->pid_tgid;
	process->mntns_id = value->mntns;
	process->creds.uid = (__u32)value->uid_gid;
	process->creds.gid = value->uid_gid >> 32;
	__builtin_memcpy(process->parent.comm, value->ptask, sizeof(process->parent.comm));
	process->parent.pid = value->ppid;
	process->parent.tid = bpf_core_field_exists(value->ptid) ? value->ptid : 0;
}

#endif
