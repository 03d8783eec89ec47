// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Programs whose place the spec says, not their section alone. */
#include "kernel.bpf.h"

#include "maps.bpf.h"

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	void *map;
	void *key;
	void *value;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u64); /* network namespace, and from bit 32 the direction */
	__type(value, u64);
} packets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, u64);
	__type(value, u64);
} elements SEC(".maps"), fired SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, u32);
} sockets SEC(".maps");

enum { FIRED_SAMPLER, FIRED_MOVED, FIRED_OFF };

SEC("iter/udp")
int dump_udp(struct bpf_iter__udp *ctx)
{
	struct udp_sock *socket = ctx->udp_sk;
	u64 port;

	if (!socket)
		return 0;
	port = BPF_CORE_READ((struct sock *)socket, __sk_common.skc_num);
	bpf_seq_write(ctx->meta->seq, &port, sizeof(port));
	return 0;
}

SEC("iter/bpf_map_elem")
int dump_elements(struct bpf_iter__bpf_map_elem *ctx)
{
	u64 *value = ctx->value;

	if (value)
		bpf_seq_write(ctx->meta->seq, value, sizeof(*value));
	return 0;
}

static int count(struct __sk_buff *skb, u64 direction)
{
	u64 key = skb->cb[0] | direction << 32;

	increment_map(&packets, &key, 1);
	return -1; /* TC_ACT_UNSPEC */
}

SEC("classifier/ingress/main")
int on_ingress(struct __sk_buff *skb)
{
	return count(skb, 0);
}

SEC("classifier/egress/main")
int on_egress(struct __sk_buff *skb)
{
	return count(skb, 1);
}

SEC("sk_skb/stream_verdict")
int on_stream(struct __sk_buff *skb)
{
	return 1; /* SK_PASS */
}

SEC("sk_msg")
int on_message(struct sk_msg_md *message)
{
	return 1;
}

SEC("sockops")
int on_sockops(struct bpf_sock_ops *ops)
{
	return 1;
}

SEC("perf_event/sampler")
int on_sample(void *ctx)
{
	u64 key = FIRED_SAMPLER;

	increment_map(&fired, &key, 1);
	return 0;
}

SEC("raw_tp/a_name_that_is_replaced")
int moved(void *ctx)
{
	u64 key = FIRED_MOVED;

	increment_map(&fired, &key, 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int off(void *ctx)
{
	u64 key = FIRED_OFF;

	increment_map(&fired, &key, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
