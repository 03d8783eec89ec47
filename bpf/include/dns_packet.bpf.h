/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_DNS_PACKET_BPF_H
#define BPF_INCLUDE_DNS_PACKET_BPF_H

/* DNS messages over UDP in packets that are sent and received. Include kernel.bpf.h first. */

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define ETH_P_8021Q 0x8100
#define FRAGMENT_OFFSET 0x1fff /* of the fragment word */
#define HEADER_LEN 0x0f        /* of IPv4, in words of 4 bytes */
#define FLAG_ANSWER 0x8000     /* of dns_header.flags */

struct ipv4_header {
	u8 version_and_len;
	u8 service;
	u16 total_len;
	u16 id;
	u16 fragment;
	u8 ttl;
	u8 protocol;
	u16 checksum;
	u32 source;
	u32 destination;
};

struct ipv6_header {
	u32 version_and_flow;
	u16 payload_len;
	u8 next_header;
	u8 hops;
	u32 source[4];
	u32 destination[4];
};

struct udp_header {
	u16 source;
	u16 destination;
	u16 len;
	u16 checksum;
};

struct dns_header {
	u16 id;
	u16 flags;
	u16 questions;
	u16 answers;
	u16 authorities;
	u16 additionals;
};

struct message_header {
	struct udp_header udp;
	struct dns_header dns;
};

struct message {
	u32 source[4];
	u32 destination[4];
	struct message_header header;
	u32 question; /* where it is */
	bool is_v6;
};

/* The part of a packet that lies in one piece, from the network header on. All that we look at is there. */
struct linear {
	unsigned char *begin;
	u32 len;
};

static __always_inline bool read_at(const struct linear *linear, u32 offset, void *into, u32 size)
{
	return offset + size <= linear->len &&
	       bpf_probe_read_kernel(into, size, linear->begin + offset) == 0;
}

/* Where UDP's header begins; 0 when the packet is something else. */
static __always_inline u32 read_ipv4(const struct linear *linear, u32 offset,
				     struct message *message)
{
	struct ipv4_header ip;

	if (!read_at(linear, offset, &ip, sizeof(ip)) || ip.protocol != IPPROTO_UDP ||
	    (ip.fragment & bpf_htons(FRAGMENT_OFFSET)))
		return 0;
	message->source[0] = ip.source;
	message->destination[0] = ip.destination;
	return offset + (ip.version_and_len & HEADER_LEN) * 4;
}

/* Headers that may stand between IPv6's and UDP's are not walked: no resolver asks for any. */
static __always_inline u32 read_ipv6(const struct linear *linear, u32 offset,
				     struct message *message)
{
	struct ipv6_header ip;

	if (!read_at(linear, offset, &ip, sizeof(ip)) || ip.next_header != IPPROTO_UDP)
		return 0;
	__builtin_memcpy(message->source, ip.source, sizeof(ip.source));
	__builtin_memcpy(message->destination, ip.destination, sizeof(ip.destination));
	return offset + sizeof(ip);
}

/* False when it is no datagram that can hold a DNS message. */
static __always_inline bool read_message(const struct linear *linear, u16 protocol, u32 offset,
					 struct message *message)
{
	u32 udp = 0;

	if (protocol == bpf_htons(ETH_P_IP))
		udp = read_ipv4(linear, offset, message);
	else if (protocol == bpf_htons(ETH_P_IPV6))
		udp = read_ipv6(linear, offset, message);
	message->is_v6 = protocol == bpf_htons(ETH_P_IPV6);
	message->question = udp + sizeof(message->header);
	return udp && read_at(linear, udp, &message->header, sizeof(message->header));
}

/* Of a packet that a device is given. */
static __always_inline bool read_sent(struct sk_buff *skb, struct linear *ret_linear,
				      struct message *message)
{
	ret_linear->begin = skb->head + skb->network_header;
	ret_linear->len = skb->tail - skb->network_header;
	return read_message(ret_linear, skb->protocol, 0, message);
}

/* Of one that a device brings: the network header is not marked yet, but the data begins with it, or with a tag that the
 * device left there. */
static __always_inline bool read_received(struct sk_buff *skb, struct linear *ret_linear,
					  struct message *message)
{
	struct {
		u16 tag;
		u16 protocol;
	} vlan = { .protocol = skb->protocol };
	u32 offset = 0;

	ret_linear->begin = skb->data;
	ret_linear->len = skb->len - skb->data_len;
	if (vlan.protocol == bpf_htons(ETH_P_8021Q)) {
		if (!read_at(ret_linear, offset, &vlan, sizeof(vlan)))
			return false;
		offset += sizeof(vlan);
	}
	return read_message(ret_linear, vlan.protocol, offset, message);
}

#endif
