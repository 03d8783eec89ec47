// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Bytes that processes send and receive over TCP, by connection.
 */
#include "gadget.bpf.h"

#include "maps.bpf.h"

#include "endpoint.bpf.h"

#define ROWS_MAX 10240

struct row_key {
	gadget_mntns_id mntns_id;
	gadget_pid pid;
	gadget_tid tid;
	struct gadget_l4endpoint_t src;
	struct gadget_l4endpoint_t dst;
	gadget_comm comm[TASK_COMM_LEN];
};

struct row {
	gadget_bytes sent_raw;
	gadget_bytes received_raw;
};

const volatile int target_family = -1;
GADGET_PARAM(target_family);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ROWS_MAX);
	__type(key, struct row_key);
	__type(value, struct row);
} connections SEC(".maps");

GADGET_MAPITER(tcp, connections);

/* Since 6.4. */
typedef void (*btf_trace_sock_send_length)(void *data, struct sock *sock, int result, int flags);

static __always_inline u64 current_mount_namespace(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
}

static __always_inline struct row *find_row(struct sock *sock)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();
	struct row_key key = {};
	struct row zeros = {};

	if (!is_inet(sock) || BPF_CORE_READ(sock, sk_protocol) != IPPROTO_TCP || !is_wanted())
		return NULL;
	fill_endpoints(&key.src, &key.dst, sock);
	if (target_family > 0 && key.src.version != target_family)
		return NULL;
	key.mntns_id = current_mount_namespace();
	key.pid = pid_tgid >> 32;
	key.tid = (u32)pid_tgid;
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	return lookup_or_add(&connections, &key, &zeros);
}

static __always_inline int count_sent(struct sock *sock, s64 bytes)
{
	struct row *row = bytes > 0 ? find_row(sock) : NULL;

	if (row)
		__sync_fetch_and_add(&row->sent_raw, bytes);
	return 0;
}

static __always_inline int count_received(struct sock *sock, s64 bytes)
{
	struct row *row = bytes > 0 ? find_row(sock) : NULL;

	if (row)
		__sync_fetch_and_add(&row->received_raw, bytes);
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(on_sent, struct sock *sock, int result)
{
	return count_sent(sock, result);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_received, struct sock *sock, int result)
{
	return count_received(sock, result);
}

/* FALLBACK: remove when the oldest kernel is 6.4. */
SEC("kprobe/tcp_sendmsg")
int BPF_KPROBE(on_sendmsg, struct sock *sock, void *message, u64 bytes)
{
	return count_sent(sock, bytes);
}

SEC("kprobe/tcp_cleanup_rbuf")
int BPF_KPROBE(on_cleanup, struct sock *sock, int bytes)
{
	return count_received(sock, bytes);
}

char LICENSE[] SEC("license") = "GPL";
