// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * DNS queries over UDP that this machine sends, by type: how long the answer took, with which code it came, and which
 * queries had none. Seen where a network device is given the packet and where one brings it, in every network namespace.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "dns_packet.bpf.h"
#include "histogram.bpf.h"

#define DNS_PORT 53
#define TIMEOUT_NS 5000000000ULL /* resolvers wait that long unless told otherwise */
#define BUCKET_MAX 23            /* 2^23 us: 8 s */
#define UNDER_WAY_MAX 8192
#define SENT_MAX 16384
#define EXPIRED_PER_PACKET 4
#define QUESTION_MAX 259 /* the longest name (255), type and class */
#define LABELS_MAX 128
#define LABEL_LEN_MAX 63

#define RCODE 0x000f
#define RCODES 16

/* The probe's own numbers, as in the YAML. */
enum query_type {
	QUERY_TYPE_OTHER,
	QUERY_TYPE_A,
	QUERY_TYPE_AAAA,
	QUERY_TYPE_CNAME,
	QUERY_TYPE_HTTPS,
	QUERY_TYPE_MX,
	QUERY_TYPE_NS,
	QUERY_TYPE_PTR,
	QUERY_TYPE_SOA,
	QUERY_TYPE_SRV,
	QUERY_TYPE_TXT,
	QUERY_TYPE_COUNT,
};

struct answer_key {
	u16 type;
	u16 rcode;
};

struct latency_row {
	u64 slots[SLOT_COUNT(BUCKET_MAX)];
};

/* Every type with every code: the map cannot be full. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, QUERY_TYPE_COUNT *RCODES);
	__type(key, struct answer_key);
	__type(value, struct latency_row);
} dns_query_latency_seconds SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, QUERY_TYPE_COUNT);
	__type(key, u32);
	__type(value, u64);
} dns_queries_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, QUERY_TYPE_COUNT);
	__type(key, u32);
	__type(value, u64);
} dns_queries_unanswered_total SEC(".maps");

/* Queries that were sent once more, by the same socket to the same server. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, QUERY_TYPE_COUNT);
	__type(key, u32);
	__type(value, u64);
} dns_queries_resent_total SEC(".maps");

/* Queries of which nobody knows whether they were answered: there was no room, or no longer any. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} dns_queries_untracked_total SEC(".maps");

/* Everything in network order. The addresses of IPv4 are in the first word, with zeros behind it. */
struct query_key {
	u32 client[4];
	u32 server[4];
	u16 port; /* the client's */
	u16 id;
};

struct query {
	u64 since;  /* ns */
	u32 device; /* that it was given to first */
	u32 type;   /* enum query_type */
};

/* Sent, and not answered yet. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, UNDER_WAY_MAX);
	__type(key, struct query_key);
	__type(value, struct query);
} under_way SEC(".maps");

/* How many are under way: while it is none, no packet that arrives is looked at. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} under_way_count SEC(".maps");

struct sent_query {
	struct query_key key;
	u32 pad;
	u64 since;
};

/* All that were sent, the oldest first, answered or not: where those are found that nobody answers. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, SENT_MAX);
	__type(value, struct sent_query);
} sent SEC(".maps");

struct question {
	u8 bytes[QUESTION_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct question);
} question_scratch SEC(".maps");

/* ---- what is asked for ---- */

static __always_inline u32 query_type(u16 number)
{
	switch (number) {
	case 1:
		return QUERY_TYPE_A;
	case 2:
		return QUERY_TYPE_NS;
	case 5:
		return QUERY_TYPE_CNAME;
	case 6:
		return QUERY_TYPE_SOA;
	case 12:
		return QUERY_TYPE_PTR;
	case 15:
		return QUERY_TYPE_MX;
	case 16:
		return QUERY_TYPE_TXT;
	case 28:
		return QUERY_TYPE_AAAA;
	case 33:
		return QUERY_TYPE_SRV;
	case 65:
		return QUERY_TYPE_HTTPS;
	}
	return QUERY_TYPE_OTHER;
}

