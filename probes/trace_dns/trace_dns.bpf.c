// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * DNS messages over UDP that this machine's own sockets send, and the answers to them, with the time in between. Seen where a
 * network device is given the packet and where one brings it, in every network namespace.
 */
#include "gadget.bpf.h"

#include "dns_packet.bpf.h"

#define DNS_PORT 53
#define MDNS_PORT 5353
#define UNDER_WAY_MAX 8192
#define ANSWERED_MAX 1024
#define NAME_SIZE 256 /* 253 characters, the last dot, and the NUL */
#define LABELS_MAX 128
#define LABEL_LEN_MAX 63
#define RCODE_SIZE 16
#define MESSAGE_MAX                                                                                \
	1232 /* what resolvers ask servers to stay below, so that nothing is sent in pieces */

/* Of dns_header.flags. */
#define FLAG_TRUNCATED 0x0200
#define FLAG_RECURSION_DESIRED 0x0100
#define FLAG_RECURSION_AVAILABLE 0x0080
#define RCODE 0x000f

enum pkt_type_t : u8 {
	HOST,
	BROADCAST,
	MULTICAST,
	OTHERHOST,
	OUTGOING,
};

enum qr_t : u8 {
	Q,
	R,
};

enum qtype_t : u16 {
	A = 1,
	NS = 2,
	CNAME = 5,
	SOA = 6,
	WKS = 11,
	PTR = 12,
	HINFO = 13,
	MINFO = 14,
	MX = 15,
	TXT = 16,
	AAAA = 28,
	SRV = 33,
	NAPTR = 35,
	OPT = 41,
	DS = 43,
	RRSIG = 46,
	DNSKEY = 48,
	TLSA = 52,
	SVCB = 64,
	HTTPS = 65,
	AXFR = 252,
	ALL = 255,
};

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	gadget_duration latency_ns_raw;
	struct gadget_l4endpoint_t src;
	struct gadget_l4endpoint_t dst;
	struct gadget_l3endpoint_t nameserver;
	gadget_netns_id netns_id;
	s32 num_answers;
	u16 dns_off; /* where in what follows the struct the message begins */
	enum qtype_t qtype_raw;
	u16 rcode_raw;
	enum pkt_type_t pkt_type_raw;
	enum qr_t qr_raw;
	bool tc;
	bool ra;
	bool rd;
	char id[5];
	char rcode[RCODE_SIZE]; /* empty when it is a query */
	/* A record ends where the name does, unless the message follows. */
	char name[NAME_SIZE];
};

GADGET_TRACER_MAP(events, 512 * 1024);
GADGET_TRACER(dns, events, event);

/* Everything in network order. The addresses of IPv4 are in the first word, with zeros behind it. */
struct query_key {
	u32 client[4];
	u32 server[4];
	u32 netns;
	u16 port; /* the client's */
	u16 id;
};

struct query {
	u64 since;  /* ns, boot clock */
	u32 device; /* that it was given to first */
	u32 pad;
	struct gadget_process proc;
};

