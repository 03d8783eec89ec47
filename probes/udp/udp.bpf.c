// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * UDP datagrams that the kernel dropped, by address family and reason. Kernels that tell the reason of every drop are
 * asked where they drop; older ones tell only of datagrams that a socket had no room for.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "drop_reason.bpf.h"

#define ENOMEM 12
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

#define TELL(theirs, ours)                                                                         \
	do {                                                                                       \
		if (IS_DROP_REASON(reason, theirs))                                                \
			return DROP_REASON_##ours;                                                 \
	} while (0)

/* The first name is looked up in any case: a kernel that lacks it refuses the program, and the next one has its turn. */
static __always_inline u16 tell(u32 reason)
{
	if (reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_SOCKET_RCVBUFF))
		return DROP_REASON_RECEIVE_QUEUE_FULL;
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

static __always_inline bool family_of(struct sk_buff *skb, u16 *ret_family)
{
	*ret_family = skb->protocol == bpf_htons(ETH_P_IPV6) ? FAMILY_IPV6 : FAMILY_IPV4;
	return skb->protocol == bpf_htons(ETH_P_IP) || skb->protocol == bpf_htons(ETH_P_IPV6);
}

static __always_inline int count_refusal(u16 family, int error)
{
	if (error == -ENOMEM)
		return count_drop(family, DROP_REASON_RECEIVE_QUEUE_FULL);
	return count_drop(family, DROP_REASON_MEMORY);
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(kfree_skb, struct sk_buff *skb, void *location, u32 reason)
{
	u16 family;

	if (!family_of(skb, &family) || !is_udp(skb, family))
		return 0;
	return count_drop(family, tell(reason));
}

/* Before 5.18: where a socket is given a datagram. */
SEC("fexit/__udp_enqueue_schedule_skb")
int BPF_PROG(udp_enqueue, struct sock *sk, struct sk_buff *skb, int error)
{
	u16 family;

	return error < 0 && family_of(skb, &family) ? count_refusal(family, error) : 0;
}

/* Likewise, but before 6.6 only the IPv4 side of the kernel comes here. */
SEC("tp_btf/udp_fail_queue_rcv_skb")
int BPF_PROG(udp_fail_queue_rcv_skb, int error)
{
	return count_refusal(FAMILY_IPV4, error);
}

char LICENSE[] SEC("license") = "GPL";
