// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Addresses that sockets of IPv4 and IPv6 are bound to, seen where the call is left: the socket is behind its descriptor.
 */
#include "gadget.bpf.h"

#include "endpoint.bpf.h"
#include "syscall.bpf.h"

enum bind_options_set : u8 {
	FREEBIND = 1 << 0,
	TRANSPARENT = 1 << 1,
	BIND_ADDRESS_NO_PORT = 1 << 2,
	REUSEADDRESS = 1 << 3,
	REUSEPORT = 1 << 4,
};

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	struct gadget_l4endpoint_t addr;
	gadget_errno error_raw;
	u32 bound_dev_if;
	enum bind_options_set opts_raw;
};

const volatile bool ignore_errors = true;
GADGET_PARAM(ignore_errors);

GADGET_TRACER_MAP(events, 256 * 1024);
GADGET_TRACER(bind, events, event);

/* Bits of inet_sock.inet_flags, since 6.6. */
#define INET_FLAG_FREEBIND 11
#define INET_FLAG_TRANSPARENT 15
#define INET_FLAG_BIND_ADDRESS_NO_PORT 18

static __always_inline u8 options_of(struct sock *sock)
{
	struct inet_sock *inet = (void *)sock;
	struct inet_sock___before_6_6 *before = (void *)sock;
	unsigned long flags;
	u8 options = 0;

	if (bpf_core_field_exists(before->freebind)) {
		options |= BPF_CORE_READ_BITFIELD_PROBED(before, freebind) ? FREEBIND : 0;
		options |= BPF_CORE_READ_BITFIELD_PROBED(before, transparent) ? TRANSPARENT : 0;
		options |= BPF_CORE_READ_BITFIELD_PROBED(before, bind_address_no_port)
				   ? BIND_ADDRESS_NO_PORT
				   : 0;
	} else {
		flags = BPF_CORE_READ(inet, inet_flags);
		options |= flags & 1ul << INET_FLAG_FREEBIND ? FREEBIND : 0;
		options |= flags & 1ul << INET_FLAG_TRANSPARENT ? TRANSPARENT : 0;
		options |= flags & 1ul << INET_FLAG_BIND_ADDRESS_NO_PORT ? BIND_ADDRESS_NO_PORT : 0;
	}
	options |= BPF_CORE_READ_BITFIELD_PROBED(sock, __sk_common.skc_reuse) ? REUSEADDRESS : 0;
	options |= BPF_CORE_READ_BITFIELD_PROBED(sock, __sk_common.skc_reuseport) ? REUSEPORT : 0;
	return options;
}

/* What begins both of them alike. */
struct address {
	u16 family;
	u16 port; /* in network order */
	u32 v4;   /* of IPv6 the flow */
	u8 v6[16];
};

/* A socket that could not be bound has no address: it is told which one was asked for. */
static __always_inline void fill_wanted(struct gadget_l4endpoint_t *endpoint, struct sock *sock,
					u64 address_at)
{
	struct address address = {};
	u16 protocol = BPF_CORE_READ(sock, sk_protocol);

	(void)bpf_probe_read_user(&address, offsetof(struct address, v6), (const void *)address_at);
	if (address.family == AF_INET6) {
		(void)bpf_probe_read_user(&address, sizeof(address), (const void *)address_at);
		__builtin_memcpy(endpoint->addr_raw.v6, address.v6, sizeof(address.v6));
	} else {
		fill_v4(endpoint, address.v4);
	}
	fill_port(endpoint, address.port, protocol, address.family == AF_INET6 ? 6 : 4);
}

SEC("tracepoint/syscalls/sys_exit_bind")
int trace_bind(struct syscall_trace_exit *ctx)
{
	long result = ctx->ret;
	struct event *event;
	struct sock *sock;

	if ((ignore_errors && result < 0) || !is_wanted())
		return 0;
	sock = socket_of(left_argument(0));
	if (!sock || !is_inet(sock))
		return 0;
	event = reserve_record(&events, sizeof(*event));
	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	fill_process(&event->proc);
	if (result < 0)
		fill_wanted(&event->addr, sock, left_argument(1));
	else
		fill_source(&event->addr, sock);
	event->error_raw = result < 0 ? -result : 0;
	event->bound_dev_if = BPF_CORE_READ(sock, __sk_common.skc_bound_dev_if);
	event->opts_raw = options_of(sock);
	submit_record(event);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
