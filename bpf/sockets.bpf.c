/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Whose sockets are: a table from what a packet says of its socket to the process behind it. Packets are seen by programs
 * that run in the middle of nowhere, so it is noted beforehand: when a process binds, listens, connects or sends.
 */
#include "kernel.bpf.h"

#include "bpf/abi/sockets.h"

#define FILE_TYPE_MASK 0170000
#define FILE_TYPE_SOCKET 0140000
#define PF_KERNEL_THREAD 0x00200000
#define DESCRIPTORS_MAX 1048576
#define BINDING_MAX 4096

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SOCKETS_MAX);
	__type(key, struct socket_key);
	__type(value, struct socket_owner);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct sockets_figures);
} sockets_figures SEC(".maps");

/* Tasks on their way through bind(2), with the descriptor. Whoever never comes back is pushed out. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, BINDING_MAX);
	__type(key, u64);
	__type(value, u32);
} sockets_binding SEC(".maps");

static __always_inline struct sockets_figures *figures(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&sockets_figures, &zero);
}

/* ---- what a socket and a task are ------------------------------------------------------------- */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	void *map;
	void *key; /* NULL: that was the last one */
	void *value;
};

struct sock_common___bits {
	unsigned char skc_ipv6only : 1;
	unsigned char skc_net_refcnt : 1;
};

#pragma clang attribute pop

/* A socket of the kernel's own belongs to nobody. */
static __always_inline bool is_kernel_socket(struct sock *sock)
{
	struct sock_common___bits *bits = (void *)sock;

	return bpf_core_field_exists(bits->skc_net_refcnt) &&
	       !BPF_CORE_READ_BITFIELD_PROBED(bits, skc_net_refcnt);
}

static __always_inline u8 state_of(struct sock *sock)
{
	return BPF_CORE_READ(sock, __sk_common.skc_state);
}

/* Requests and sockets that wait for late packets share only the first part with others. */
static __always_inline bool is_whole(struct sock *sock)
{
	u8 state = state_of(sock);

	return state != TCP_TIME_WAIT && state != TCP_NEW_SYN_RECV;
}

/* False: it is no such socket, or has no port (yet). */
static __always_inline bool make_key(struct sock *sock, struct socket_key *key)
{
	struct inet_sock *inet = (struct inet_sock *)sock;
	u16 protocol = BPF_CORE_READ(sock, sk_protocol);

	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return false;
	key->family = BPF_CORE_READ(sock, __sk_common.skc_family);
	if (key->family != AF_INET && key->family != AF_INET6)
		return false;
	key->protocol = (u8)protocol;
	key->port = bpf_ntohs(BPF_CORE_READ(inet, inet_sport));
	key->netns = BPF_CORE_READ(sock, __sk_common.skc_net.net, ns.inum);
	return key->port != 0;
}

static __always_inline void fill_owner(struct socket_owner *owner, struct task_struct *task,
				       struct sock *sock)
{
	struct sock_common___bits *bits = (void *)sock;
	struct task_struct *parent = BPF_CORE_READ(task, real_parent);

	owner->mntns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	owner->pid_tgid = (u64)BPF_CORE_READ(task, tgid) << 32 | (u32)BPF_CORE_READ(task, pid);
	owner->uid_gid = (u64)BPF_CORE_READ(task, cred, gid.val) << 32 |
			 BPF_CORE_READ(task, cred, uid.val);
	BPF_CORE_READ_INTO(&owner->task, task, comm);
	BPF_CORE_READ_INTO(&owner->ptask, parent, comm);
	owner->ppid = BPF_CORE_READ(parent, tgid);
	owner->ptid = BPF_CORE_READ(parent, pid);
	owner->sock = (u64)sock;
	owner->is_listening = state_of(sock) == TCP_LISTEN;
	owner->ipv6only = BPF_CORE_READ_BITFIELD_PROBED(bits, skc_ipv6only);
}

/* ---- entries ---------------------------------------------------------------------------------- */

/* Sockets that were accepted have the port of the one that listens, and stay behind it. */
static __always_inline bool is_settled(const struct socket_owner *known, struct sock *sock,
				       u32 tgid)
{
	if (known->sock == (u64)sock)
		return (u32)(known->pid_tgid >> 32) == tgid &&
		       known->is_listening == (state_of(sock) == TCP_LISTEN);
	return known->is_listening && state_of(sock) != TCP_LISTEN;
}

