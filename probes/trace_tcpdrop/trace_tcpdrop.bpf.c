// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * TCP packets that the kernel drops, with the reason.
 */
#include "gadget.bpf.h"

#include "socket_owner.bpf.h"

#define GADGET_KERNEL_STACK_MAP_MAX_ENTRIES 1024
#include <gadget/kernel_stack_map.h>

#define TCP_FLAGS_OFFSET 13 /* in the header */

struct event {
	gadget_timestamp timestamp_raw;
	gadget_netns_id netns_id;
	enum tcp_state state_raw;
	struct gadget_l4endpoint_t src;
	struct gadget_l4endpoint_t dst;
	gadget_mntns_id mount_ns_id;
	gadget_comm comm[TASK_COMM_LEN];
	gadget_pid pid;
	gadget_tid tid;
	gadget_uid uid;
	gadget_gid gid;
	enum skb_drop_reason reason_raw;
	gadget_kernel_stack kernel_stack_raw;
	enum tcp_flags_set tcpflags_raw;
};

const volatile bool collect_kstack = false;
GADGET_PARAM(collect_kstack);

GADGET_TRACER_MAP(events, 256 * 1024);
GADGET_TRACER(tcpdrop, events, event);

/* Since 6.13, which has the socket of packets that are received; arguments are compared by number alone. */
typedef void (*btf_trace_kfree_skb)(void *data, struct sk_buff *skb, void *location,
				    enum skb_drop_reason reason, struct sock *receiver);

static __always_inline bool has_reasons(void)
{
	return bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_NOT_SPECIFIED);
}

static __always_inline void fill_owner(struct event *event, const struct socket_owner *owner)
{
	static const struct socket_owner nobody;
	const struct gadget_process *process = owner ? &owner->process : &nobody.process;

	event->mount_ns_id = process->mntns_id;
	__builtin_memcpy(event->comm, process->comm, sizeof(event->comm));
	event->pid = process->pid;
	event->tid = process->tid;
	event->uid = process->creds.uid;
	event->gid = process->creds.gid;
}

static __always_inline int trace(void *ctx, struct sk_buff *skb, struct sock *sock, u32 reason)
{
	struct socket_owner *owner = find_owner(sock);
	struct event *event;
	u8 flags = 0;

	if (BPF_CORE_READ(sock, sk_protocol) != IPPROTO_TCP || !is_inet(sock) ||
	    !is_owner_wanted(owner))
		return 0;
	event = reserve_record(&events, sizeof(*event));
	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	event->netns_id = network_namespace_of(sock);
	event->state_raw = BPF_CORE_READ(sock, __sk_common.skc_state);
	event->reason_raw = reason;
	event->kernel_stack_raw = collect_kstack ? gadget_get_kernel_stack(ctx) : -1;
	bpf_probe_read_kernel(&flags, sizeof(flags),
			      BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, transport_header) +
				      TCP_FLAGS_OFFSET);
	event->tcpflags_raw = flags;
	fill_endpoints(&event->src, &event->dst, sock);
	fill_owner(event, owner);
	submit_record(event);
	return 0;
}

SEC("tp_btf/kfree_skb")
int trace_drop(u64 *ctx)
{
	struct sk_buff *skb = (void *)ctx[0];
	struct sock *sock = BPF_CORE_READ(skb, sk);
	u32 reason = 0;

	/* Where there are no reasons the third argument is not there, and the verifier must not see it read. */
	if (has_reasons())
		reason = ctx[2];
	if (!sock && bpf_core_type_exists(btf_trace_kfree_skb))
		sock = (void *)ctx[3];
	return sock ? trace(ctx, skb, sock, reason) : 0;
}

char LICENSE[] SEC("license") = "GPL";
