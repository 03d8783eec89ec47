// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Packets that the kernel dropped, by reason. Reasons are numbered differently by every kernel: each name is looked up
 * in the running one when the program is loaded, and a number of our own stands for it.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "drop_reason.bpf.h"

enum drop_reason {
	DROP_REASON_UNKNOWN, /* the kernel gives none */
	DROP_REASON_OTHER,   /* it has no name here */
	DROP_REASON_NOT_SPECIFIED,
	DROP_REASON_NO_SOCKET,
	DROP_REASON_PKT_TOO_SMALL,
	DROP_REASON_TCP_CSUM,
	DROP_REASON_SOCKET_FILTER,
	DROP_REASON_UDP_CSUM,
	DROP_REASON_NETFILTER_DROP,
	DROP_REASON_OTHERHOST,
	DROP_REASON_IP_CSUM,
	DROP_REASON_IP_INHDR,
	DROP_REASON_IP_RPFILTER,
	DROP_REASON_PROTO_MEM,
	DROP_REASON_SOCKET_RCVBUFF,
	DROP_REASON_TCP_OLD_DATA,
	DROP_REASON_TCP_OVERWINDOW,
	DROP_REASON_TCP_OFO_QUEUE_PRUNE,
	DROP_REASON_TCP_INVALID_SEQUENCE,
	DROP_REASON_QDISC_DROP,
	DROP_REASON_CPU_BACKLOG,
	DROP_REASON_XDP,
	DROP_REASON_TC_INGRESS,
	DROP_REASON_TC_EGRESS,
	DROP_REASON_DEV_READY,
	DROP_REASON_FULL_RING,
	DROP_REASON_NOMEM,
	DROP_REASON_COUNT,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DROP_REASON_COUNT);
	__type(key, u32);
	__type(value, u64);
} packets_dropped_total SEC(".maps");

#define TELL(name)                                                                                 \
	do {                                                                                       \
		if (IS_DROP_REASON(reason, name))                                                  \
			return DROP_REASON_##name;                                                 \
	} while (0)

static __always_inline u32 tell(u32 reason)
{
	TELL(NOT_SPECIFIED);
	TELL(NO_SOCKET);
	TELL(PKT_TOO_SMALL);
	TELL(TCP_CSUM);
	TELL(SOCKET_FILTER);
	TELL(UDP_CSUM);
	TELL(NETFILTER_DROP);
	TELL(OTHERHOST);
	TELL(IP_CSUM);
	TELL(IP_INHDR);
	TELL(IP_RPFILTER);
	TELL(PROTO_MEM);
	TELL(SOCKET_RCVBUFF);
	TELL(TCP_OLD_DATA);
	TELL(TCP_OVERWINDOW);
	TELL(TCP_OFO_QUEUE_PRUNE);
	TELL(TCP_INVALID_SEQUENCE);
	if (is_of_queueing_discipline(reason))
		return DROP_REASON_QDISC_DROP;
	TELL(CPU_BACKLOG);
	TELL(XDP);
	TELL(TC_INGRESS);
	TELL(TC_EGRESS);
	TELL(DEV_READY);
	TELL(FULL_RING);
	TELL(NOMEM);
	return DROP_REASON_OTHER;
}

SEC("tp_btf/kfree_skb")
int kfree_skb(u64 *ctx)
{
	u32 key = DROP_REASON_UNKNOWN;

	/* Where there are no reasons the third argument is not there, and the verifier must not see it read. */
	if (bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_NOT_SPECIFIED))
		key = tell(ctx[2]);
	increment_map(&packets_dropped_total, &key, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