static __always_inline void put(struct sock *sock, struct task_struct *task,
				const struct socket_key *key, bool is_known)
{
	struct sockets_figures *all = figures();
	struct socket_owner owner = { 0 };

	if (!all || BPF_CORE_READ(task, flags) & PF_KERNEL_THREAD || is_kernel_socket(sock))
		return;
	fill_owner(&owner, task, sock);
	owner.round = all->round;
	if (bpf_map_update_elem(&sockets, key, &owner, BPF_ANY) < 0)
		__sync_fetch_and_add(&all->refused, 1);
	else if (!is_known)
		__sync_fetch_and_add(&all->added, 1);
}

/* Of a socket that several processes have, the one that did something last is told. Nearly always it is known: that is
 * asked before all else. */
static __always_inline void note_current(struct sock *sock)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	const struct socket_owner *known;
	struct socket_key key = { 0 };

	if (!make_key(sock, &key))
		return;
	known = bpf_map_lookup_elem(&sockets, &key);
	if (!known || !is_settled(known, sock, tgid))
		put(sock, (struct task_struct *)bpf_get_current_task(), &key, known);
}

static __always_inline void forget(struct sock *sock)
{
	struct socket_key key = { 0 };
	const struct socket_owner *known;
	struct sockets_figures *all;

	if (!make_key(sock, &key))
		return;
	known = bpf_map_lookup_elem(&sockets, &key);
	all = figures();
	if (!known || !all || known->sock != (u64)sock)
		return;
	if (bpf_map_delete_elem(&sockets, &key) == 0)
		__sync_fetch_and_add(&all->removed, 1);
}

/* ---- sending and connecting ------------------------------------------------------------------- */

/* Both ends are named by now, and nothing has been sent. */
static __always_inline int connecting(struct sock *sock)
{
	note_current(sock);
	return 0;
}

SEC("fentry/tcp_connect")
int BPF_PROG(sockets_connect, struct sock *sock)
{
	return connecting(sock);
}

SEC("kprobe/tcp_connect")
int BPF_KPROBE(sockets_connect_kprobe, struct sock *sock)
{
	return connecting(sock);
}

/* A socket that was not bound has got its port on the way here. */
SEC("fentry/udp_sendmsg")
int BPF_PROG(sockets_send4, struct sock *sock)
{
	return connecting(sock);
}

SEC("kprobe/udp_sendmsg")
int BPF_KPROBE(sockets_send4_kprobe, struct sock *sock)
{
	return connecting(sock);
}

SEC("fentry/udpv6_sendmsg")
int BPF_PROG(sockets_send6, struct sock *sock)
{
	return connecting(sock);
}

SEC("kprobe/udpv6_sendmsg")
int BPF_KPROBE(sockets_send6_kprobe, struct sock *sock)
{
	return connecting(sock);
}

/*
 * FALLBACK: remove when all kernels have kprobes or let programs hang on functions. A packet on its way to a device,
 * before taps see it. UDP is sent by whoever calls, TCP also by soft interrupts in the middle of somebody else's doing;
 * these never send for a socket whose owner is in a call on it.
 */
SEC("tp_btf/net_dev_queue")
int BPF_PROG(sockets_sent, struct sk_buff *skb)
{
	struct sock *sock = skb->sk;

	if (!sock || !is_whole(sock))
		return 0;
	if (BPF_CORE_READ(sock, sk_protocol) == IPPROTO_TCP &&
	    BPF_CORE_READ(sock, sk_lock.owned) == 0)
		return 0;
	note_current(sock);
	return 0;
}

/* ---- listening, and the end of connections ---------------------------------------------------- */

/* The port is still known when a socket is closed; afterwards nobody could say which entry was its. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(sockets_state, const struct sock *socket, const int from, const int to)
{
	struct sock *sock = (struct sock *)socket;

	if (to == TCP_LISTEN)
		note_current(sock);
	else if (to == TCP_CLOSE)
		forget(sock);
	return 0;
}

/* ---- binding ---------------------------------------------------------------------------------- */

static __always_inline int bound(struct socket *socket, int result)
{
	struct sock *sock = BPF_CORE_READ(socket, sk);

	if (result == 0 && sock)
		note_current(sock);
	return 0;
}

