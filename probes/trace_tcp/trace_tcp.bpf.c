// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * TCP connections that are made, accepted and closed, by the process that does it. Connecting and closing are changes of a
 * socket's state; accepting is seen where the call is left.
 */
#include "gadget.bpf.h"

#include "endpoint.bpf.h"
#include "syscall.bpf.h"

#define CONNECTING_MAX 8192
#define RESETS_MAX 8192
#define ECONNABORTED 103
#if defined(__TARGET_ARCH_x86)
#define NR_CONNECT 42
#else
#define NR_CONNECT 203
#endif

enum event_type : u8 {
	connect,
	accept,
	close,
};

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	gadget_netns_id netns_id;
	struct gadget_l4endpoint_t src;
	struct gadget_l4endpoint_t dst;
	enum event_type type_raw;
	gadget_errno error_raw;
	s32 fd;
	s32 accept_fd;
};

const volatile bool accept_only = false;
GADGET_PARAM(accept_only);
const volatile bool connect_only = false;
GADGET_PARAM(connect_only);
const volatile bool failure_only = false;
GADGET_PARAM(failure_only);

GADGET_TRACER_MAP(events, 512 * 1024);
GADGET_TRACER(tracetcp, events, event);

struct connecting {
	struct gadget_process proc;
	s32 fd;
};

/* Who began to connect, by socket: what comes of it is seen when a packet arrives, whoever runs then. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CONNECTING_MAX);
	__type(key, u64);
	__type(value, struct connecting);
} connecting SEC(".maps");

/* Connections that a packet has ended, and that nobody has closed yet. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, RESETS_MAX);
	__type(key, u64);
	__type(value, u8);
} resets SEC(".maps");

static __always_inline void fill_socket(struct event *event, struct sock *sock)
{
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	event->netns_id = network_namespace_of(sock);
	fill_endpoints(&event->src, &event->dst, sock);
}

/* ---- connect ----------------------------------------------------------------------------------- */

/* -1: it is another call that connects (sendto() with fast open), or one of a 32-bit program. */
static __always_inline s32 descriptor(void)
{
	if (current_syscall() != NR_CONNECT || is_32_bit_call())
		return -1;
	return left_argument(0);
}

static __always_inline void begin_connect(struct sock *sock)
{
	struct connecting begun = {};
	u64 key = (u64)sock;

	if (accept_only || !is_wanted())
		return;
	fill_process(&begun.proc);
	begun.fd = descriptor();
	if (bpf_map_update_elem(&connecting, &key, &begun, BPF_ANY) != 0)
		gadget_count_loss(&events_lost_samples);
}

/* One that was given up before anything came of it has no error of its own. */
static __always_inline u32 failure_of(struct sock *sock)
{
	u32 error = BPF_CORE_READ(sock, sk_err);

	return error ? error : ECONNABORTED;
}

static __always_inline void end_connect(struct sock *sock, int state)
{
	u64 key = (u64)sock;
	struct connecting *begun = bpf_map_lookup_elem(&connecting, &key);
	bool is_made = state != TCP_CLOSE;
	struct event *event;

	if (!begun)
		return;
	if (!(failure_only && is_made)) {
		event = reserve_record(&events, sizeof(*event));
		if (event) {
			fill_socket(event, sock);
			event->proc = begun->proc;
			event->type_raw = connect;
			event->error_raw = is_made ? 0 : failure_of(sock);
			event->fd = begun->fd;
			event->accept_fd = -1;
			submit_record(event);
		}
	}
	bpf_map_delete_elem(&connecting, &key);
}

/* ---- close ------------------------------------------------------------------------------------- */

static __always_inline void output_close(struct sock *sock)
{
	struct event *event;

	if (!is_wanted())
		return;
	event = reserve_record(&events, sizeof(*event));
	if (!event)
		return;
	fill_socket(event, sock);
	fill_process(&event->proc);
	event->type_raw = close;
	event->error_raw = 0;
	event->fd = event->accept_fd = -1;
	submit_record(event);
}

/* A connection ends for us once: by its own process, which then holds the socket, or by a packet that nobody asked for. */
static __always_inline void begin_close(struct sock *sock)
{
	u64 key = (u64)sock;
	u8 yes = 1;

	if (BPF_CORE_READ(sock, sk_lock.owned))
		output_close(sock);
	else
		bpf_map_update_elem(&resets, &key, &yes, BPF_ANY);
}

static __always_inline bool wants_closes(void)
{
	return !accept_only && !connect_only && !failure_only;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(trace_state, struct sock *sock, int before, int now)
{
	if (BPF_CORE_READ(sock, sk_protocol) != IPPROTO_TCP)
		return 0;
	if (now == TCP_SYN_SENT)
		begin_connect(sock);
	else if (before == TCP_SYN_SENT)
		end_connect(sock, now);
	else if (wants_closes() && (before == TCP_ESTABLISHED || before == TCP_CLOSE_WAIT) &&
		 (now == TCP_FIN_WAIT1 || now == TCP_LAST_ACK || now == TCP_CLOSE))
		begin_close(sock);
	return 0;
}

/* The process closes what a packet has ended before. */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(trace_destroy, struct sock *sock)
{
	u64 key = (u64)sock;

	if (!wants_closes() || bpf_map_delete_elem(&resets, &key) != 0)
		return 0;
	output_close(sock);
	return 0;
}

/* ---- accept ------------------------------------------------------------------------------------ */

static __always_inline int trace_accept(long result)
{
	struct event *event;
	struct sock *sock;

	if (result < 0 || connect_only || failure_only || !is_wanted())
		return 0;
	sock = socket_of(result);
	if (!sock || !is_inet(sock) || BPF_CORE_READ(sock, sk_protocol) != IPPROTO_TCP)
		return 0;
	event = reserve_record(&events, sizeof(*event));
	if (!event)
		return 0;
	fill_socket(event, sock);
	fill_process(&event->proc);
	event->type_raw = accept;
	event->error_raw = 0;
	event->fd = left_argument(0);
	event->accept_fd = result;
	submit_record(event);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_accept")
int trace_accept_call(struct syscall_trace_exit *ctx)
{
	return trace_accept(ctx->ret);
}

SEC("tracepoint/syscalls/sys_exit_accept4")
int trace_accept4_call(struct syscall_trace_exit *ctx)
{
	return trace_accept(ctx->ret);
}

char LICENSE[] SEC("license") = "GPL";
