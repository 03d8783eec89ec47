// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Packets of TCP and UDP over IPv4, by the port and the process of the end that is here, as gadgets look it up. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/types.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define GADGET_TYPE_NETWORKING

#include <gadget/macros.h>
#include <gadget/types.h>

#include <gadget/sockets-map.h>

struct seen {
	__u32 port;
	__u32 pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct seen);
	__type(value, __u64);
} packets_total SEC(".maps");

SEC("socket1")
int on_packet(struct __sk_buff *skb)
{
	struct gadget_socket_value *owner;
	struct gadget_process process = { 0 };
	struct seen seen = { 0 };
	__u64 one = 1, *count;
	__u16 protocol, port;
	__u8 version;
	__u32 at;

	if (bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_proto), &protocol,
			       sizeof(protocol)) ||
	    protocol != bpf_htons(ETH_P_IP) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN, &version, sizeof(version)))
		return 0;
	/* The port of the sender comes first, and which end is here the kind of the packet says. */
	at = ETH_HLEN + (version & 0xf) * 4 + (skb->pkt_type == GADGET_SE_PACKET_HOST ? 2 : 0);
	if (bpf_skb_load_bytes(skb, at, &port, sizeof(port)))
		return 0;
	owner = gadget_socket_lookup(skb);
	gadget_process_populate_from_socket(owner, &process);
	seen.port = bpf_ntohs(port);
	seen.pid = process.pid;
	count = bpf_map_lookup_elem(&packets_total, &seen);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&packets_total, &seen, &one, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