/* The type stands behind the name, which is a list of labels: a byte with the length before each, 0 at the end. */
static __always_inline u32 type_in(const struct question *question, u32 size)
{
	u32 at = 0;

	for (int i = 0; i < LABELS_MAX; i++) {
		u32 len;

		if (at + 3 > size || at + 3 > QUESTION_MAX)
			return QUERY_TYPE_OTHER;
		len = question->bytes[at];
		if (len == 0)
			return query_type(question->bytes[at + 1] << 8 | question->bytes[at + 2]);
		if (len > LABEL_LEN_MAX)
			return QUERY_TYPE_OTHER;
		at += len + 1;
	}
	return QUERY_TYPE_OTHER;
}

static __always_inline u32 type_asked(const struct linear *linear, u32 offset)
{
	u32 zero = 0, size;
	struct question *question = bpf_map_lookup_elem(&question_scratch, &zero);

	if (!question || offset >= linear->len)
		return QUERY_TYPE_OTHER;
	size = linear->len - offset;
	if (size > QUESTION_MAX)
		size = QUESTION_MAX;
	if (bpf_probe_read_kernel(question->bytes, size, linear->begin + offset) < 0)
		return QUERY_TYPE_OTHER;
	return type_in(question, size);
}

/* ---- queries under way ---- */

static __always_inline int count(void *map, u32 type)
{
	return increment_map(map, &type, 1);
}

static __always_inline void count_under_way(s64 change)
{
	u32 zero = 0;
	u64 *current = bpf_map_lookup_elem(&under_way_count, &zero);

	if (current)
		__sync_fetch_and_add(current, change);
}

/* True for the one who took it: a query ends once, wherever its end is found. */
static __always_inline bool take(const struct query_key *key)
{
	if (bpf_map_delete_elem(&under_way, key) != 0)
		return false;
	count_under_way(-1);
	return true;
}

/* Not by the difference: one that another CPU has just sent may be younger than now. */
static __always_inline bool is_too_old(u64 since, u64 now)
{
	return since + TIMEOUT_NS <= now;
}

/* Nothing happens where it was answered meanwhile. */
static __always_inline void give_up(const struct sent_query *oldest, u64 now)
{
	struct query *query = bpf_map_lookup_elem(&under_way, &oldest->key);
	u32 type;

	if (!query || query->since != oldest->since)
		return;
	type = query->type;
	if (!take(&oldest->key))
		return;
	if (is_too_old(oldest->since, now))
		count(&dns_queries_unanswered_total, type);
	else
		count(&dns_queries_untracked_total, 0);
}

/* Every query brings one here, so a few at a time are enough. */
static __always_inline void expire(u64 now)
{
	struct sent_query oldest;

	for (int i = 0; i < EXPIRED_PER_PACKET; i++) {
		if (bpf_map_peek_elem(&sent, &oldest) != 0 || !is_too_old(oldest.since, now))
			return;
		if (bpf_map_pop_elem(&sent, &oldest) != 0)
			return;
		/* Another CPU took that one, and this one is younger: it is not forgotten, only found later. */
		if (!is_too_old(oldest.since, now)) {
			bpf_map_push_elem(&sent, &oldest, BPF_ANY);
			return;
		}
		give_up(&oldest, now);
	}
}

/* Where the list is full the oldest one leaves it early. */
static __always_inline void remember(const struct query_key *key, u64 now)
{
	struct sent_query sent_query = { .key = *key, .since = now }, oldest;

	if (bpf_map_push_elem(&sent, &sent_query, BPF_ANY) == 0)
		return;
	if (bpf_map_pop_elem(&sent, &oldest) == 0)
		give_up(&oldest, now);
	if (bpf_map_push_elem(&sent, &sent_query, BPF_ANY) != 0)
		give_up(&sent_query, now);
}

