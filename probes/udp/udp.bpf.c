// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * UDP datagrams that the kernel dropped, by address family and reason. Kernels that tell the reason of every drop are
 * asked where they drop; older ones tell only of IPv4 datagrams that a socket had no room for.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#define ENOMEM 12
#define IPPROTO_UDP 17
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define IPV4_PROTOCOL 9    /* where the header says what it carries */
#define IPV6_NEXT_HEADER 6 /* likewise */
#define FAMILIES 2

enum family {
	FAMILY_IPV4,
	FAMILY_IPV6,
};

enum drop_reason {
	DROP_REASON_OTHER, /* it has no name here, or the kernel gives none */
	DROP_REASON_RECEIVE_QUEUE_FULL,
	DROP_REASON_MEMORY,
	DROP_REASON_NO_SOCKET,
	DROP_REASON_CHECKSUM,
	DROP_REASON_SOCKET_FILTER,
	DROP_REASON_NETFILTER,
	DROP_REASON_COUNT,
};

struct drop_key {
	u16 family;
	u16 reason;
};

/* Both families with every reason: the map cannot be full. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, FAMILIES *DROP_REASON_COUNT);
	__type(key, struct drop_key);
	__type(value, u64);
} udp_drops_total SEC(".maps");

/* Since 5.18 the reason is known where a socket has no room; 5.17 has the list, but drops these without one. */
static __always_inline bool kernel_tells_reasons(void)
{
	return bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_SOCKET_RCVBUFF);
}

#define TELL(theirs, ours)                                                                         \
	do {                                                                                       \
		if (bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_##theirs) &&  \
		    reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_##theirs)) \
			return DROP_REASON_##ours;                                                 \
	} while (0)

static __always_inline u16 tell(u32 reason)
{
	TELL(SOCKET_RCVBUFF, RECEIVE_QUEUE_FULL);
	TELL(PROTO_MEM, MEMORY);
	TELL(NO_SOCKET, NO_SOCKET);
	TELL(UDP_CSUM, CHECKSUM);
	TELL(SOCKET_FILTER, SOCKET_FILTER);
	TELL(NETFILTER_DROP, NETFILTER);
	return DROP_REASON_OTHER;
}

static __always_inline int count_drop(u16 family, u16 reason)
{
	struct drop_key key = { .family = family, .reason = reason };

	increment_map(&udp_drops_total, &key, 1);
	return 0;
}

/* False for all other packets, and for fragments behind the first of IPv6, which do not say what they carry. */
static __always_inline bool is_udp(struct sk_buff *skb, u16 family)
{
	u32 offset = family == FAMILY_IPV4 ? IPV4_PROTOCOL : IPV6_NEXT_HEADER;
	u8 protocol = 0;

	bpf_probe_read_kernel(&protocol, sizeof(protocol),
			      skb->head + skb->network_header + offset);
	return protocol == IPPROTO_UDP;
}

/* Untyped, because older kernels have no third argument, and the verifier must not see it read. */
SEC("tp_btf/kfree_skb")
int kfree_skb(u64 *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx[0];
	u16 family;

	if (!kernel_tells_reasons())
		return 0;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		family = FAMILY_IPV4;
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		family = FAMILY_IPV6;
	else
		return 0;
	return is_udp(skb, family) ? count_drop(family, tell(ctx[2])) : 0;
}

/* Before 6.6 only the IPv4 side of the kernel comes here, so the kernels that are asked here tell of no other. */
SEC("tp_btf/udp_fail_queue_rcv_skb")
int BPF_PROG(udp_fail_queue_rcv_skb, int error)
{
	if (kernel_tells_reasons())
		return 0;
	return count_drop(FAMILY_IPV4,
			  error == -ENOMEM ? DROP_REASON_RECEIVE_QUEUE_FULL : DROP_REASON_MEMORY);
}

char LICENSE[] SEC("license") = "GPL";
