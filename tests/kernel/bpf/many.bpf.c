// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Tens of thousands of rows at one call: fire(first, count) writes the keys first .. first+count-1, each with 1. */
#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define ROWS_PER_CALL 2048

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__type(key, __u64);
	__type(value, __u64);
} rows_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} churned_total SEC(".maps");

SEC("uprobe/./trigger:fire")
int BPF_KPROBE(on_fire, __u64 first, __u64 count)
{
	__u64 one = 1;
	__u32 i;

	/* A bounded loop, since bpf_loop() is younger than the oldest kernel. */
	for (i = 0; i < ROWS_PER_CALL; i++) {
		__u64 key = first + i;

		if (i >= count)
			break;
		bpf_map_update_elem(&rows_total, &key, &one, BPF_NOEXIST);
		bpf_map_update_elem(&churned_total, &key, &one, BPF_ANY);
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
