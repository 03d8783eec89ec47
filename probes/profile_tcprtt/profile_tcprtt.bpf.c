// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Round-trip times of TCP connections, as the kernel smooths them, once for every segment that is received.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "slots.bpf.h"

#include <gadget/macros.h>

const volatile u16 targ_sport = 0;
GADGET_PARAM(targ_sport);
const volatile u16 targ_dport = 0;
GADGET_PARAM(targ_dport);

struct row_key {
	gadget_netns_id netns_id;
};

struct row {
	gadget_histogram_slot__u32 latency[SLOTS];
	u32 __pad;
	u64 latency_sum;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2048);
	__type(key, struct row_key);
	__type(value, struct row);
} round_trips SEC(".maps");

GADGET_MAPITER(tcprtt, round_trips);

/* Where a connection that is there gets a segment. */
SEC("tp_btf/tcp_probe")
int BPF_PROG(observe_segment, struct sock *sock)
{
	struct inet_sock *inet = (void *)sock;
	struct row zeros = {}, *row;
	struct row_key key;
	u32 us;

	if ((targ_sport && targ_sport != bpf_ntohs(BPF_CORE_READ(inet, inet_sport))) ||
	    (targ_dport && targ_dport != bpf_ntohs(BPF_CORE_READ(sock, __sk_common.skc_dport))))
		return 0;
	us = BPF_CORE_READ((struct tcp_sock *)sock, srtt_us) >> 3;
	key.netns_id = BPF_CORE_READ(sock, __sk_common.skc_net.net, ns.inum);
	row = lookup_or_add(&round_trips, &key, &zeros);
	if (row)
		observe_in_slots(row->latency, &row->latency_sum, us);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
