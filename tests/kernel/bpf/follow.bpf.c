// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Calls of a library that is in containers alone, by cgroup, and packets by the network namespace that is told in cb[0]. */
#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u64);
} marks_total SEC(".maps"), packets_total SEC(".maps");

static void increment(void *map, __u64 key)
{
	__u64 one = 1, *count = bpf_map_lookup_elem(map, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
	else if (bpf_map_update_elem(map, &key, &one, BPF_NOEXIST) < 0) {
		count = bpf_map_lookup_elem(map, &key);
		if (count)
			__sync_fetch_and_add(count, 1);
	}
}

SEC("uprobe/libsonde_follow:follow_mark")
int on_mark(struct pt_regs *ctx)
{
	increment(&marks_total, bpf_get_current_cgroup_id());
	return 0;
}

SEC("socket1")
int on_packet(struct __sk_buff *skb)
{
	increment(&packets_total, skb->cb[0]);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
