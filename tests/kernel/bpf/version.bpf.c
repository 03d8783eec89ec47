// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Tells which kernel the loader says this is. */
#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern int LINUX_KERNEL_VERSION __kconfig;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u64);
	__type(value, __u64);
} versions_total SEC(".maps");

SEC("uprobe/./trigger:fire")
int BPF_KPROBE(on_fire)
{
	__u64 key = LINUX_KERNEL_VERSION, one = 1;

	bpf_map_update_elem(&versions_total, &key, &one, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
