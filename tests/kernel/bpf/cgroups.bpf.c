// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Keeps the cgroup ids that the test fires, and a map that the exporter feeds with the ids of matching cgroups. */
#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, __u64);
} seen_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} wanted SEC(".maps");

/* Rows: 1 for a cgroup that the feed wanted, 2 for another. */
SEC("uprobe/./trigger:fire")
int BPF_KPROBE(on_fire, __u64 what, __u64 id)
{
	__u64 value = bpf_map_lookup_elem(&wanted, &id) ? 1 : 2;

	bpf_map_update_elem(&seen_total, &id, &value, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
