/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_POLICY_SOCKET_BPF_H
#define BPF_INCLUDE_POLICY_SOCKET_BPF_H

/*
 * Sockets, packets and addresses of hooks: captured, asked for their parts, and whose a socket is. Only policy.bpf.c includes
 * it, after policy_text.bpf.h.
 */

#define AF_UNIX 1
#define ADDRESS_BYTES 16

/* ---- whose it is ---- */

ROUTINE u64 track_socket(u64 socket, u64 policy)
{
	struct policy_socket_key key = { .socket = socket, .policy = policy };
	u64 pid_tgid = bpf_get_current_pid_tgid();
	u32 tgid = pid_tgid >> 32;
	struct who_process *process = bpf_map_lookup_elem(&who_processes, &tgid);
	struct policy_owner owner = { .tgid = tgid, .tid = pid_tgid };

	if (process)
		owner.time_ns = process->time_ns;
	if (socket)
		bpf_map_update_elem(&policy_sockets, &key, &owner, BPF_ANY);
	return 0;
}
CARRIER(track_socket, track_socket(a[0], a[1]))

ROUTINE u64 untrack_socket(u64 socket, u64 policy)
{
	struct policy_socket_key key = { .socket = socket, .policy = policy };

	bpf_map_delete_elem(&policy_sockets, &key);
	return 0;
}
CARRIER(untrack_socket, untrack_socket(a[0], a[1]))

static __always_inline void find_owner(struct policy_frame *frame, u64 socket, u64 policy)
{
	struct policy_socket_key key = { .socket = socket, .policy = policy };
	struct policy_owner *owner = bpf_map_lookup_elem(&policy_sockets, &key);

	if (!owner)
		return;
	frame->record.owner_time_ns = owner->time_ns;
	frame->record.owner_tgid = owner->tgid;
}

/* ---- capture ---- */

static __always_inline void fill_ends(struct policy_socket *to, struct sock *sock)
{
	if (to->family == AF_INET) {
		BPF_CORE_READ_INTO(&to->source, sock, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO(&to->destination, sock, __sk_common.skc_daddr);
	} else if (to->family == AF_INET6) {
		BPF_CORE_READ_INTO(&to->source, sock, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&to->destination, sock, __sk_common.skc_v6_daddr);
	} else {
		return;
	}
	to->source_port = BPF_CORE_READ(sock, __sk_common.skc_num);
	to->destination_port = bpf_ntohs(BPF_CORE_READ(sock, __sk_common.skc_dport));
}

/* A struct sock; whose it is, as the policy knows it. */
ROUTINE u64 capture_socket(struct policy_frame *frame, u64 index, u64 address, u64 policy)
{
	struct sock *sock = (struct sock *)address;
	struct policy_socket *to;
	u64 at = find_room(frame, index, sizeof(*to));

	if (!at)
		return 0;
	if (!sock)
		return fail_value(frame, index, BAD_ADDRESS);
	to = (struct policy_socket *)(frame->data + at);
	__builtin_memset(to, 0, sizeof(*to));
	to->cookie = address;
	to->mark = BPF_CORE_READ(sock, sk_mark);
	to->priority = BPF_CORE_READ(sock, sk_priority);
	to->family = BPF_CORE_READ(sock, __sk_common.skc_family);
	to->type = BPF_CORE_READ(sock, sk_type);
	to->protocol = BPF_CORE_READ(sock, sk_protocol);
	to->state = BPF_CORE_READ(sock, __sk_common.skc_state);
	fill_ends(to, sock);
	find_owner(frame, address, policy);
	return keep_bytes(frame, index, at, sizeof(*to));
}
FRAME_CARRIER(capture_socket, capture_socket(frame, a[0], a[1], a[2]))

#define V4_SOURCE 12 /* in the header of IPv4 */
#define V4_DESTINATION 16
#define V4_PROTOCOL 9
#define V6_SOURCE 8
#define V6_DESTINATION 24
#define V6_NEXT 6
#define V6_HEADER 40
#define V6_EXTENSIONS 7 /* at most */

/* Of IPv6: through the extensions, *ret_at behind them; the protocol of what is there. */
static __always_inline u8 skip_extensions(const unsigned char *header, u64 *ret_at)
{
	u64 at = V6_HEADER;
	u8 next = 0, begin[2];

	bpf_probe_read_kernel(&next, sizeof(next), header + V6_NEXT);
	for (u32 i = 0; i < V6_EXTENSIONS; i++) {
		/* Options of a hop, routing, fragment, authentication, options of the destination. */
		if (next != 0 && next != 43 && next != 44 && next != 51 && next != 60)
			break;
		if (bpf_probe_read_kernel(begin, sizeof(begin), header + at) < 0)
			break;
		at += next == 44 ? 8 : next == 51 ? begin[1] * 4 + 8 : begin[1] * 8 + 8;
		next = begin[0];
	}
	*ret_at = at;
	return next;
}

static __always_inline void fill_packet(struct policy_packet *to, const unsigned char *header)
{
	u8 version = 0, protocol = 0;
	u16 ports[2] = { 0 };
	u64 at;

	bpf_probe_read_kernel(&version, sizeof(version), header);
	if (version >> 4 == 4) {
		to->family = AF_INET;
		bpf_probe_read_kernel(&protocol, sizeof(protocol), header + V4_PROTOCOL);
		bpf_probe_read_kernel(to->source, 4, header + V4_SOURCE);
		bpf_probe_read_kernel(to->destination, 4, header + V4_DESTINATION);
		at = (version & 0xf) * 4;
	} else if (version >> 4 == 6) {
		to->family = AF_INET6;
		bpf_probe_read_kernel(to->source, ADDRESS_BYTES, header + V6_SOURCE);
		bpf_probe_read_kernel(to->destination, ADDRESS_BYTES, header + V6_DESTINATION);
		protocol = skip_extensions(header, &at);
	} else {
		return;
	}
	to->protocol = protocol;
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return;
	bpf_probe_read_kernel(ports, sizeof(ports), header + at);
	to->source_port = bpf_ntohs(ports[0]);
	to->destination_port = bpf_ntohs(ports[1]);
}

/* A struct sk_buff. */
ROUTINE u64 capture_packet(struct policy_frame *frame, u64 index, u64 address, u64 policy)
{
	struct sk_buff *skb = (struct sk_buff *)address;
	struct policy_packet *to;
	u64 at = find_room(frame, index, sizeof(*to));

	if (!at)
		return 0;
	if (!skb)
		return fail_value(frame, index, BAD_ADDRESS);
	to = (struct policy_packet *)(frame->data + at);
	__builtin_memset(to, 0, sizeof(*to));
	to->hash = BPF_CORE_READ(skb, hash);
	to->len = BPF_CORE_READ(skb, len);
	to->priority = BPF_CORE_READ(skb, priority);
	to->mark = BPF_CORE_READ(skb, mark);
	fill_packet(to, BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header));
	find_owner(frame, (u64)BPF_CORE_READ(skb, sk), policy);
	return keep_bytes(frame, index, at, sizeof(*to));
}
FRAME_CARRIER(capture_packet, capture_packet(frame, a[0], a[1], a[2]))