static __always_inline int begin_query(const struct query_key *key, u32 device, u32 type, u64 now)
{
	struct query query = { .since = now, .device = device, .type = type };
	struct query *before = bpf_map_lookup_elem(&under_way, key);

	if (before) {
		/* Devices on top of each other pass one packet on: only the first sees it as sent. */
		if (before->device == device)
			count(&dns_queries_resent_total, type);
		return 0;
	}
	count(&dns_queries_total, type);
	if (bpf_map_update_elem(&under_way, key, &query, BPF_NOEXIST) != 0)
		return count(&dns_queries_untracked_total, 0);
	count_under_way(1);
	remember(key, now);
	return 0;
}

static __always_inline void observe(u32 type, u16 rcode, u64 took_us)
{
	struct answer_key key = { .type = type, .rcode = rcode };
	struct latency_row *row = bpf_map_lookup_elem(&dns_query_latency_seconds, &key);

	if (!row) {
		struct latency_row zeros = {};

		bpf_map_update_elem(&dns_query_latency_seconds, &key, &zeros, BPF_NOEXIST);
		row = bpf_map_lookup_elem(&dns_query_latency_seconds, &key);
	}
	if (row)
		observe_exp2(row->slots, BUCKET_MAX, took_us);
}

static __always_inline int end_query(const struct query_key *key, u16 rcode)
{
	struct query *found = bpf_map_lookup_elem(&under_way, key);
	u64 now = bpf_ktime_get_ns();
	struct query query;

	if (!found)
		return 0;
	query = *found;
	if (!take(key))
		return 0;
	if (is_too_old(query.since, now))
		count(&dns_queries_unanswered_total, query.type);
	else
		observe(query.type, rcode, microseconds(query.since, now));
	expire(now);
	return 0;
}

/* ---- packets ---- */

/*
 * A socket that is connected says at once whether it asks a DNS server. What a container sends passes the machine's own
 * devices as well; there it belongs to nobody, or to a socket of another namespace.
 */
SEC("tp_btf/net_dev_queue")
int BPF_PROG(net_dev_queue, struct sk_buff *skb)
{
	struct message message = {};
	struct sock *sk = skb->sk;
	struct query_key key;
	struct linear linear;
	u64 now;

	if (!sk || sk->sk_protocol != IPPROTO_UDP ||
	    (sk->__sk_common.skc_dport && sk->__sk_common.skc_dport != bpf_htons(DNS_PORT)))
		return 0;
	if (!read_sent(skb, &linear, &message) ||
	    message.header.udp.destination != bpf_htons(DNS_PORT) ||
	    (message.header.dns.flags & bpf_htons(FLAG_ANSWER)) ||
	    skb->dev->nd_net.net != sk->__sk_common.skc_net.net)
		return 0;
	__builtin_memcpy(key.client, message.source, sizeof(key.client));
	__builtin_memcpy(key.server, message.destination, sizeof(key.server));
	key.port = message.header.udp.source;
	key.id = message.header.dns.id;
	now = bpf_ktime_get_ns();
	expire(now);
	return begin_query(&key, skb->dev->ifindex, type_asked(&linear, message.question), now);
}

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(netif_receive_skb, struct sk_buff *skb)
{
	struct message message = {};
	struct query_key key;
	struct linear linear;
	u32 zero = 0;
	u64 *current = bpf_map_lookup_elem(&under_way_count, &zero);

	if (!current || !*current || !read_received(skb, &linear, &message) ||
	    message.header.udp.source != bpf_htons(DNS_PORT) ||
	    !(message.header.dns.flags & bpf_htons(FLAG_ANSWER)))
		return 0;
	__builtin_memcpy(key.client, message.destination, sizeof(key.client));
	__builtin_memcpy(key.server, message.source, sizeof(key.server));
	key.port = message.header.udp.destination;
	key.id = message.header.dns.id;
	return end_query(&key, bpf_ntohs(message.header.dns.flags) & RCODE);
}

char LICENSE[] SEC("license") = "GPL";
