// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Counts calls of post_attach_mark in the exporter itself, and keeps the kernel address that was set before load. */
#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

const volatile __u64 kaddr_do_exit = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u64);
	__type(value, __u64);
} marks_total SEC(".maps");

SEC("uprobe//proc/self/exe:post_attach_mark")
int BPF_KPROBE(on_mark)
{
	__u64 key = kaddr_do_exit, one = 1, *count = bpf_map_lookup_elem(&marks_total, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&marks_total, &key, &one, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
