// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * DNS messages over UDP and IPv4, in a map that is a metric: packed keys with the mount namespace of the socket that is here, as
 * a gadget of 2023 counted them. Loopback shows each packet going and coming: queries count as they go, answers as they come.
 */
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

#define DNS_PORT 53
#define PACKET_OUTGOING 4
#define FLAG_ANSWER 0x80 /* of the first byte of the flags */

typedef __u64 mnt_ns_id_t;

struct dns_key {
	mnt_ns_id_t mntns;
	__u8 qr;
} __attribute__((packed));

struct dns_value {
	__u32 dns_packets;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct dns_key);
	__type(value, struct dns_value);
} dns SEC(".maps");

static __always_inline int find_message(struct __sk_buff *skb, __u32 *ret_udp)
{
	__u8 version, protocol;
	__u16 kind;

	if (bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_proto), &kind, sizeof(kind)) ||
	    kind != bpf_htons(ETH_P_IP) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN, &version, sizeof(version)) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct iphdr, protocol), &protocol,
			       sizeof(protocol)) ||
	    protocol != IPPROTO_UDP)
		return 0;
	*ret_udp = ETH_HLEN + (version & 0xf) * 4;
	return 1;
}

SEC("socket1")
int count_messages(struct __sk_buff *skb)
{
	static const struct dns_value zero;
	struct gadget_socket_value *owner;
	struct dns_key key = { 0 };
	struct dns_value *value;
	struct udphdr udp;
	__u8 flags;
	__u32 at;

	if (!find_message(skb, &at) || bpf_skb_load_bytes(skb, at, &udp, sizeof(udp)) ||
	    bpf_skb_load_bytes(skb, at + sizeof(udp) + 2, &flags, sizeof(flags)))
		return 0;
	key.qr = (flags & FLAG_ANSWER) != 0;
	if ((key.qr ? udp.source : udp.dest) != bpf_htons(DNS_PORT) ||
	    key.qr == (skb->pkt_type == PACKET_OUTGOING))
		return 0;
	owner = gadget_socket_lookup(skb);
	key.mntns = owner ? owner->mntns : 0;
	value = bpf_map_lookup_elem(&dns, &key);
	if (!value) {
		bpf_map_update_elem(&dns, &key, &zero, BPF_NOEXIST);
		value = bpf_map_lookup_elem(&dns, &key);
	}
	if (value)
		__sync_fetch_and_add(&value->dns_packets, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
