// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * How long packets wait in queueing disciplines.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "slots.bpf.h"

#include <gadget/macros.h>

#define QUEUED_MAX 16384

const volatile int ifindex = -1;
GADGET_PARAM(ifindex);

struct row_key {
	u32 device; /* index of the network interface */
};

struct row {
	gadget_histogram_slot__u32 latency[SLOTS];
	u32 __pad;
	u64 latency_sum;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct row_key);
	__type(value, struct row);
} waits SEC(".maps");

GADGET_MAPITER(qdisc, waits);

/* When packets were queued. Those that are dropped give way to others, so nobody has to look at every drop. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, QUEUED_MAX);
	__type(key, u64);
	__type(value, u64);
} queued SEC(".maps");

SEC("tp_btf/qdisc_enqueue")
int BPF_PROG(begin_wait, void *queue, void *device_queue, struct sk_buff *skb)
{
	u64 key = (u64)skb, now = bpf_ktime_get_ns();

	if (ifindex < 0 || BPF_CORE_READ(skb, dev, ifindex) == ifindex)
		bpf_map_update_elem(&queued, &key, &now, BPF_ANY);
	return 0;
}

/* Of several packets that leave together the first one. */
SEC("tp_btf/qdisc_dequeue")
int BPF_PROG(end_wait, void *queue, void *device_queue, int packets, struct sk_buff *skb)
{
	struct row zeros = {}, *row;
	struct row_key key;
	u64 address = (u64)skb, *since, waited;

	if (!skb)
		return 0;
	since = bpf_map_lookup_elem(&queued, &address);
	if (!since)
		return 0;
	waited = (bpf_ktime_get_ns() - *since) / 1000;
	bpf_map_delete_elem(&queued, &address);
	key.device = BPF_CORE_READ(skb, dev, ifindex);
	row = lookup_or_add(&waits, &key, &zeros);
	if (row)
		observe_in_slots(row->latency, &row->latency_sum, waited);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