/* As the system calls have it. */
struct socket_address {
	u16 family;
	u16 port; /* big endian */
	u8 v4[4];
	u8 v6[ADDRESS_BYTES]; /* behind the number of the flow, which is where the address of IPv4 is */
};
#define UNIX_PATH_AT 2 /* behind the family */
#define UNIX_PATH_MAX 108

static __always_inline s64 read_any(void *to, u32 size, u64 address, bool is_user)
{
	return is_user ? bpf_probe_read_user(to, size, (void *)address)
		       : bpf_probe_read_kernel(to, size, (void *)address);
}

/* A path ends with a NUL; an abstract name begins with one, and the other end says how long it is. */
static __always_inline u64 put_unix_path(struct policy_frame *frame, u64 at, u64 address,
					 bool is_user)
{
	u8 *to = frame->data + at + sizeof(struct policy_address);
	s64 len;

	if (read_any(to, 1, address + UNIX_PATH_AT, is_user) < 0)
		return 0;
	if (*to == 0) {
		len = is_user ? bpf_probe_read_user_str(to + 1, UNIX_PATH_MAX - 1,
							(void *)(address + UNIX_PATH_AT + 1))
			      : bpf_probe_read_kernel_str(to + 1, UNIX_PATH_MAX - 1,
							  (void *)(address + UNIX_PATH_AT + 1));
		return len > 0 ? len : 0;
	}
	len = is_user ? bpf_probe_read_user_str(to, UNIX_PATH_MAX, (void *)(address + UNIX_PATH_AT))
		      : bpf_probe_read_kernel_str(to, UNIX_PATH_MAX,
						  (void *)(address + UNIX_PATH_AT));
	return len > 0 ? len - 1 : 0;
}

static __always_inline u64 put_address(struct policy_frame *frame, u64 index, u64 address,
				       bool is_user)
{
	struct socket_address from = { 0 };
	struct policy_address *to;
	u64 size = 0, at = find_room(frame, index, sizeof(*to) + UNIX_PATH_MAX + 8);

	if (!at)
		return 0;
	if (read_any(&from, 8, address, is_user) < 0)
		return fail_value(frame, index, BAD_ADDRESS);
	to = (struct policy_address *)(frame->data + at);
	__builtin_memset(to, 0, sizeof(*to) + UNIX_PATH_MAX + 4);
	to->family = from.family;
	if (from.family == AF_INET) {
		to->port = bpf_ntohs(from.port);
		__builtin_memcpy(to->address, from.v4, sizeof(from.v4));
	} else if (from.family == AF_INET6) {
		to->port = bpf_ntohs(from.port);
		read_any(to->address, ADDRESS_BYTES, address + 8, is_user);
	} else if (from.family == AF_UNIX) {
		size = put_unix_path(frame, at, address, is_user);
		BOUND(size, UNIX_PATH_MAX);
		to->path_size = size;
		*(u64 *)(frame->data + at + sizeof(*to) + size) = 0;
	}
	return keep_bytes(frame, index, at, sizeof(*to) + size);
}

