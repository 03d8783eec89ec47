// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * TCP by address family: what connections go through, how long connecting took, what round-trip time they had, and
 * segments that tell of trouble.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#define ETH_P_IPV6_NETWORK_ORDER bpf_htons(0x86dd)
#define BUCKET_MAX 26 /* 2^26 us: 67 s */
#define NS_PER_US 1000
#define CONNECTING_MAX 16384
#define FAMILIES 2
#define LOOPBACK_NET 127
#define SRTT_PER_US 8

enum connection_event {
	CONNECTION_EVENT_CONNECT,
	CONNECTION_EVENT_CONNECTED,
	CONNECTION_EVENT_CONNECT_FAILED,
	CONNECTION_EVENT_ACCEPTED,
	CONNECTION_EVENT_CLOSED,
	CONNECTION_EVENT_COUNT,
};

enum segment_kind {
	SEGMENT_KIND_RETRANSMIT,
	SEGMENT_KIND_RESET_SENT,
	SEGMENT_KIND_RESET_RECEIVED,
	SEGMENT_KIND_SYNACK_RETRANSMIT,
	SEGMENT_KIND_COUNT,
};

enum peer {
	PEER_REMOTE,
	PEER_LOCAL, /* of this machine, as far as the addresses tell */
	PEER_COUNT,
};

struct family_key {
	u16 family; /* AF_INET or AF_INET6 */
	u16 what;   /* enum connection_event or segment_kind, or a bucket */
};

/* Two families with all that is counted of each: no map of these can be full. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, FAMILIES *CONNECTION_EVENT_COUNT);
	__type(key, struct family_key);
	__type(value, u64);
} tcp_connections_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, FAMILIES *SEGMENT_KIND_COUNT);
	__type(key, struct family_key);
	__type(value, u64);
} tcp_segments_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, FAMILIES *(BUCKET_MAX + 2));
	__type(key, struct family_key);
	__type(value, u64);
} tcp_connect_latency_seconds SEC(".maps");

struct rtt_key {
	u16 family;
	u16 peer;
	u16 bucket;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, FAMILIES *PEER_COUNT *(BUCKET_MAX + 2));
	__type(key, struct rtt_key);
	__type(value, u64);
} tcp_rtt_seconds SEC(".maps");

/* Connects not timed, because more were under way than there was room for. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} tcp_connect_unmeasured_total SEC(".maps");

/* Sockets whose connect is under way, and since when (ns). Each leaves with that state. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CONNECTING_MAX);
	__type(key, u64);
	__type(value, u64);
} connecting SEC(".maps");

static __always_inline int count(void *map, u16 family, u16 what)
{
	struct family_key key = { .family = family, .what = what };

	return increment_map(map, &key, 1);
}

static __always_inline void begin_connect(u64 socket)
{
	u64 now = bpf_ktime_get_ns();
	u32 zero = 0;

	if (bpf_map_update_elem(&connecting, &socket, &now, BPF_ANY) != 0)
		increment_map(&tcp_connect_unmeasured_total, &zero, 1);
}

static __always_inline int end_connect(u64 socket, u16 family, bool is_connected)
{
	u64 *since = bpf_map_lookup_elem(&connecting, &socket);
	struct { /* the histogram's name for the members of struct family_key */
		u16 family;
		u16 bucket;
	} key = { .family = family };
	u64 took_us;

	if (!since)
		return 0;
	/* Rounded, not cut: the sum of many short ones stays right. */
	took_us = (bpf_ktime_get_ns() - *since + NS_PER_US / 2) / NS_PER_US;
	bpf_map_delete_elem(&connecting, &socket);
	if (is_connected)
		increment_exp2_histogram(&tcp_connect_latency_seconds, key, took_us, BUCKET_MAX);
	return 0;
}

static __always_inline void leave_syn_sent(u64 socket, u16 family, int state)
{
	bool is_connected = state == TCP_ESTABLISHED;

	end_connect(socket, family, is_connected);
	if (is_connected)
		count(&tcp_connections_total, family, CONNECTION_EVENT_CONNECTED);
	else if (state == TCP_CLOSE)
		count(&tcp_connections_total, family, CONNECTION_EVENT_CONNECT_FAILED);
}