/* Sent, and not answered yet; the oldest give way. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, UNDER_WAY_MAX);
	__type(key, struct query_key);
	__type(value, struct query);
} under_way SEC(".maps");

/* Answers that were sent, and which device they were given to first: devices on top of each other pass one packet on. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ANSWERED_MAX);
	__type(key, struct query_key);
	__type(value, u32);
} answered SEC(".maps");

enum { USER_SENT, USER_RECEIVED, USER_COUNT };

struct scratch {
	struct event event;
	u8 message[MESSAGE_MAX]; /* before, type and class that stand behind the name */
	u32 name_len;
	u32 message_len;
	bool has_message; /* it follows */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, USER_COUNT);
	__type(key, u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* ---- what a message says ------------------------------------------------------------------------ */

static const char rcodes[][RCODE_SIZE] = {
	"Success", "FormatError", "ServerFailure", "NameError", "NotImplemented", "Refused",
};

static __always_inline void fill_rcode(struct event *event, u32 rcode)
{
	event->rcode_raw = rcode;
	if (rcode < sizeof(rcodes) / sizeof(rcodes[0])) {
		__builtin_memcpy(event->rcode, rcodes[rcode], sizeof(event->rcode));
		return;
	}
	event->rcode[0] = '1'; /* four bits: the others are 6 to 15 */
	event->rcode[1] = '0' + rcode - 10;
	event->rcode[2] = 0;
	if (rcode < 10) {
		event->rcode[0] = '0' + rcode;
		event->rcode[1] = 0;
	}
}

static __always_inline char hex_digit(u32 value)
{
	value &= 0xf;
	return value < 10 ? '0' + value : 'a' + value - 10;
}

static __always_inline void fill_id(struct event *event, u16 id)
{
	event->id[0] = hex_digit(id >> 12);
	event->id[1] = hex_digit(id >> 8);
	event->id[2] = hex_digit(id >> 4);
	event->id[3] = hex_digit(id);
	event->id[4] = 0;
}

/*
 * A name is a list of labels, a byte with the length before each and 0 at the end. What is behind the first length becomes
 * text where it is: the other lengths are dots. 0: it is no name.
 */
static __noinline u32 end_name(struct scratch *scratch, u32 first_len)
{
	u32 at = first_len;

	if (!scratch)
		return 0;
	for (int i = 0; i < LABELS_MAX; i++) {
		char *name = scratch->event.name;
		u32 len;

		if (at >= NAME_SIZE - 1)
			return 0;
		len = (u8)name[at];
		name[at] = '.';
		if (len == 0) {
			scratch->event.qtype_raw = (u8)name[at + 1] << 8 | (u8)name[at + 2];
			name[at + 1] = 0;
			return at + 1;
		}
		if (len > LABEL_LEN_MAX)
			return 0;
		at += len + 1;
	}
	return 0;
}

static __always_inline void fill_question(struct scratch *scratch, const struct linear *linear,
					  u32 offset)
{
	struct event *event = &scratch->event;
	u32 size = linear->len - offset - 1, len = 0;
	u8 first = 0;

	event->qtype_raw = 0;
	if (offset + 1 < linear->len && read_at(linear, offset, &first, 1) &&
	    first <= LABEL_LEN_MAX) {
		if (size > sizeof(event->name) + 4)
			size = sizeof(event->name) + 4;
		barrier_var(size);
		if (size <= sizeof(event->name) + 4 &&
		    bpf_probe_read_kernel(event->name, size, linear->begin + offset + 1) == 0)
			len = first ? end_name(scratch, first) : 0;
		if (first == 0) {
			event->qtype_raw = (u8)event->name[0] << 8 | (u8)event->name[1];
			event->name[0] = '.';
			event->name[1] = 0;
			len = 1;
		}
	}
	if (len == 0)
		event->name[0] = 0;
	scratch->name_len = len;
}

/* The addresses in it are for user space to find: names before them are of any length, and some stand elsewhere. */
static __always_inline void fill_answers(struct scratch *scratch, const struct linear *linear,
					 u32 offset)
{
	u32 size = linear->len - offset;

	if (offset >= linear->len)
		return;
	if (size > MESSAGE_MAX)
		size = MESSAGE_MAX;
	barrier_var(size);
	if (size <= MESSAGE_MAX &&
	    bpf_probe_read_kernel(scratch->message, size, linear->begin + offset) == 0) {
		scratch->message_len = size;
		scratch->has_message = true;
	}
}

static __always_inline void fill_message(struct scratch *scratch, const struct message *message,
					 const struct linear *linear)
{
	struct event *event = &scratch->event;
	u32 flags = bpf_ntohs(message->header.dns.flags);

	event->qr_raw = flags & FLAG_ANSWER ? R : Q;
	event->tc = (flags & FLAG_TRUNCATED) != 0;
	event->ra = (flags & FLAG_RECURSION_AVAILABLE) != 0;
	event->rd = (flags & FLAG_RECURSION_DESIRED) != 0;
	event->num_answers = bpf_ntohs(message->header.dns.answers);
	event->dns_off = 0;
	fill_id(event, bpf_ntohs(message->header.dns.id));
	if (flags & FLAG_ANSWER) {
		fill_rcode(event, flags & RCODE);
	} else {
		event->rcode_raw = 0;
		event->rcode[0] = 0;
	}
	fill_question(scratch, linear, message->question);
	scratch->has_message = false;
	if (event->qr_raw == R && event->num_answers > 0)
		fill_answers(scratch, linear, message->question - sizeof(struct dns_header));
}

/* ---- whose it is, and where it goes -------------------------------------------------------------- */

static __always_inline void fill_end(struct gadget_l4endpoint_t *end, const u32 *address, u16 port,
				     bool is_v6)
{
	__builtin_memcpy(end->addr_raw.v6, address, sizeof(end->addr_raw.v6));
	end->port = bpf_ntohs(port);
	end->proto_raw = IPPROTO_UDP;
	end->version = is_v6 ? 6 : 4;
}

static __always_inline void fill_ends(struct event *event, const struct message *message)
{
	bool is_v6 = message->is_v6;
	bool is_answer = message->header.dns.flags & bpf_htons(FLAG_ANSWER);

	fill_end(&event->src, message->source, message->header.udp.source, is_v6);
	fill_end(&event->dst, message->destination, message->header.udp.destination, is_v6);
	event->nameserver.addr_raw = is_answer ? event->src.addr_raw : event->dst.addr_raw;
	event->nameserver.version = is_v6 ? 6 : 4;
}

static __always_inline bool is_dns_port(u16 port)
{
	return port == bpf_htons(DNS_PORT) || port == bpf_htons(MDNS_PORT);
}

/* The client's end first, whichever way the message goes. */
static __always_inline void fill_key(struct query_key *key, const struct message *message,
				     u32 netns)
{
	bool is_answer = message->header.dns.flags & bpf_htons(FLAG_ANSWER);
	const u32 *client = is_answer ? message->destination : message->source;
	const u32 *server = is_answer ? message->source : message->destination;

	__builtin_memcpy(key->client, client, sizeof(key->client));
	__builtin_memcpy(key->server, server, sizeof(key->server));
	key->netns = netns;
	key->port = is_answer ? message->header.udp.destination : message->header.udp.source;
	key->id = message->header.dns.id;
}

/* Packets that had to wait for a neighbour's address leave when anybody runs: then nobody is told, instead of that one. */
static __always_inline bool is_current_the_sender(u32 netns)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return !(BPF_CORE_READ(task, flags) & PF_KTHREAD) &&
	       BPF_CORE_READ(task, nsproxy, net_ns, ns.inum) == netns;
}

