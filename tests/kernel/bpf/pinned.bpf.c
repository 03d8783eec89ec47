// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* A map that others may have as well: it is pinned by its name. */
#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} sonde_test_fires_total SEC(".maps");

SEC("uprobe/./trigger:fire")
int BPF_KPROBE(count)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&sonde_test_fires_total, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
