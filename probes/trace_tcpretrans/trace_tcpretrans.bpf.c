// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * TCP segments that are sent once more, and probes for lost ones.
 */
#include "gadget.bpf.h"

#include "socket_owner.bpf.h"

enum type : u8 {
	RETRANS,
	LOSS,
};

struct event {
	gadget_timestamp timestamp_raw;
	gadget_netns_id netns_id;
	enum tcp_state state_raw;
	struct gadget_process proc;
	struct gadget_l4endpoint_t src;
	struct gadget_l4endpoint_t dst;
	enum tcp_flags_set tcpflags_raw;
	enum type type_raw;
};

GADGET_TRACER_MAP(events, 256 * 1024);
GADGET_TRACER(tcpretrans, events, event);

static __always_inline int trace(struct sock *sock, struct sk_buff *skb, enum type type)
{
	struct socket_owner *owner = find_owner(sock);
	struct event *event;
	u8 flags = 0;

	if (!is_inet(sock) || !is_owner_wanted(owner))
		return 0;
	event = reserve_record(&events, sizeof(*event));
	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	event->netns_id = network_namespace_of(sock);
	event->state_raw = BPF_CORE_READ(sock, __sk_common.skc_state);
	fill_endpoints(&event->src, &event->dst, sock);
	/* The packet has no header yet. */
	if (skb)
		flags = BPF_CORE_READ(
			(struct tcp_skb_cb *)((void *)skb + bpf_core_field_offset(skb->cb)),
			tcp_flags);
	event->tcpflags_raw = flags;
	event->type_raw = type;
	if (owner)
		event->proc = owner->process;
	else
		__builtin_memset(&event->proc, 0, sizeof(event->proc));
	submit_record(event);
	return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(trace_retransmit, struct sock *sock, struct sk_buff *skb)
{
	return trace(sock, skb, RETRANS);
}

/* Of these there is no tracepoint. */
SEC("kprobe/tcp_send_loss_probe")
int BPF_KPROBE(trace_loss_probe, struct sock *sock)
{
	return trace(sock, NULL, LOSS);
}

char LICENSE[] SEC("license") = "GPL";