static __always_inline bool is_same_address(const struct in6_addr *a, const struct in6_addr *b)
{
	return a->in6_u.u6_addr32[3] == b->in6_u.u6_addr32[3] &&
	       a->in6_u.u6_addr32[2] == b->in6_u.u6_addr32[2] &&
	       a->in6_u.u6_addr32[1] == b->in6_u.u6_addr32[1] &&
	       a->in6_u.u6_addr32[0] == b->in6_u.u6_addr32[0];
}

static __always_inline u16 peer_of(struct sock *sk)
{
	struct sock_common *ends = &sk->__sk_common;
	bool is_local;

	if (ends->skc_family == AF_INET6)
		is_local = is_same_address(&ends->skc_v6_daddr, &ends->skc_v6_rcv_saddr);
	else
		is_local = ends->skc_daddr == ends->skc_rcv_saddr ||
			   bpf_ntohl(ends->skc_daddr) >> 24 == LOOPBACK_NET;
	return is_local ? PEER_LOCAL : PEER_REMOTE;
}

/* The kernel keeps the time as long as there is the socket: asked at the end, a segment costs nothing. */
static __always_inline int observe_rtt(struct sock *sk, u16 family)
{
	u32 srtt = BPF_CORE_READ((struct tcp_sock *)sk, srtt_us);
	struct rtt_key key = { .family = family };

	if (!srtt)
		return 0;
	key.peer = peer_of(sk);
	increment_exp2_histogram(&tcp_rtt_seconds, key, (srtt + SRTT_PER_US / 2) / SRTT_PER_US,
				 BUCKET_MAX);
	return 0;
}

static __always_inline bool is_connection(int state)
{
	return state != TCP_SYN_RECV && state != TCP_LISTEN && state != TCP_CLOSE;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state, struct sock *sk, int old_state, int state)
{
	u16 family = sk->__sk_common.skc_family;

	/* SCTP and others pass here as well. */
	if (sk->sk_protocol != IPPROTO_TCP || (family != AF_INET && family != AF_INET6))
		return 0;
	if (state == TCP_SYN_SENT) {
		begin_connect((u64)sk);
		count(&tcp_connections_total, family, CONNECTION_EVENT_CONNECT);
	} else if (old_state == TCP_SYN_SENT) {
		leave_syn_sent((u64)sk, family, state);
	} else if (old_state == TCP_SYN_RECV && state == TCP_ESTABLISHED) {
		count(&tcp_connections_total, family, CONNECTION_EVENT_ACCEPTED);
	} else if (state == TCP_CLOSE && is_connection(old_state)) {
		count(&tcp_connections_total, family, CONNECTION_EVENT_CLOSED);
		observe_rtt(sk, family);
	}
	return 0;
}

static __always_inline int count_segment(u16 family, u16 kind)
{
	if (family == AF_INET || family == AF_INET6)
		count(&tcp_segments_total, family, kind);
	return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(tcp_retransmit_skb, struct sock *sk)
{
	return count_segment(sk->__sk_common.skc_family, SEGMENT_KIND_RETRANSMIT);
}

SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(tcp_retransmit_synack, struct sock *listener)
{
	return count_segment(listener->__sk_common.skc_family, SEGMENT_KIND_SYNACK_RETRANSMIT);
}

/* There is no socket where nobody listens, and no segment that is answered where a program closed by force. */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(tcp_send_reset, struct sock *sk, struct sk_buff *segment)
{
	u16 family = AF_INET;

	if (sk)
		family = sk->__sk_common.skc_family;
	else if (segment && segment->protocol == ETH_P_IPV6_NETWORK_ORDER)
		family = AF_INET6;
	return count_segment(family, SEGMENT_KIND_RESET_SENT);
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(tcp_receive_reset, struct sock *sk)
{
	return count_segment(sk->__sk_common.skc_family, SEGMENT_KIND_RESET_RECEIVED);
}

char LICENSE[] SEC("license") = "GPL";