static __always_inline void output(struct scratch *scratch)
{
	u32 len = scratch->has_message ? scratch->message_len : scratch->name_len;

	barrier_var(len);
	if (scratch->has_message) {
		if (len <= MESSAGE_MAX)
			output_record(&events, &scratch->event, sizeof(scratch->event) + len);
		return;
	}
	if (len < NAME_SIZE)
		output_record(&events, &scratch->event, offsetof(struct event, name) + len + 1);
}

/* ---- packets ------------------------------------------------------------------------------------- */

/* False: the same packet was told of at the device above. */
static __always_inline bool begin_query(const struct query_key *key, const struct event *event,
					u32 device)
{
	struct query query = {
		.since = event->timestamp_raw,
		.device = device,
		.proc = event->proc,
	};
	struct query *before = bpf_map_lookup_elem(&under_way, key);

	if (before && before->device != device)
		return false;
	bpf_map_update_elem(&under_way, key, &query, BPF_ANY);
	return true;
}

static __always_inline bool begin_answer(const struct query_key *key, u32 device)
{
	u32 *before = bpf_map_lookup_elem(&answered, key);

	if (before && *before != device)
		return false;
	bpf_map_update_elem(&answered, key, &device, BPF_ANY);
	return true;
}

/*
 * A socket that is connected says at once whether it asks a DNS server. What a container sends passes the machine's own
 * devices as well; there it belongs to nobody, or to a socket of another namespace.
 */
static __always_inline bool may_be_dns(struct sock *sk)
{
	struct inet_sock *inet = (void *)sk;
	u16 port;

	if (sk->sk_protocol != IPPROTO_UDP)
		return false;
	port = sk->__sk_common.skc_dport;
	return !port || is_dns_port(port) || is_dns_port(BPF_CORE_READ(inet, inet_sport));
}

SEC("tp_btf/net_dev_queue")
int BPF_PROG(trace_sent, struct sk_buff *skb)
{
	u32 user = USER_SENT, device, netns;
	struct message message = {};
	struct sock *sk = skb->sk;
	struct scratch *scratch;
	struct query_key key = {};
	struct linear linear;
	struct event *event;
	bool is_new;

	if (!sk || !may_be_dns(sk) || !read_sent(skb, &linear, &message) ||
	    (!is_dns_port(message.header.udp.destination) &&
	     !is_dns_port(message.header.udp.source)) ||
	    skb->dev->nd_net.net != sk->__sk_common.skc_net.net || !is_wanted())
		return 0;
	scratch = bpf_map_lookup_elem(&scratches, &user);
	if (!scratch)
		return 0;
	event = &scratch->event;
	netns = skb->dev->nd_net.net->ns.inum;
	device = skb->dev->ifindex;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	event->latency_ns_raw = 0;
	event->netns_id = netns;
	event->pkt_type_raw = OUTGOING;
	if (is_current_the_sender(netns))
		fill_process(&event->proc);
	else
		__builtin_memset(&event->proc, 0, sizeof(event->proc));
	fill_key(&key, &message, netns);
	is_new = message.header.dns.flags & bpf_htons(FLAG_ANSWER)
			 ? begin_answer(&key, device)
			 : begin_query(&key, event, device);
	if (!is_new)
		return 0;
	fill_ends(event, &message);
	fill_message(scratch, &message, &linear);
	output(scratch);
	return 0;
}

/* Answers to what was asked here, once, in the namespace that it was asked in. */
SEC("tp_btf/netif_receive_skb")
int BPF_PROG(trace_received, struct sk_buff *skb)
{
	u32 user = USER_RECEIVED, netns;
	struct message message = {};
	struct scratch *scratch;
	struct query_key key = {};
	struct linear linear;
	struct query *query;
	struct event *event;

	if (!read_received(skb, &linear, &message) || !is_dns_port(message.header.udp.source) ||
	    !(message.header.dns.flags & bpf_htons(FLAG_ANSWER)))
		return 0;
	netns = skb->dev->nd_net.net->ns.inum;
	fill_key(&key, &message, netns);
	query = bpf_map_lookup_elem(&under_way, &key);
	scratch = bpf_map_lookup_elem(&scratches, &user);
	if (!query || !scratch)
		return 0;
	event = &scratch->event;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	event->latency_ns_raw = event->timestamp_raw - query->since;
	event->proc = query->proc;
	bpf_map_delete_elem(&under_way, &key);
	event->netns_id = netns;
	event->pkt_type_raw = HOST;
	fill_ends(event, &message);
	fill_message(scratch, &message, &linear);
	output(scratch);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