SEC("fexit/inet_bind")
int BPF_PROG(sockets_bind4, struct socket *socket, void *address, int len, int result)
{
	return bound(socket, result);
}

SEC("fexit/inet6_bind")
int BPF_PROG(sockets_bind6, struct socket *socket, void *address, int len, int result)
{
	return bound(socket, result);
}

/* FALLBACK: remove when all kernels let programs hang on functions, which arm64 does since 6.4 and some lockdowns never. */
SEC("tracepoint/syscalls/sys_enter_bind")
int sockets_bind_enter(struct syscall_trace_enter *ctx)
{
	u64 task = bpf_get_current_pid_tgid();
	u32 descriptor = (u32)ctx->args[0];

	bpf_map_update_elem(&sockets_binding, &task, &descriptor, BPF_ANY);
	return 0;
}

/* What a descriptor of the current task is, when it is a socket; or NULL. */
static __always_inline struct socket *socket_of(u32 descriptor)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = NULL;

	if (descriptor >= DESCRIPTORS_MAX || descriptor >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), &files[descriptor]);
	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & FILE_TYPE_MASK) != FILE_TYPE_SOCKET)
		return NULL;
	return BPF_CORE_READ(file, private_data);
}

SEC("tracepoint/syscalls/sys_exit_bind")
int sockets_bind_exit(struct syscall_trace_exit *ctx)
{
	u64 task = bpf_get_current_pid_tgid();
	const u32 *descriptor = bpf_map_lookup_elem(&sockets_binding, &task);
	struct socket *socket;

	if (!descriptor)
		return 0;
	socket = socket_of(*descriptor);
	bpf_map_delete_elem(&sockets_binding, &task);
	return socket ? bound(socket, (int)ctx->ret) : 0;
}

/* ---- the end of sockets without connections --------------------------------------------------- */

static __always_inline int released(struct socket *socket)
{
	struct sock *sock = BPF_CORE_READ(socket, sk);

	/* A connection goes on after its last descriptor is closed. */
	if (sock && BPF_CORE_READ(sock, sk_protocol) == IPPROTO_UDP)
		forget(sock);
	return 0;
}

SEC("fentry/inet_release")
int BPF_PROG(sockets_release4, struct socket *socket)
{
	return released(socket);
}

SEC("fentry/inet6_release")
int BPF_PROG(sockets_release6, struct socket *socket)
{
	return released(socket);
}

SEC("kprobe/inet_release")
int BPF_KPROBE(sockets_release4_kprobe, struct socket *socket)
{
	return released(socket);
}

SEC("kprobe/inet6_release")
int BPF_KPROBE(sockets_release6_kprobe, struct socket *socket)
{
	return released(socket);
}

/* ---- those that are there, and those that nobody has any more --------------------------------- */

SEC("iter/task_file")
int sockets_seed(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct sockets_figures *all = figures();
	struct socket_row row = { 0 };
	struct socket_owner *known;
	struct socket *socket;
	struct sock *sock;

	if (!task || !file || !all ||
	    (BPF_CORE_READ(file, f_inode, i_mode) & FILE_TYPE_MASK) != FILE_TYPE_SOCKET)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	sock = BPF_CORE_READ(socket, sk);
	if (!sock || !make_key(sock, &row.key))
		return 0;
	known = bpf_map_lookup_elem(&sockets, &row.key);
	if (known && known->sock == (u64)sock)
		known->round = all->round;
	else if (!known || !is_settled(known, sock, BPF_CORE_READ(task, tgid)))
		put(sock, task, &row.key, known);
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}

/*
 * Run after the one above: what no process has, and what came before this round, is of sockets that are gone. That is
 * needed where nothing tells of the end of UDP sockets.
 */
SEC("iter/bpf_map_elem")
int sockets_prune(struct bpf_iter__bpf_map_elem *ctx)
{
	const struct socket_key *key = ctx->key;
	const struct socket_owner *owner = ctx->value;
	struct sockets_figures *all = figures();
	struct socket_row row = { 0 };

	if (!all)
		return 0;
	if (!key || !owner) {
		all->round++; /* that was the last one */
		return 0;
	}
	if (owner->round == all->round)
		return 0;
	__builtin_memcpy(&row.key, key, sizeof(row.key));
	if (bpf_map_delete_elem(&sockets, &row.key) < 0)
		return 0;
	__sync_fetch_and_add(&all->removed, 1);
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