/* A struct sockaddr. */
ROUTINE u64 capture_address(struct policy_frame *frame, u64 index, u64 address)
{
	return put_address(frame, index, address, false);
}
FRAME_CARRIER(capture_address, capture_address(frame, a[0], a[1]))

ROUTINE u64 capture_user_address(struct policy_frame *frame, u64 index, u64 address)
{
	return put_address(frame, index, address, true);
}
FRAME_CARRIER(capture_user_address, capture_user_address(frame, a[0], a[1]))

ROUTINE u64 capture_any_address(struct policy_frame *frame, u64 index, u64 address)
{
	return IS_KERNEL_ADDRESS(address) ? put_address(frame, index, address, false)
					  : put_address(frame, index, address, true);
}
FRAME_CARRIER(capture_any_address, capture_any_address(frame, a[0], a[1]))

/* ---- tests: `what` is the class in the second byte, enum policy_socket_part in the first ---- */

#define SOCKET_PART(what) ((what)&0xff)
#define SOCKET_CLASS(what) ((what) >> 8)

/* Sockets and packets have their ends at the same places. */
_Static_assert(__builtin_offsetof(struct policy_socket, source) ==
			       __builtin_offsetof(struct policy_packet, source) &&
		       __builtin_offsetof(struct policy_socket, source_port) ==
			       __builtin_offsetof(struct policy_packet, source_port) &&
		       __builtin_offsetof(struct policy_socket, family) ==
			       __builtin_offsetof(struct policy_packet, family),
	       "the ends of policy_socket and policy_packet");

static __always_inline u64 family_of(struct policy_frame *frame, u64 at, u64 what)
{
	if (SOCKET_CLASS(what) == POLICY_CLASS_ADDRESS)
		return ((struct policy_address *)(frame->data + at))->family;
	return ((struct policy_socket *)(frame->data + at))->family;
}

ROUTINE u64 address_is_in(struct policy_frame *frame, u64 index, u64 what, u64 set)
{
	struct policy_network_key key = { 0 };
	u64 at = word_of(frame, index)->place.offset, family, from;

	if (at == 0)
		return ASK_NOTHING;
	at &= FRAME_MASK;
	family = family_of(frame, at, what);
	if (SOCKET_CLASS(what) == POLICY_CLASS_ADDRESS)
		from = __builtin_offsetof(struct policy_address, address);
	else if (SOCKET_PART(what) == POLICY_SOCKET_SOURCE_ADDRESS)
		from = __builtin_offsetof(struct policy_socket, source);
	else
		from = __builtin_offsetof(struct policy_socket, destination);
	if (family == AF_INET) {
		key.bits = 32 + 32;
		key.set = bpf_htonl(set * 2);
	} else if (family == AF_INET6) {
		key.bits = 32 + 128;
		key.set = bpf_htonl(set * 2 + 1);
	} else {
		return ASK_NOTHING;
	}
	bpf_probe_read_kernel(key.address, sizeof(key.address), frame->data + at + from);
	return bpf_map_lookup_elem(&policy_networks, &key) != NULL;
}
FRAME_CARRIER(address_is_in, address_is_in(frame, a[0], a[1], a[2]))

#define NO_PART (~0ull)

/* The number; NO_PART where it has none. */
ROUTINE u64 socket_part(struct policy_frame *frame, u64 index, u64 what)
{
	u64 at = word_of(frame, index)->place.offset;
	u64 class = SOCKET_CLASS(what), part = SOCKET_PART(what);
	struct policy_socket *socket;
	bool is_inet;

	if (at == 0)
		return NO_PART;
	at &= FRAME_MASK;
	socket = (struct policy_socket *)(frame->data + at);
	if (part == POLICY_SOCKET_FAMILY)
		return family_of(frame, at, what);
	if (class == POLICY_CLASS_ADDRESS)
		return part == POLICY_SOCKET_SOURCE_PORT
			       ? ((struct policy_address *)(frame->data + at))->port
			       : NO_PART;
	is_inet = socket->family == AF_INET || socket->family == AF_INET6;
	if (part == POLICY_SOCKET_SOURCE_PORT)
		return is_inet ? socket->source_port : NO_PART;
	if (part == POLICY_SOCKET_DESTINATION_PORT)
		return is_inet ? socket->destination_port : NO_PART;
	if (class == POLICY_CLASS_PACKET)
		return part == POLICY_SOCKET_PROTOCOL
			       ? ((struct policy_packet *)(frame->data + at))->protocol
			       : NO_PART;
	if (part == POLICY_SOCKET_PROTOCOL)
		return socket->protocol;
	return socket->state;
}
FRAME_CARRIER(socket_part, socket_part(frame, a[0], a[1]))

#endif
